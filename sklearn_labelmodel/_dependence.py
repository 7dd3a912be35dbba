"""Labeling functions (LFs) that copy each other: declared, or found by what they agree in beyond their accuracies."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from ._patterns import Patterns

# Votes that independence is worth.
PRIOR_VOTES = 5.0
LEAST_RATIO, LEAST_Z = 0.5, 3.0


# Declared -----------------------------------------------------------------------------------------


def resolve_pairs(
    dependencies: Any, n_lfs: int, names: NDArray[np.object_] | None
) -> NDArray[np.intp]:
    """The columns of declared pairs of LFs.

    Parameters
    ----------
    dependencies : iterable of pairs
        Each of two LFs, by name or column.
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
            f"dependencies is {dependencies!r}; it must be 'auto', None or pairs of LFs such as "
            '[("lf_a", "lf_b")].'
        )
    column = {} if names is None else {name: lf for lf, name in enumerate(names.tolist())}
    pairs = [_resolve_pair(pair, column, n_lfs) for pair in dependencies]
    return np.array(pairs, dtype=np.intp).reshape(-1, 2)


def _resolve_pair(pair: Any, column: dict[Any, int], n_lfs: int) -> tuple[int, int]:
    if isinstance(pair, str) or not hasattr(pair, "__len__") or len(pair) != 2:
        raise ValueError(f"dependencies holds {pair!r}, which is no pair of LFs.")
    first, second = (_resolve_lf(lf, column, n_lfs) for lf in pair)
    if first == second:
        raise ValueError(f"dependencies holds {pair!r}, an LF paired with itself; leave it out.")
    return first, second


def _resolve_lf(lf: Any, column: dict[Any, int], n_lfs: int) -> int:
    if isinstance(lf, Hashable) and lf in column:
        return column[lf]
    is_column = isinstance(lf, int | np.integer) and not isinstance(lf, bool)
    if is_column and 0 <= lf < n_lfs:
        return int(lf)
    known = f"LFs are called {list(column)[:20]}" if column else f"columns are 0 to {n_lfs - 1}"
    raise ValueError(f"dependencies names LF {lf!r}, which L does not have; its {known}.")


def groups_of(pairs: NDArray[np.intp], n_lfs: int) -> Any:
    """1 between all LFs that pairs connect, directly or through others; CSR array of shape (n_lfs, n_lfs)."""
    from scipy.sparse.csgraph import connected_components

    links = sp.csr_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n_lfs, n_lfs))
    _, group = connected_components(links, directed=False)
    member = sp.csr_array((np.ones(n_lfs), (np.arange(n_lfs), group)))
    return _without_diagonal(member @ member.T)


def symbol_likeness(dependence: Any, lf: NDArray[np.intp], vote: NDArray[Any]) -> Any:
    """The dependence of their LFs, for symbols of one vote; CSR array of shape (n_symbols, n_symbols).

    Parameters
    ----------
    dependence : CSR array of shape (n_lfs, n_lfs)
    lf, vote : ndarray of shape (n_symbols,)
    """
    between = dependence.tocsr()[lf][:, lf].tocoo()
    _, code = np.unique(vote, return_inverse=True)
    alike = code[between.row] == code[between.col]
    entries = between.data[alike], (between.row[alike], between.col[alike])
    return sp.csr_array(entries, shape=(len(lf), len(lf)))


def _without_diagonal(matrix: Any) -> Any:
    matrix = matrix.tocoo()
    apart = matrix.row != matrix.col
    entries = matrix.data[apart], (matrix.row[apart], matrix.col[apart])
    return sp.csr_array(entries, shape=matrix.shape)


# Found --------------------------------------------------------------------------------------------


