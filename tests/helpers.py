"""Votes and reference formulae that several test modules share."""

from pathlib import Path

import numpy as np
from numpy.testing import assert_allclose

from sklearn_labelmodel._learning.observed import RefinementProblem
from sklearn_labelmodel._votes.classes import class_index
from sklearn_labelmodel._votes.gold import no_gold
from sklearn_labelmodel._votes.pairs import count_votes
from sklearn_labelmodel._votes.reader import read_votes

REFERENCE = Path(__file__).parent / "reference"
FEW_EPOCHS = {"n_epochs": 5}


def make_votes(n_samples=200, n_lfs=5, n_classes=2, *, accuracy=0.75, coverage=0.7, seed=0):
    """Votes of LFs that err independently, abstains as -1, and the true classes."""
    rng = np.random.default_rng(seed)
    y = rng.integers(n_classes, size=n_samples)
    y[:n_classes] = np.arange(n_classes)
    wrong = (y[:, None] + rng.integers(1, n_classes, (n_samples, n_lfs))) % n_classes
    L = np.where(rng.random((n_samples, n_lfs)) < accuracy, y[:, None], wrong)
    L[rng.random(L.shape) > coverage] = -1
    L.flags.writeable = y.flags.writeable = False
    return L, y


def make_problem(L, n_classes, precision=0.7):
    """What refinement knows of unlabelled votes."""
    votes = read_votes(L)
    statistics = count_votes(votes, no_gold(votes.n_samples))
    symbol_class = class_index(statistics.vote, np.arange(n_classes))
    precisions = np.broadcast_to(precision, votes.n_lfs).astype(float)
    return RefinementProblem(votes, statistics, symbol_class, precisions, n_classes)


def posterior_by_formula(model, L):
    """P(Y | votes) where votes are independent, one row and one vote at a time."""
    proba = []
    for row in L:
        joint = model.class_prior_.copy()
        for symbol, mu in zip(model.symbols_, model.mu_, strict=True):
            if row[symbol["lf"]] == symbol["vote"]:
                joint *= mu
        proba.append(joint / joint.sum())
    return np.array(proba)


def tempered_posterior_by_formula(model, L, tempering, group=(), known_prior=None):
    """P(Y | votes) where LFs err together, one row and one vote at a time; LFs of the group copy each other."""
    learned = known_prior is None
    proba, inside = [], 0.75 * np.log(model.voted_prior_) if learned else np.log(known_prior)
    symbols = zip(model.symbols_.tolist(), model.vote_evidence_, model.vote_weights_, strict=True)
    symbols = list(symbols)
    for row in L:
        joint, total = np.zeros(len(model.classes_)), 0.0
        for (lf, vote), evidence, weight in symbols:
            if row[lf] == vote:
                counts = weight / sum(row[list(group)] == vote) if lf in group else weight
                joint += counts * evidence
                total += counts
        if total:
            joint = (
                np.log(model.voted_prior_)
                - inside
                + (inside + joint) / max(total, 1.0) ** tempering
            )
        else:
            joint = np.log(model.voteless_prior_)
        proba.append(np.exp(joint - joint.max()) / np.exp(joint - joint.max()).sum())
    return np.array(proba)


def assert_same_model(one, other, rtol=1e-9):
    assert_allclose(one.mu_, other.mu_, rtol=rtol)
    assert_allclose(one.class_prior_, other.class_prior_, rtol=rtol)
    assert one.classes_.tolist() == other.classes_.tolist()
    assert one.symbols_.tolist() == other.symbols_.tolist()


def fitted_state(model):
    """Copies of everything that fit stored."""
    return {name: np.copy(value) for name, value in vars(model).items() if name.endswith("_")}
