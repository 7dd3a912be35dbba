"""The loss of `completion` for many symbols, without a table of all by all, and its quickest products."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils._openmp_helpers import _openmp_effective_n_threads

from .._votes.pairs import PairCounts

if TYPE_CHECKING:
    import torch

    from .._utils.types import PairMatrix

# Both kinds of arrays that the formulae are for.
Array = TypeVar("Array", NDArray[np.float64], "torch.Tensor")

# An LF's G_j is worth forming from half as many symbols as classes.
WIDE = 2
# Multiplications of a product that BLAS does without rearranging its factors.
SMALL_PRODUCT, LEAST_ROWS = 1_000_000, 16


def pull(mu: Array, center: Array, l2: float) -> tuple[Any, Array]:
    """The l2 term, and its gradient."""
    away = mu - center
    return l2**2 * (away * away).sum(), 2 * l2**2 * away


@dataclass(frozen=True)
class FactoredObjective(Generic[Array]):
    """Never forms mu P mu^T, of n_symbols squared, for many symbols.

    mask * (mu P mu^T) is mu P mu^T less the blocks of each LF with itself, so with W = mu P, G_j = W_j^T W_j and
    G the sum of all G_j, its product with W has the rows mu_j (G - G_j). LFs of as many symbols are taken
    together. The marginal term adds p p^T / 2 to G, and to the target's product its `offset`.

    Attributes
    ----------
    center : array of shape (n_symbols, n_classes)
        Where the l2 term pulls.
    l2 : float
    target : array of shape (n_symbols, n_symbols)
        mask * O.
    frequency : array of shape (n_symbols,)
        diag(O).
    prior : array of shape (n_classes,)
    order : ndarray of shape (n_symbols,) or None
        Symbols sorted by how many their LF has; None where they are already.
    inverse : ndarray of shape (n_symbols,) or None
    groups : tuple of (n_lfs, symbols per LF)
    marginal_gram : array of shape (n_classes, n_classes)
        p p^T / 2.
    offset : array of shape (n_symbols, n_classes)
        frequency p^T / 2.
    constant : float
        ||target||_F^2 + ||frequency||^2, the loss at mu = 0.
    dependent : tuple of pairs of slices
        Symbols of an LF, and of another on which it depends.
    """

    center: Array
    l2: float
    target: Any
    frequency: Array
    prior: Array
    order: NDArray[np.intp] | torch.Tensor | None
    inverse: NDArray[np.intp] | torch.Tensor | None
    groups: tuple[tuple[int, int], ...]
    marginal_gram: Array
    offset: Array
    constant: float
    dependent: tuple[tuple[slice, slice], ...] = ()

    def loss_and_gradient(self, mu: Array) -> tuple[Any, Array]:
        """Loss at mu, a scalar, and its gradient, of shape (n_symbols, n_classes)."""
        weighted = mu * self.prior
        observed = self.target @ weighted
        observed += self.offset
        difference = self._expected(mu, weighted) - observed
        for own, other in self.dependent:
            difference[own] -= mu[own] @ (weighted[other].T @ weighted[other])
        marginal = mu @ self.prior
        loss = self.constant + marginal @ (0.5 * marginal - self.frequency)
        loss += (difference - observed).ravel() @ mu.ravel()
        difference *= 4
        if self.l2:
            away, gradient = pull(mu, self.center, self.l2)
            return loss + away, difference + gradient
        return loss, difference

    def _expected(self, mu: Array, weighted: Array) -> Array:
        """(mask * (mu P mu^T)) mu P + (mu p) p^T / 2."""
        if self.order is not None:
            mu, weighted = mu[self.order], weighted[self.order]
        pairs = list(zip(self._tables(mu), self._tables(weighted), strict=True))
        grams = [_gram(heavy) for _, heavy in pairs]
        gram = self.marginal_gram + sum(own.sum(0) if own.ndim == 3 else own for own in grams)
        if len(pairs) == 1:
            expected = self._expected_in(*pairs[0], grams[0], gram).reshape(mu.shape)
        else:
            expected = mu * 0
            for rows, own, (table, heavy) in zip(self._tables(expected), grams, pairs, strict=True):
                rows[:] = self._expected_in(table, heavy, own, gram)
        return expected if self.inverse is None else expected[self.inverse]

    @staticmethod
    def _expected_in(table: Array, heavy: Array, own: Array, gram: Array) -> Array:
        """The rows of one group of LFs, shape (n_lfs, n_symbols, n_classes)."""
        if own.ndim == 3:
            return table @ (gram - own)
        product = table.reshape((-1, len(gram))) @ gram
        return product.reshape(table.shape) - (heavy @ table.swapaxes(1, 2)) @ heavy

    def _tables(self, array: Array) -> Iterator[Array]:
        """Views of shape (n_lfs, n_symbols, n_classes), one for each group of LFs."""
        start = 0
        for n_lfs, n_symbols in self.groups:
            stop = start + n_lfs * n_symbols
            yield array[start:stop].reshape((n_lfs, n_symbols, array.shape[1]))
            start = stop


def _gram(heavy: Array) -> Array:
    """The sum of G_j over a group's LFs; where LFs have many symbols each G_j, as the product needs it."""
    n_symbols, n_classes = heavy.shape[1:]
    if WIDE * n_symbols >= n_classes:
        return heavy.swapaxes(1, 2) @ heavy
    rows = heavy.reshape((-1, n_classes))
    return rows.T @ rows


