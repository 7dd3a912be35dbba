"""Soft labels made better by the records: what a classifier makes of a row is its prior, and votes are judged anew.

One round of expectation maximisation. E-step: the label model's rule adds up each row's votes, tempered as ever, and
what a classifier that did not see the row says of it, calibrated. M-step: what each vote says is counted in these rows.
Then offsets give the probabilities the known class shares again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from .._evidence.lookup import every_row
from .._evidence.model import Rows, VoteModel, certain, expected_counts, normalised
from .._evidence.table import PRIOR_VOTES, shrink, sum_of_lf
from .._learning.em import LEAST_Z
from .._learning.gold import anchor_strength
from .._learning.shares import left_to_voted, offsets
from .._utils import TIE, warn_user
from .._votes.codes import Votes
from ._shares import KnownShares, share_offsets
from ._soft_labels import LEAST_PROBABILITY, Floats, Places
from ._training_rows import innermost

if TYPE_CHECKING:
    from .._utils.types import Estimator, VoteMatrix


def check_refinable(
    label_model: Estimator, estimator: Estimator, known: KnownShares | None
) -> None:
    """Raise a ValueError where the soft labels cannot be refined, with the remedy."""
    if known is None:
        raise ValueError(
            "refine='features' needs known class shares: where nobody knows them, a classifier's errors come back as "
            "labels. Give LabelModelClassifier(class_balance=...), gold labels of some rows as y, or "
            "match_shares=[...]; or leave refine=None."
        )
    # What only a LabelModelClassifier learns.
    if not hasattr(innermost(label_model), "voted_prior_"):
        raise ValueError(
            "refine='features' learns anew what a LabelModelClassifier believes of its labeling functions; label_model "
            f"is a {type(innermost(label_model)).__name__}. Pass a LabelModelClassifier, or refine=None."
        )
    if not hasattr(estimator, "predict_proba"):
        raise ValueError(
            f"refine='features' needs probabilities, and {type(estimator).__name__} has no predict_proba. Pass another "
            "estimator (CalibratedClassifierCV adds them to a classifier), or refine=None."
        )


def features_tell(scores: Floats, proba: Floats) -> bool:
    """Whether classifier and votes agree more than on shuffled rows; a warning if not.

    Parameters
    ----------
    scores, proba : ndarray of shape (n_rows, n_classes)
        Of the classifier, on rows that it did not see, and of the votes.
    """
    correlation, error = agreement(normalised(scores.T.copy()).T, proba)
    if correlation > LEAST_Z * error:
        return True
    warn_user(
        "Labels are not refined: out of fold, the probabilities of the classifier and of the votes correlate by "
        f"{correlation:.2g}, which could be chance. X does not tell the classes, or the votes do not. Give features "
        "that do, or pass refine=None."
    )
    return False


def agreement(told: Floats, voted: Floats) -> tuple[float, float]:
    """Correlation of two opinions over all classes, and its standard error were the rows of one shuffled.

    No class need ever lead: with a rare one the same class does in nearly every row. With two classes it is Pearson's,
    and the error 1 / sqrt(n - 1). In general, for centred A and B, the sum of A * B has mean 0 and variance
    sum(A'A * B'B) / (n - 1) over all orders of the rows.

    Parameters
    ----------
    told, voted : ndarray of shape (n_rows, n_classes)

    Returns
    -------
    correlation, error : float
        0 and 1 where one of both says the same of every row, or there is none.
    """
    if not len(told):
        return 0.0, 1.0
    told, voted = told - told.mean(axis=0), voted - voted.mean(axis=0)
    scale = float(np.linalg.norm(told) * np.linalg.norm(voted))
    if scale <= TIE * len(told):
        return 0.0, 1.0
    spread = float(np.sum((told.T @ told) * (voted.T @ voted)))
    return float(np.sum(told * voted)) / scale, np.sqrt(spread / (len(told) - 1)) / scale


def sharpness(scores: Floats, proba: Floats) -> float:
    """The number that scores times it foresee soft labels best by, in the mean log loss.

    A classifier that is held back, as by scikit-learn's default C on many words, is right more often than its
    probabilities say, and one that is not, less often (temperature scaling: Guo, Pleiss, Sun and Weinberger, On
    Calibration of Modern Neural Networks, ICML 2017; here on soft labels).

    Parameters
    ----------
    scores, proba : ndarray of shape (n_rows, n_classes)
        Of the classifier, on rows that it did not see, and of the votes.

    Returns
    -------
    sharpness : float
        In (0, -log(1e-12)): with that, classes whose probabilities differ by a factor of e are as good as told apart.
    """

    def log_loss(factor: float) -> float:
        return -float(np.sum(proba * log_softmax(factor * scores, axis=1)))

    sharpest = -np.log(LEAST_PROBABILITY)
    return float(minimize_scalar(log_loss, bounds=(0, sharpest), method="bounded").x)


def log_prior_of(scores: Floats, shares: Floats) -> Floats:
    """Log P(Y | features) of each row, shape (n_samples, n_classes); the class shares where scores are NaN."""
    told = normalised(scores.T.copy()).T
    told = np.where(np.isnan(told), shares, np.maximum(told, LEAST_PROBABILITY))
    return np.asarray(np.log(told))


def refined(
    label_model: Estimator,
    L: VoteMatrix,
    gold: Places,
    proba: Floats,
    known: KnownShares,
    n_rounds: int,
    choose_rows: Callable[[Floats], Places],
    predict_folds: Callable[[Floats, Places], Floats],
) -> Floats | None:
    """Soft labels after some rounds; None, with a warning, where features tell no classes.

    Parameters
    ----------
    label_model : fitted LabelModelClassifier, or what wraps one
    L : label matrix of n_samples rows
    gold : ndarray of shape (n_samples,)
        Class of each row's gold label; n_classes where there is none.
    proba : ndarray of shape (n_samples, n_classes)
        The soft labels so far.
    known : KnownShares
    n_rounds : int
    choose_rows : function of soft labels to the rows to train on
    predict_folds : function of soft labels and rows to train on to scores of all rows, out of fold
    """
    inner, result = innermost(label_model), None
    model, votes = inner.vote_model_, inner._read_votes(L)
    for _ in range(n_rounds):
        rows = choose_rows(proba)
        scores = predict_folds(proba, rows)
        told = rows[~np.isnan(scores[rows]).any(axis=1)]
        if not features_tell(scores[told], proba[told]):
            break
        scores = scores + share_offsets(known, scores)[0]
        log_prior = log_prior_of(sharpness(scores[told], proba[told]) * scores, known.shares)
        model, proba = refine_once(model, votes, gold, log_prior, known)
        result = proba
    return result


def refine_once(
    model: VoteModel, votes: Votes, gold: Places, log_prior: Floats, known: KnownShares
) -> tuple[VoteModel, Floats]:
    """What votes say by rows of which the classifier's opinion is known, and P(Y | votes, features) of these rows.

    Parameters
    ----------
    model : VoteModel
    votes : Votes
    gold : ndarray of shape (n_samples,)
        Class of each row's gold label; n_classes where there is none.
    log_prior : ndarray of shape (n_samples, n_classes)
        log P(Y | features).
    known : KnownShares

    Returns
    -------
    learned : VoteModel
    proba : ndarray of shape (n_samples, n_classes)
    """
    if not model.prior.known:
        model = replace(model, prior=model.prior.for_all(known.shares, "given"))
    blocks = every_row(model, votes, gold, log_prior)
    counts, rows, _ = expected_counts(model, blocks)
    learned = _learned_anew(model, counts, rows, known.shares)
    learned = replace(learned, offsets=_matching(learned, blocks, known))
    parts = [certain(learned.posterior(block), block.gold) for block in blocks]
    return learned, np.ascontiguousarray(np.hstack(parts).T)


def _learned_anew(model: VoteModel, counts: Floats, rows: Floats, shares: Floats) -> VoteModel:
    """The tables that rows tell, drawn to mu as those of gold labels are; silence is no evidence any more."""
    table, n_lfs = model.table, len(model.table.joint)
    mu = np.maximum(model.mu, model.mu_eps)
    of_votes = mu / sum_of_lf(mu, table.lf, n_lfs)[table.lf]
    voted = sum_of_lf(counts, table.lf, n_lfs)[table.lf]
    frequency = np.maximum(counts.sum(axis=1), 1.0) / rows.sum()
    joint = shrink(counts, mu, anchor_strength(frequency)[:, None], rows)
    with_choice = shrink(counts, of_votes, PRIOR_VOTES, voted)
    log_p = np.log(np.where(table.joint[table.lf][:, None], joint, with_choice))
    return replace(
        model,
        table=replace(table, log_p=log_p),
        prior=model.prior.for_all(shares, "given"),
        offsets=np.zeros_like(model.offsets),
    )


def _matching(model: VoteModel, blocks: list[Rows], known: KnownShares) -> Floats:
    """Offsets of rows with votes that give them what rows without votes leave of the known shares."""
    scores = np.hstack([model.scores(block) for block in blocks])
    voted = np.hstack([block.total for block in blocks]) > 0
    share, left = voted.mean(), known.shares
    if share < 1:
        voteless = normalised(scores[:, ~voted]).mean(axis=1)
        left = left_to_voted(left, voteless, share)
    weight = np.ones(np.count_nonzero(voted))
    return offsets([(scores[:, voted], weight)], left, known.n_labels)