def find_dependence(
    patterns: Patterns,
    proba: NDArray[np.float64],
    table: NDArray[np.float64],
    prior: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How far pairs of LFs agree beyond what their tables explain.

    Of the disagreements that independent errors would bring, the share that is missing:

        ratio = (agreements - expected) / (common rows - expected + 5),    z = (agreements - expected) / s.e.

    LFs of one symbol never disagree where both vote; for two of these an agreement is a row in which both vote,
    and common rows are those in which the rarer one does.

    Parameters
    ----------
    patterns : Patterns
        Rows with votes.
    proba : ndarray of shape (n_patterns, n_classes)
        P(Y | row).
    table : ndarray of shape (n_symbols, n_classes)
        P(vote | Y, the LF votes); for LFs of one symbol P(vote | Y).
    prior : ndarray of shape (n_classes,)
        P(Y) that goes with the tables of LFs of one symbol.

    Returns
    -------
    ratio, z : ndarray of shape (n_lfs, n_lfs)
        0 for pairs that do not compare: of LFs without a row in common, of a one-symbol LF and one with a choice.
    """
    choice = (np.bincount(patterns.lf, minlength=patterns.n_lfs) > 1)[patterns.lf]
    agreed, expected, common = _comparable(patterns, proba, table, np.flatnonzero(choice))
    single = np.flatnonzero(~choice)
    lf = patterns.lf[single]
    block = np.ix_(lf, lf)
    agreed[block], expected[block], common[block] = _single(patterns, table, prior, single)
    np.fill_diagonal(agreed, 0.0)
    np.fill_diagonal(expected, 0.0)
    beyond = agreed - expected
    variance = expected * (1 - expected / np.maximum(common, 1e-9))
    error = np.sqrt(np.maximum(variance, 0.0))
    ratio = beyond / (common - expected + PRIOR_VOTES)
    z = np.divide(beyond, error, out=np.zeros_like(beyond), where=error > 0)
    return np.clip(ratio, 0.0, 1.0), z


def soft_dependence(
    ratio: NDArray[np.float64], z: NDArray[np.float64], has_choice: NDArray[np.bool_]
) -> Any:
    """What `find_dependence` found, less one standard error; between one-symbol LFs near-duplicates alone.

    Parameters
    ----------
    ratio, z : ndarray of shape (n_lfs, n_lfs)
    has_choice : ndarray of shape (n_lfs,), dtype bool
        Whether the LF casts several votes.

    Returns
    -------
    dependence : CSR array of shape (n_lfs, n_lfs)
        In [0, 1].
    """
    kept = np.where(z > 1, ratio * (1 - 1 / np.maximum(z, 1.0)), 0.0)
    near = (ratio > LEAST_RATIO) & (z > LEAST_Z)
    return sp.csr_array(np.where(has_choice[:, None], kept, np.where(near, kept, 0.0)))


def near_duplicates(ratio: NDArray[np.float64], z: NDArray[np.float64]) -> NDArray[np.intp]:
    """Pairs of LFs that agree nearly wherever both vote, and not by chance, shape (n_pairs, 2).

    `ratio` and `z` are as in `soft_dependence`.
    """
    return np.argwhere(np.triu((ratio > LEAST_RATIO) & (z > LEAST_Z), 1))


def _comparable(
    patterns: Patterns,
    proba: NDArray[np.float64],
    table: NDArray[np.float64],
    symbols: NDArray[np.intp],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Agreements, expected agreements and common rows of LFs with a choice, shape (n_lfs, n_lfs)."""
    n_lfs = patterns.n_lfs
    agreed, expected = np.zeros((n_lfs, n_lfs)), np.zeros((n_lfs, n_lfs))
    common = np.zeros((n_lfs, n_lfs))
    if not len(symbols):
        return agreed, expected, common
    votes = patterns.indicators[:, symbols]
    lf = patterns.lf[symbols]
    values, code = np.unique(patterns.vote[symbols], return_inverse=True)
    member = sp.csr_array((np.ones(len(lf)), (np.arange(len(lf)), lf)), (len(lf), n_lfs))
    voted = votes @ member
    for weight, class_table in zip((proba * patterns.weight[:, None]).T, table.T, strict=True):
        by_vote = np.zeros((n_lfs, len(values)))
        by_vote[lf, code] = class_table[symbols]
        of_class = _products(voted, weight)
        expected += of_class * (by_vote @ by_vote.T)
        common += of_class
    for value in range(len(values)):
        own = np.flatnonzero(code == value)
        agreed += _products(votes[:, own] @ member[own], patterns.weight)
    return agreed, expected, common


def _products(voted: Any, weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weighted rows in which both LFs vote."""
    weighted = voted.copy()
    weighted.data = voted.data * np.repeat(weight, np.diff(voted.indptr))
    return np.asarray((voted.T @ weighted).toarray())


def _single(
    patterns: Patterns,
    table: NDArray[np.float64],
    prior: NDArray[np.float64],
    symbols: NDArray[np.intp],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The same of one-symbol LFs, shape (len(symbols), len(symbols)); nothing between unlike votes."""
    together = _products(patterns.indicators[:, symbols], patterns.weight)
    _, code = np.unique(patterns.vote[symbols], return_inverse=True)
    alike = code[:, None] == code
    counts = together.diagonal()
    expected = patterns.n_samples * (table[symbols] * prior) @ table[symbols].T
    return together * alike, expected * alike, np.minimum(counts[:, None], counts) * alike
