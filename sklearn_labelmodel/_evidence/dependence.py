"""Labeling functions (LFs) that copy each other or share their source, and what their votes then count."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from .._utils import listed_values, quoted
from .._votes.pairs import symbols_by_vote
from .model import NO_PAIRS, Dependence, groups_of


def independent(n_symbols: int) -> Dependence:
    """No LF depends on another one, and every vote counts in full."""
    return Dependence(NO_PAIRS, np.ones(n_symbols))


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
    if not len(pairs):
        return independent(len(lf))
    groups = groups_of(pairs, n_lfs)
    return Dependence(pairs, np.ones(len(lf)), symbol_likeness(groups, lf, vote), pairs)


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
    column = {} if names is None else {name: lf for lf, name in enumerate(names.tolist())}
    pairs = [_resolve_pair(pair, column, n_lfs) for pair in dependencies]
    return np.array(pairs, dtype=np.intp).reshape(-1, 2)


def _resolve_pair(
    pair: Sequence[Hashable], column: dict[Hashable, int], n_lfs: int
) -> tuple[int, int]:
    if isinstance(pair, str) or not hasattr(pair, "__len__") or len(pair) != 2:
        raise ValueError(f"dependencies holds {quoted(pair)}, which is no pair of LFs.")
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