def factored(
    statistics: PairCounts,
    prior: NDArray[np.float64],
    center: NDArray[np.float64],
    l2: float,
    dependent: sp.csr_array | None,
) -> FactoredObjective[NDArray[np.float64]]:
    """The objective of these counts; parameters are those of `make_objective`."""
    frequency = statistics.counts / statistics.n_samples
    target = _target(statistics, dependent)
    sizes = np.bincount(statistics.lf)[statistics.lf]
    order = np.argsort(sizes, kind="stable")
    in_order = bool((order == np.arange(len(order))).all())
    per_size = np.unique(sizes, return_counts=True)
    return FactoredObjective(
        center,
        l2,
        target,
        frequency,
        prior,
        order=None if in_order else order,
        inverse=None if in_order else np.argsort(order),
        groups=tuple((int(rows // size), int(size)) for size, rows in zip(*per_size, strict=True)),
        marginal_gram=0.5 * np.outer(prior, prior),
        offset=0.5 * np.outer(frequency, prior),
        constant=_squared_norm(target) + _squared_norm(frequency),
        dependent=() if dependent is None else tuple(_slices(statistics.lf, dependent)),
    )


def _squared_norm(array: PairMatrix) -> float:
    values = array.ravel() if isinstance(array, np.ndarray) else array.data
    return float(values @ values)


def are_apart(
    first: NDArray[np.intp], second: NDArray[np.intp], dependent: sp.csr_array | None
) -> NDArray[np.bool_]:
    """Whether LFs are two, of which none depends on the other."""
    apart = first != second
    if dependent is not None:
        pairs = dependent.tocoo()
        n_lfs = dependent.shape[0]
        apart &= ~np.isin(first * n_lfs + second, pairs.row.astype(np.intp) * n_lfs + pairs.col)
    return apart


def _slices(lf: NDArray[np.intp], dependent: sp.csr_array) -> Iterator[tuple[slice, slice]]:
    pairs = dependent.tocoo()
    starts = np.searchsorted(lf, np.arange(dependent.shape[0] + 1)).tolist()
    for own, other in zip(pairs.row.tolist(), pairs.col.tolist(), strict=True):
        yield slice(starts[own], starts[own + 1]), slice(starts[other], starts[other + 1])


def _target(statistics: PairCounts, dependent: sp.csr_array | None) -> PairMatrix:
    """P(both symbols of a pair), 0 where mask leaves the pair out."""
    lf, pairs, n_samples = statistics.lf, statistics.cooccurrence, statistics.n_samples
    if isinstance(pairs, np.ndarray):
        return np.where(are_apart(lf[:, None], lf, dependent), pairs, 0.0) / n_samples
    if dependent is None:
        first = np.repeat(lf, np.diff(pairs.indptr))
        data = np.where(first == lf[pairs.indices], 0.0, pairs.data)
        data /= n_samples
        return sp.csr_array((data, pairs.indices, pairs.indptr), shape=pairs.shape)
    coo = pairs.tocoo()
    apart = are_apart(lf[coo.row], lf[coo.col], dependent)
    data = coo.data[apart] / n_samples
    return sp.csr_array((data, (coo.row[apart], coo.col[apart])), shape=pairs.shape)


# Products -----------------------------------------------------------------------------------------


def in_runs_of_rows(
    objective: FactoredObjective[NDArray[np.float64]], start: NDArray[np.float64]
) -> FactoredObjective[NDArray[np.float64]]:
    """With the target as it is multiplied quickest by what has the shape of the start."""
    target = objective.target
    several = 1 < len(start) * start.size // SMALL_PRODUCT <= len(start) // LEAST_ROWS
    if not isinstance(target, np.ndarray):
        return replace(objective, target=_SparseRows(target))
    return replace(objective, target=_DenseRows(target, start.shape[1])) if several else objective


class _SparseRows:
    """A sparse matrix in runs of rows, multiplied side by side: SciPy's own product has one thread."""

    def __init__(self, array: sp.csr_array):
        bounds = np.linspace(0, array.shape[0], _openmp_effective_n_threads() + 1).astype(int)
        self.parts = [array[start:stop] for start, stop in pairwise(bounds)]

    def __matmul__(self, dense: NDArray[np.float64]) -> NDArray[np.float64]:
        with ThreadPoolExecutor(len(self.parts)) as pool:
            return np.concatenate(list(pool.map(lambda part: part @ dense, self.parts)))


class _DenseRows:
    """A large matrix in runs of rows, since BLAS multiplies small ones as they lie and without threads."""

    def __init__(self, array: NDArray[np.float64], n_columns: int):
        n_rows = SMALL_PRODUCT // (array.shape[1] * n_columns)
        self.parts = [array[start : start + n_rows] for start in range(0, len(array), n_rows)]

    def __matmul__(self, dense: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.concatenate([part @ dense for part in self.parts])
