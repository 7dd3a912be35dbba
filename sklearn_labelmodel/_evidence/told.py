"""What users tell before anything is learned: class shares, gold labels, labeling functions that copy each other."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from .._utils import listed_values, quoted
from .._votes.containers import columns_by_name
from .._votes.gold import GoldCounts
from .._votes.pairs import symbols_by_vote
from .model import ClassPrior, Dependence, groups_of
from .table import shrink

if TYPE_CHECKING:
    from .._utils.types import ClassBalance

# Labelled rows that a prior which labels do not contradict is worth at most beside them.
MOST_PRIOR_ROWS = 100.0
# Rows of each class that are added to labelled ones.
ROW_SHARE = 0.5


def given_prior(class_balance: ClassBalance, classes: NDArray[Any]) -> ClassPrior:
    """The shares that the user gives.

    Parameters
    ----------
    class_balance : array-like of shape (n_classes,) or mapping of class to share
    classes : ndarray of shape (n_classes,)

    Raises
    ------
    ValueError
        Wrong length, unknown or missing class, negative or zero share, a sum other than 1.
    """
    return ClassPrior.given(_given_balance(class_balance, classes))


def counted_prior(gold: GoldCounts, classes: NDArray[Any]) -> ClassPrior:
    """The gold labels' shares, taken at their word.

    Raises
    ------
    ValueError
        A class without a label.
    """
    shares = _positive(gold.rows / gold.rows.sum(), classes, "among the gold labels")
    voted = smoothed_shares(gold.rows - gold.voteless, shares)
    return ClassPrior(shares, voted, shares, "labels", float(gold.rows.sum()))


def told_prior(
    gold: GoldCounts, prior: ClassPrior, n_samples: float, voted_share: float
) -> ClassPrior:
    """What labels tell beside a class prior: of rows with votes, and of all rows where it is not given.

    Parameters
    ----------
    gold : GoldCounts
        With at least one label.
    prior : ClassPrior
        Given, or what the votes alone say (`of_voted`).
    n_samples : float
    voted_share : float
        Share of the rows that have a vote.
    """
    given = prior.source == "given"
    center = prior.of_all if given else prior.of_voted
    shares = drawn_shares(gold.rows, center, n_samples)
    voted, n_labels = gold.rows - gold.voteless, float(gold.rows.sum())
    of_voted = shares
    if voted.any():
        rows = max(n_samples * voted_share, float(voted.sum()))
        of_voted, n_labels = drawn_shares(voted, center, rows), float(voted.sum())
    if given:
        # Few labels must not make what is given less certain.
        return replace(prior, of_voted=of_voted)
    return ClassPrior(shares, of_voted, shares, "labels", n_labels)


def smoothed_shares(
    gold_rows: NDArray[np.float64], center: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The gold labels' shares with half a row for each class added, in the shares of `center`."""
    return shrink(gold_rows, center, ROW_SHARE * len(center), gold_rows.sum())


