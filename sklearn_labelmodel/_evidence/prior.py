"""The class prior that users give, or that gold labels taken at their word say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._utils import listed_values, plain
from .._votes.gold import GoldCounts


def resolve_class_prior(
    class_balance: Any, classes: NDArray[Any], gold_rows: NDArray[Any] | None
) -> NDArray[np.float64]:
    """P(Y): the given class balance, else the gold labels' shares, else uniform.

    Parameters
    ----------
    class_balance : array-like of shape (n_classes,), mapping of class to share, or None
    classes : ndarray of shape (n_classes,)
    gold_rows : ndarray of shape (n_classes,) or None
        Labelled rows of each class.

    Returns
    -------
    class_prior : ndarray of shape (n_classes,)
        Positive, adding up to 1.

    Raises
    ------
    ValueError
        Wrong length, unknown or missing class, negative or zero share, a sum other than 1.
    """
    if class_balance is not None:
        return _given_balance(class_balance, classes)
    if gold_rows is None or not gold_rows.sum():
        return np.full(len(classes), 1.0 / len(classes))
    return _positive(gold_rows / gold_rows.sum(), classes, "among the gold labels")


def _given_balance(class_balance: Any, classes: NDArray[Any]) -> NDArray[np.float64]:
    if hasattr(class_balance, "to_dict") and class_balance.index.tolist() != list(
        range(len(classes))
    ):
        class_balance = class_balance.to_dict()
    if isinstance(class_balance, Mapping):
        class_balance = _ordered_shares(class_balance, classes)
    try:
        shares = np.asarray(class_balance, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"class_balance holds something that is no number: {error}.") from None
    if shares.shape != (len(classes),):
        raise ValueError(
            f"class_balance has shape {shares.shape}; it needs one share for each of the "
            f"{len(classes)} classes {listed_values(classes)}."
        )
    if not np.isfinite(shares).all() or (shares < 0).any():
        raise ValueError(f"class_balance has a negative or not finite share: {shares.tolist()}.")
    if abs(shares.sum() - 1.0) > 1e-6:
        raise ValueError(
            f"class_balance sums to {shares.sum():.6g}, not 1; divide the shares by their sum."
        )
    return _positive(shares, classes, "in class_balance")


def _ordered_shares(class_balance: Mapping[Any, float], classes: NDArray[Any]) -> list[float]:
    labels = classes.tolist()
    unknown = [label for label in class_balance if label not in labels]
    missing = [label for label in labels if label not in class_balance]
    if unknown or missing:
        fault = (
            f"names {unknown[0]!r}, which is" if unknown else f"lacks {missing[0]!r}, which is one"
        )
        remedy = " Name all classes (`classes`) if there are more." if unknown else ""
        raise ValueError(
            f"class_balance {fault} {'none ' if unknown else ''}of the classes {listed_values(classes)}.{remedy}"
        )
    return [class_balance[label] for label in labels]


def _positive(prior: NDArray[np.float64], classes: NDArray[Any], where: str) -> NDArray[np.float64]:
    zero = np.flatnonzero(prior == 0)
    if len(zero):
        raise ValueError(
            f"The class {plain(classes[zero[0]])!r} has prior 0 {where}. Give it a small positive "
            "share with `class_balance`, or leave it out of `classes`."
        )
    return prior


@dataclass(frozen=True)
class KnownPrior:
    """How frequent the classes are.

    Attributes
    ----------
    prior : ndarray of shape (n_classes,)
        P(Y).
    voted : ClassShares
        P(Y | the row has a vote).
    """

    prior: NDArray[np.float64]
    voted: ClassShares


def given_prior(
    class_balance: ArrayLike | Mapping[Any, float] | str | None,
    use_of_gold: str,
    classes: NDArray[Any],
    gold: GoldCounts,
) -> KnownPrior | None:
    """What parameters say, or labels taken at their word; None where neither does.

    Parameters
    ----------
    class_balance, use_of_gold
        `class_balance` and `gold` of LabelModelClassifier.
    classes : ndarray of shape (n_classes,)
    gold : GoldCounts
    """
    if isinstance(class_balance, str):
        return None
    if class_balance is not None:
        prior = resolve_class_prior(class_balance, classes, None)
        return KnownPrior(prior, ClassShares(prior))
    if use_of_gold == "prior" and gold.rows.any():
        prior = resolve_class_prior(None, classes, gold.rows)
        shares = smoothed_shares(gold.rows - gold.voteless, prior)
        return KnownPrior(prior, ClassShares(shares, float(gold.rows.sum())))
    return None


def told_prior(
    gold: GoldCounts, center: NDArray[np.float64], n_samples: int, voted_share: float
) -> KnownPrior:
    """What labels tell, where the votes alone say `center`.

    Parameters
    ----------
    gold : GoldCounts
    center : ndarray of shape (n_classes,)
    n_samples : int
    voted_share : float
        Share of the rows that have a vote.
    """
    prior = anchored_prior(gold.rows, center, n_samples)
    voted = gold.rows - gold.voteless
    if not voted.any():
        return KnownPrior(prior, ClassShares(prior, float(gold.rows.sum())))
    shares = anchored_prior(voted, center, max(n_samples * voted_share, voted.sum()))
    return KnownPrior(prior, ClassShares(shares, float(voted.sum())))


MOST_PRIOR_ROWS, ROW_SHARE = 100.0, 0.5


def smoothed_shares(
    gold_rows: NDArray[np.float64], center: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The gold labels' shares with half a row for each class added, in the shares of `center`."""
    added = ROW_SHARE * len(center)
    return (gold_rows + added * center) / (gold_rows.sum() + added)


def anchored_prior(
    gold_rows: NDArray[np.float64], center: NDArray[np.float64], n_samples: float
) -> NDArray[np.float64]:
    """The gold labels' shares, drawn to `center` as far as chance explains that they differ from it.

    `center` weighs min(1, 2 (k - 1) / chi2, 100 / labels) times the unlabelled share of the rows, with chi2 the
    statistic of Pearson's test of the labels against it: few labels that do not contradict it change little, many
    labels, and labels of all rows, give their shares. Half a row for each class is added to the labels.

    Parameters
    ----------
    gold_rows, center : ndarray of shape (n_classes,)
        Labelled rows of each class; positive shares.
    n_samples : float
        Rows, labelled or not.

    Returns
    -------
    prior : ndarray of shape (n_classes,)
        Positive, adding up to 1.

    References
    ----------
    B. Efron, C. Morris. Stein's Estimation Rule and Its Competitors: An Empirical Bayes Approach. Journal of the
    American Statistical Association 68(341), 1973.
    """
    n_labels = gold_rows.sum()
    expected = n_labels * center
    chi2 = ((gold_rows - expected) ** 2 / np.maximum(expected, 0.5)).sum()
    chance = min(1.0, 2 * (len(center) - 1) / max(chi2, 1e-12), MOST_PRIOR_ROWS / n_labels)
    weight = chance * (1 - n_labels / n_samples)
    prior = (1 - weight) * smoothed_shares(gold_rows, center) + weight * center
    return np.asarray(prior / prior.sum())


@dataclass(frozen=True)
class ClassShares:
    """How frequent the classes are known to be.

    Attributes
    ----------
    shares : ndarray of shape (n_classes,)
        Positive, adding up to 1.
    n_labels : float, default=inf
        Labelled rows that they were counted from; infinitely many where they are given.
    """

    shares: NDArray[np.float64]
    n_labels: float = np.inf
