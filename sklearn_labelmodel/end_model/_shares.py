"""Class shares that are known, and offsets that give predictions these shares."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import check_cv
from sklearn.utils import _safe_indexing, indexable

from .._evidence.told import given_prior
from .._utils import TIE, quoted, warn_user
from .._votes.codes import GoldLabels, class_index
from ._soft_labels import Floats, Places, Training, takes_probabilities
from ._training_rows import N_FOLDS, innermost

if TYPE_CHECKING:
    from .._utils.types import ClassBalance, CrossValidator, Estimator, LabelsLike, RecordsLike

# Damped steps: at most so many, the first of them so long.
MOST_STEPS, FIRST_STEP = 500, 0.5
# Rows of a class without which folds say nothing of it.
FEWEST_ROWS = 5


class KnownShares(NamedTuple):
    """Class shares that somebody knows.

    Attributes
    ----------
    shares : ndarray of shape (n_classes,)
        Adding up to 1.
    n_labels : float
        The number of labels that they were counted from; infinite where they were given.
    """

    shares: Floats
    n_labels: float


def known_shares(
    match_shares: ClassBalance | None,
    label_model: Estimator,
    gold: GoldLabels,
    classes: NDArray[Any],
) -> KnownShares | None:
    """Class shares that somebody knows; None: nobody does, or they are not to be matched.

    What a label model estimates from votes is no knowledge. Labels of all rows leave nothing to correct, and those of a
    single class say nothing of the others.

    Parameters
    ----------
    match_shares : "auto", None, array-like of shape (n_classes,) or mapping of class to share
    label_model : fitted label model
    gold : GoldLabels
    classes : ndarray of shape (n_classes,)

    Raises
    ------
    ValueError
        Shares in `match_shares` that do not suit the classes.
    """
    if match_shares is None or len(classes) < 2:
        return None
    automatic = isinstance(match_shares, str)
    inner = innermost(label_model)
    given = getattr(inner, "class_balance", None) if automatic else match_shares
    if given is not None and not isinstance(given, str):
        try:
            return KnownShares(given_prior(given, classes).of_all, np.inf)
        except ValueError as error:
            raise ValueError(str(error).replace("class_balance", "match_shares")) from None
    if getattr(inner, "gold", "anchor") == "ignore" or gold.complete or len(gold.values) < 2:
        return None
    # Half a label of each class is added.
    labels = class_index(gold.values, classes)[gold.codes[gold.codes < len(gold.values)]]
    counts = np.bincount(labels, minlength=len(classes)) + 0.5
    return KnownShares(counts / counts.sum(), gold.n_labelled)


def can_match(estimator: Estimator, labels: str, match_shares: ClassBalance | None) -> bool:
    """Whether the estimator scores classes; where not, a warning, or an error where shares were asked for."""
    native = takes_probabilities(estimator, labels)
    if native or any(hasattr(estimator, name) for name in ("predict_proba", "decision_function")):
        return True
    lacks = f"{type(estimator).__name__} has neither predict_proba nor decision_function"
    if not isinstance(match_shares, str):
        raise ValueError(
            f"match_shares needs scores of the classes, and {lacks}. Pass another estimator, or match_shares=None."
        )
    warn_user(
        f"Class shares are known but not matched: {lacks}. Pass another estimator, or match_shares=None to do "
        "without."
    )
    return False


def share_offsets(known: KnownShares, scores: Floats) -> tuple[Floats, Floats]:
    """Offsets of the scores of rows that did not train, and the shares that they aim at.

    Parameters
    ----------
    known : KnownShares
    scores : ndarray of shape (n_samples, n_classes)
        NaN where no fold holds the row out; such rows do not count.

    Returns
    -------
    offsets, target : ndarray of shape (n_classes,)
    """
    scores = scores[~np.isnan(scores).any(axis=1)]
    target = within_chance(known.shares, shares_of(scores), known.n_labels)
    return matching_offsets(scores, target), target


def warn_of_scarce_class(
    proba: Floats, rows: Places, classes: NDArray[Any], *, hard: bool, refines: bool
) -> bool:
    """Whether a class has too few training rows for folds; a warning names it.

    Parameters
    ----------
    proba : ndarray of shape (n_samples, n_classes)
        Soft labels. Rows of a class are the sum of its probabilities, or for hard labels the rows that it leads.
    rows : ndarray of shape (n_rows,)
        Those that the estimator is trained on.
    classes : ndarray of shape (n_classes,)
    hard, refines : bool
        Whether estimators are trained on hard labels, and whether labels were to be refined.
    """
    labels = proba[rows]
    counts = shares_of(labels) * len(rows) if hard else labels.sum(axis=0)
    fewest = int(np.argmin(counts))
    if counts[fewest] >= FEWEST_ROWS:
        return False
    undone = "matched, nor labels refined" if refines else "matched"
    warn_user(
        f"Class shares are known but not {undone}: the class {quoted(classes[fewest])} has only "
        f"{counts[fewest]:.2g} of {len(rows)} rows to train on, and folds need {FEWEST_ROWS} of every class. Give more "
        "records or more votes for it, or pass match_shares=None to do without."
    )
    return True


def out_of_fold_scores(
    training: Training,
    X: RecordsLike,
    proba: Floats,
    rows: Places,
    cv: CrossValidator,
    groups: LabelsLike | None = None,
) -> Floats:
    """Scores of all rows by estimators that were trained without them.

    Parameters
    ----------
    training : Training
    X : n_samples records
    proba : ndarray of shape (n_samples, n_classes)
        Soft labels.
    rows : ndarray of shape (n_rows,)
        Those that may be trained on; all are scored.
    cv : int, splitter or iterable of (train, test)
        A number makes folds of consecutive rows of each most probable class.
    groups : array-like of shape (n_samples,) or None
        For splitters that take them.

    Returns
    -------
    scores : ndarray of shape (n_samples, n_classes)
        NaN in rows that no fold holds out.
    """
    X, may_train = indexable(X)[0], np.isin(np.arange(len(proba)), rows)
    scores = np.full(proba.shape, np.nan)
    leading = np.argmax(proba, axis=1)
    if cv is None or isinstance(cv, Integral):
        cv = _consecutive_folds(leading, int(cv or N_FOLDS))
    for train, test in check_cv(cv, leading, classifier=True).split(X, leading, groups):
        # Of rows splitters may give a mask.
        fold_rows = np.arange(len(proba))[train]
        trained = training.fit(X, proba, fold_rows[may_train[fold_rows]])
        scores[test] = trained.scores(_safe_indexing(X, test))
    return scores


def _consecutive_folds(codes: Places, n_folds: int) -> list[tuple[Places, Places]]:
    """Rows outside and inside each fold: an equal part of each code's rows, in their order.

    Rows that follow each other may be much alike (of one source, or nearly repeated), so they stay together. As
    scikit-learn's stratified folds, but codes with fewer rows than folds are no reason to warn.
    """
    fold = np.empty(len(codes), dtype=np.intp)
    for rows in (np.flatnonzero(codes == code) for code in np.unique(codes)):
        fold[rows] = np.arange(len(rows)) * n_folds // len(rows)
    return [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in np.unique(fold)]


# Offsets ------------------------------------------------------------------------------------------


def shares_of(scores: Floats) -> Floats:
    """Share of the rows in which each class has the highest score; classes that tie share a row.

    Parameters
    ----------
    scores : ndarray of shape (n_samples, n_classes)

    Returns
    -------
    shares : ndarray of shape (n_classes,)
        In [0, 1], adding up to 1.
    """
    leading = scores >= scores.max(axis=1, keepdims=True) - TIE
    return np.asarray((leading / leading.sum(axis=1, keepdims=True)).mean(axis=0))


def within_chance(known: Floats, predicted: Floats, n_labels: float) -> Floats:
    """Known shares, moved towards those predicted by at most one standard error of each.

    Shares counted from few labels are uncertain; where predictions are within that uncertainty, they stay.

    Parameters
    ----------
    known, predicted : ndarray of shape (n_classes,)
        Adding up to 1.
    n_labels : float
        Labels that `known` was counted from; infinitely many where it is given.

    Returns
    -------
    target : ndarray of shape (n_classes,)
        Positive, adding up to 1.
    """
    error = np.sqrt(known * (1 - known) / (n_labels + len(known)))
    target = known + np.clip(predicted - known, -error, error)
    return np.asarray(target / target.sum())


def matching_offsets(scores: Floats, target: Floats) -> Floats:
    """Numbers that, added to the scores of each class, give the classes with the highest score the target's shares.

    As near as it goes: rows with equal scores cannot be told apart.

    Parameters
    ----------
    scores : ndarray of shape (n_samples, n_classes)
        Finite, such as logarithms of probabilities.
    target : ndarray of shape (n_classes,)
        Adding up to 1.

    Returns
    -------
    offsets : ndarray of shape (n_classes,)
        With mean 0.
    """
    if scores.shape[1] == 2:
        margin = scores[:, 1] - scores[:, 0]
        return _threshold(margin, target[1]) * np.array([0.5, -0.5])
    return _stepwise_offsets(scores, target)


def _threshold(margin: Floats, share: float) -> float:
    """What a share of the margins is above: in the middle between two of them, and of equally good ones the least."""
    values, counts = np.unique(np.round(margin, 9), return_counts=True)
    middles = (values[1:] + values[:-1]) / 2
    # Beyond the ends by 1, and 0 itself, where ties are shared.
    thresholds = np.concatenate([[values[0] - 1], middles, [values[-1] + 1], [0.0]])
    below_zero = counts[values < 0].sum() + counts[values == 0].sum() / 2
    below = np.concatenate([[0], np.cumsum(counts), [below_zero]])
    miss = np.abs(1 - below / len(margin) - share)
    best = np.flatnonzero(miss <= miss.min() + TIE)
    return float(thresholds[best[np.argmin(np.abs(thresholds[best]))]])


def _stepwise_offsets(scores: Floats, target: Floats) -> Floats:
    """Damped steps towards the target from 0; of all offsets on the way, those with the nearest shares."""
    half_a_row = 0.5 / len(scores)
    offsets = np.zeros(scores.shape[1])
    best, least = offsets, np.inf
    for step in range(MOST_STEPS):
        shares = shares_of(scores + offsets)
        miss = np.abs(shares - target).sum()
        if miss < least - TIE:
            best, least = offsets, miss
        if least <= 2 * half_a_row:
            break
        damped = FIRST_STEP / (1 + step / 20)
        offsets = offsets + damped * np.log((target + half_a_row) / (shares + half_a_row))
        offsets = offsets - offsets.mean()
    return best