def drawn_shares(
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


# Shares as users write them ----------------------------------------------------------------------


def _given_balance(class_balance: ClassBalance, classes: NDArray[Any]) -> NDArray[np.float64]:
    index: Any = getattr(class_balance, "index", None)
    if hasattr(class_balance, "to_dict") and index.tolist() != list(range(len(classes))):
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
        raise ValueError(
            f"class_balance has a negative or not finite share: {listed_values(shares)}."
        )
    if abs(shares.sum() - 1.0) > 1e-6:
        raise ValueError(
            f"class_balance sums to {shares.sum():.6g}, not 1; divide the shares by their sum."
        )
    return _positive(shares, classes, "in class_balance")


def _ordered_shares(class_balance: Mapping[Hashable, float], classes: NDArray[Any]) -> list[float]:
    labels = classes.tolist()
    unknown = [label for label in class_balance if label not in labels]
    missing = [label for label in labels if label not in class_balance]
    if unknown or missing:
        fault = (
            f"names {quoted(unknown[0])}, which is"
            if unknown
            else f"lacks {quoted(missing[0])}, which is one"
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
            f"The class {quoted(classes[zero[0]])} has prior 0 {where}. Give it a small positive "
            "share with `class_balance`, or leave it out of `classes`."
        )
    return prior


# Dependence ---------------------------------------------------------------------------------------


def declared(
    pairs: NDArray[np.intp], lf: NDArray[np.intp], vote: NDArray[Any], n_lfs: int
) -> Dependence:
    """LFs that copy each other as the user says: where they agree they count as one.

    Parameters
    ----------
    pairs : ndarray of shape (n_pairs, 2)
    lf, vote : ndarray of shape (n_symbols,)
    n_lfs : int
    """
    in_full = np.ones(len(lf))
    if not len(pairs):
        return Dependence(in_full)
    likeness = symbol_likeness(groups_of(pairs, n_lfs), lf, vote)
    return Dependence(in_full, pairs, likeness, apart=pairs)


def resolve_pairs(
    dependencies: Iterable[Sequence[Hashable]], n_lfs: int, names: NDArray[np.object_] | None
) -> NDArray[np.intp]:
    """The columns of declared pairs of LFs.

    Parameters
    ----------
    dependencies : iterable of pairs
        Each of two LFs, by name or column. Where a name is a whole number, whole numbers are names.
    n_lfs : int
    names : ndarray of shape (n_lfs,) or None

    Returns
    -------
    pairs : ndarray of shape (n_pairs, 2)

    Raises
    ------
    ValueError
        What is no pair, an LF that does not exist, an LF paired with itself.
    """
    if isinstance(dependencies, str) or not hasattr(dependencies, "__iter__"):
        raise ValueError(
            f"dependencies is {quoted(dependencies)}; it must be 'auto', None or pairs of LFs such as "
            '[("lf_a", "lf_b")].'
        )
    given = [_as_pair(pair) for pair in dependencies]
    column = columns_by_name(names, chain.from_iterable(given), "dependencies")
    pairs = [_resolve_pair(pair, column, n_lfs) for pair in given]
    return np.array(pairs, dtype=np.intp).reshape(-1, 2)


def _as_pair(pair: Sequence[Hashable]) -> Sequence[Hashable]:
    if isinstance(pair, str) or not hasattr(pair, "__len__") or len(pair) != 2:
        raise ValueError(f"dependencies holds {quoted(pair)}, which is no pair of LFs.")
    return pair


def _resolve_pair(
    pair: Sequence[Hashable], column: dict[Hashable, int], n_lfs: int
) -> tuple[int, int]:
    first, second = (_resolve_lf(lf, column, n_lfs) for lf in pair)
    if first == second:
        raise ValueError(
            f"dependencies holds {quoted(pair)}, an LF paired with itself; leave it out."
        )
    return first, second


def _resolve_lf(lf: Hashable, column: dict[Hashable, int], n_lfs: int) -> int:
    if isinstance(lf, Hashable) and lf in column:
        return column[lf]
    numbered = any(map(_is_whole, column))
    if _is_whole(lf) and 0 <= lf < n_lfs and not numbered:  # type: ignore[operator]
        return int(lf)  # type: ignore[call-overload]
    known = (
        f"LFs are called {listed_values(list(column))}"
        if column
        else f"columns are 0 to {n_lfs - 1}"
    )
    remedy = " Numbers are names here, not positions." if numbered and _is_whole(lf) else ""
    raise ValueError(
        f"dependencies names LF {quoted(lf)}, which L does not have; its {known}.{remedy}"
    )


def _is_whole(name: object) -> bool:
    return isinstance(name, int | np.integer) and not isinstance(name, bool)


def named_pairs(
    pairs: NDArray[np.intp], names: NDArray[np.object_] | None
) -> list[tuple[Hashable, Hashable]]:
    """Pairs of columns as the user calls them."""
    return [tuple(pair.tolist() if names is None else names[pair].tolist()) for pair in pairs]


def symbol_likeness(groups: sp.csr_array, lf: NDArray[np.intp], vote: NDArray[Any]) -> sp.csr_array:
    """The entries of their LFs, for symbols of one vote; CSR array of shape (n_symbols, n_symbols).

    Parameters
    ----------
    groups : CSR array of shape (n_lfs, n_lfs)
    lf, vote : ndarray of shape (n_symbols,)
    """
    rows, columns, data = [], [], []
    for symbols in symbols_by_vote(vote):
        between = groups[lf[symbols]][:, lf[symbols]].tocoo()
        rows.append(symbols[between.row])
        columns.append(symbols[between.col])
        data.append(between.data)
    entries = np.concatenate(data), (np.concatenate(rows), np.concatenate(columns))
    return sp.csr_array(entries, shape=(len(lf), len(lf)))
