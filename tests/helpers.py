"""Votes and reference formulae that several test modules share."""

from pathlib import Path

import numpy as np
from numpy.testing import assert_allclose

from sklearn_labelmodel._learning.observed import observe, with_classes
from sklearn_labelmodel._votes.codes import no_gold
from sklearn_labelmodel._votes.gold import read_gold
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


def make_observed(L, n_classes, gold=None):
    """What is observed of votes, unlabelled or with gold labels."""
    votes = read_votes(L)
    labels = no_gold(votes.n_samples) if gold is None else read_gold(gold, votes.n_samples)
    return with_classes(observe(votes, labels, by_pairs=True), np.arange(n_classes))


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


def tempered_posterior_by_formula(model, L, group=()):
    """P(Y | votes) by the vote model's rule, one row and one vote at a time; LFs of the group copy each other."""
    learned, proba = model.vote_model_, []
    symbols = zip(model.symbols_.tolist(), model.vote_evidence_, model.vote_weights_, strict=True)
    symbols = list(symbols)
    for row in L:
        scores, total = np.log(learned.prior.of_voted), 0.0
        for (lf, vote), evidence, weight in symbols:
            if row[lf] == vote:
                counts = weight / sum(row[list(group)] == vote) if lf in group else weight
                scores = scores + counts * evidence
                total += counts
        if total:
            scores = scores / max(total, 1.0) ** learned.tempering + learned.offsets
        else:
            scores = np.log(model.voteless_prior_)
        proba.append(np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum())
    return np.array(proba)


def assert_same_model(one, other, rtol=1e-9):
    assert_allclose(one.mu_, other.mu_, rtol=rtol)
    assert_allclose(one.class_prior_, other.class_prior_, rtol=rtol)
    assert one.classes_.tolist() == other.classes_.tolist()
    assert one.symbols_.tolist() == other.symbols_.tolist()


def fitted_state(model):
    """Copies of everything that fit stored."""
    return {name: np.copy(value) for name, value in vars(model).items() if name.endswith("_")}
