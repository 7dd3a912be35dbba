"""Matrix completion: mu from how often pairs of votes occur together (Ratner et al. 2019).

With O the symbols' co-occurrence frequencies and p the class prior, P = diag(p),

    loss(mu) = ||mask * (O - mu P mu^T)||_F^2 + ||mu p - diag(O)||^2 + l2^2 ||mu - center||_F^2

where mask is 0 between symbols of one LF and of LFs declared dependent. The objectives are written in operators
that NumPy arrays and torch tensors share, so that this module needs neither torch nor a second version of the
formulae.

References
----------
A. Ratner, B. Hancock, J. Dunnmon, F. Sala, S. Pandey, C. Re. Training Complex Models with Multi-Task
Weak Supervision. AAAI 2019. The l2 term is that of Snorkel 0.10.0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from .._evidence.model import History, VoteModel, groups_of
from .._evidence.table import sum_of_lf
from .._votes.pairs import PairCounts
from .observed import Observed

if TYPE_CHECKING:
    import torch

    from .._utils.types import PairMatrix

# Both kinds of arrays that the formulae are for.
Array = TypeVar("Array", NDArray[np.float64], "torch.Tensor")
Train = Callable[
    ["Objective[NDArray[np.float64]]", NDArray[np.float64]], tuple[NDArray[np.float64], History]
]


def complete_pairs(
    observed: Observed,
    model: VoteModel,
    *,
    start: NDArray[np.float64],
    scale: float,
    l2: float,
    train: Train,
) -> VoteModel:
    """Learn mu from pairs of votes, leaving out those of LFs that are to be kept apart.

    Parameters
    ----------
    observed : Observed
    model : VoteModel
    start : ndarray of shape (n_symbols, n_classes)
        Where the l2 term pulls.
    scale : float
        Training starts from the start times this.
    l2 : float
    train : function of (Objective, start) to (mu, History)

    Raises
    ------
    FloatingPointError
        The loss is not finite.
    ValueError
        Unknown optimizer, scheduler, parameter of either, or device.
    """
    prior, pairs = model.prior.of_mu, model.dependence.apart
    apart = groups_of(pairs, observed.n_lfs) if len(pairs) else None
    objective = make_objective(observed.statistics, prior, start, l2, apart)
    mu, history = train(objective, start * scale)
    mu = np.clip(mu, model.mu_eps, 1 - model.mu_eps)
    mu = align_columns(mu, observed.symbol_class, prior)
    return replace(model, mu=mu, coverage=observed.coverage, history=history)


def align_columns(
    mu: NDArray[np.float64], symbol_class: NDArray[np.intp], prior: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Permute mu's columns so that votes agree with the classes they name as often as they can.

    Among classes whose priors are equal to three digits, as in Snorkel, the permutation maximises the sum
    over LFs of P(vote = y, Y = y).

    Parameters
    ----------
    mu : ndarray of shape (n_symbols, n_classes)
    symbol_class : ndarray of shape (n_symbols,)
        Class that each symbol votes for; n_classes where it is none.
    prior : ndarray of shape (n_classes,)

    Returns
    -------
    mu : ndarray of shape (n_symbols, n_classes)
    """
    n_classes = len(prior)
    joint = np.zeros((n_classes + 1, n_classes))
    np.add.at(joint, symbol_class, mu * prior)
    columns = np.arange(n_classes)
    if (joint[:-1].argmax(axis=1) == columns).all():
        return mu
    rounded = np.round(prior, 3)
    for value in set(rounded.tolist()):
        group = np.flatnonzero(rounded == value)
        columns[group] = group[_best_assignment(joint[group[:, None], group])]
    # Selecting columns transposes the memory, of which later look-ups want the rows.
    return np.ascontiguousarray(mu[:, columns])


def _best_assignment(agreement: NDArray[np.float64]) -> NDArray[np.intp]:
    """For each row the column that it gets; the identity where that is among the best."""
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(agreement, maximize=True)
    best = agreement[rows, columns].sum()
    return np.arange(len(agreement)) if np.trace(agreement) >= best else columns


DENSE_SYMBOLS = 160
# An LF's G_j is worth forming from half as many symbols as classes.
WIDE = 2


# Loss and gradient --------------------------------------------------------------------------------


class Objective(Generic[Array]):
    """The loss: a term that each form has in its own way, and the l2 term.

    Attributes
    ----------
    center : array of shape (n_symbols, n_classes)
        Where the l2 term pulls.
    l2 : float
    """

    center: Array
    l2: float

    def convert(self, to_array: Callable[[PairMatrix], torch.Tensor]) -> Objective[torch.Tensor]:
        """The same objective over another kind of array."""
        arrays: dict[str, Any] = {
            name: to_array(value)
            for name, value in vars(self).items()
            if isinstance(value, np.ndarray) or sp.issparse(value)
        }
        objective: Any = self
        return replace(objective, **arrays)

    def loss_and_gradient(self, mu: Array) -> tuple[Any, Array]:
        """Loss at mu, a scalar, and its gradient, of shape (n_symbols, n_classes).

        Rounding may leave the loss of a perfect fit a little below zero.
        """
        loss, gradient = self._fit_term(mu)
        if self.l2:
            pull = mu - self.center
            loss = loss + self.l2**2 * (pull * pull).sum()
            gradient = gradient + 2 * self.l2**2 * pull
        return loss, gradient

    def _fit_term(self, mu: Array) -> tuple[Any, Array]:
        """The loss without the l2 term, and its gradient."""
        raise NotImplementedError


@dataclass(frozen=True)
class DenseObjective(Objective[Array]):
    """Forms mu P mu^T: few operations, for few symbols.

    The marginal term is one of co-occurrences too: with a symbol that is always there. It stands in the last
    row and column, so each counts half.

    Attributes
    ----------
    center, l2
        As of every `Objective`.
    weights : array of shape (n_symbols + 1, n_symbols + 1)
        Four times the mask, bordered by halves: a derivative's factor, so that it is not applied later.
    bordered_target : array of shape (n_symbols + 1, n_symbols + 1)
        The target, bordered by the frequencies.
    bordered_mu : array of shape (n_symbols + 1, n_classes)
        Room for mu above a row of ones.
    bordered_prior : array of shape (n_symbols + 1, n_classes)
        The prior in every row.
    """

    center: Array
    l2: float
    weights: Array
    bordered_target: Array
    bordered_mu: Array
    bordered_prior: Array

    def _fit_term(self, mu: Array) -> tuple[Any, Array]:
        bordered = self.bordered_mu
        bordered[:-1] = mu
        weighted = bordered * self.bordered_prior
        residual = weighted @ bordered.T
        residual -= self.bordered_target
        counted = residual * self.weights
        return residual.ravel() @ counted.ravel() / 4, counted[:-1] @ weighted


@dataclass(frozen=True)
class FactoredObjective(Objective[Array]):
    """Never forms mu P mu^T, of n_symbols squared, for many symbols.

    mask * (mu P mu^T) is mu P mu^T less the blocks of each LF with itself, so with W = mu P, G_j = W_j^T W_j and
    G the sum of all G_j, its product with W has the rows mu_j (G - G_j). LFs of as many symbols are taken
    together. The marginal term adds p p^T / 2 to G, and to the target's product its `offset`.

    Attributes
    ----------
    center, l2
        As of every `Objective`.
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

    def _fit_term(self, mu: Array) -> tuple[Any, Array]:
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


def make_objective(
    statistics: PairCounts,
    prior: NDArray[np.float64],
    center: NDArray[np.float64],
    l2: float,
    dependent: sp.csr_array | None = None,
) -> Objective[NDArray[np.float64]]:
    """The objective in the form that is cheaper for so many symbols.

    Parameters
    ----------
    statistics : PairCounts
    prior : ndarray of shape (n_classes,)
    center : ndarray of shape (n_symbols, n_classes)
    l2 : float
    dependent : CSR array of shape (n_lfs, n_lfs), default=None
        With an entry for each pair of LFs, in both directions, that mask is to leave out.
    """
    frequency = statistics.counts / statistics.n_samples
    target = _target(statistics, dependent)
    if statistics.lf.size <= DENSE_SYMBOLS:
        mask = _apart(statistics.lf[:, None], statistics.lf, dependent).astype(np.float64)
        return DenseObjective(
            center,
            l2,
            weights=_bordered(4 * mask, np.full_like(frequency, 2.0)),
            bordered_target=_bordered(target, frequency),
            bordered_mu=np.vstack([center, np.ones_like(prior)]),
            bordered_prior=np.tile(prior, (len(center) + 1, 1)),
        )
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


def _bordered(matrix: NDArray[np.float64], border: NDArray[np.float64]) -> NDArray[np.float64]:
    """The matrix with the border as its last row and column, and 0 where these meet."""
    with_row = np.vstack([matrix, border])
    return np.column_stack([with_row, np.append(border, 0.0)])


def _apart(
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
        return np.where(_apart(lf[:, None], lf, dependent), pairs, 0.0) / n_samples
    if dependent is None:
        first = np.repeat(lf, np.diff(pairs.indptr))
        data = np.where(first == lf[pairs.indices], 0.0, pairs.data)
        data /= n_samples
        return sp.csr_array((data, pairs.indices, pairs.indptr), shape=pairs.shape)
    coo = pairs.tocoo()
    apart = _apart(lf[coo.row], lf[coo.col], dependent)
    data = coo.data[apart] / n_samples
    return sp.csr_array((data, (coo.row[apart], coo.col[apart])), shape=pairs.shape)


def believe_mu(observed: Observed, model: VoteModel, *, tempering: float) -> VoteModel:
    """Votes say what mu says, and the class prior is that of all rows: without tempering what the paper describes."""
    joint = np.ones(observed.n_lfs, dtype=bool)
    table = replace(model.table, log_p=np.log(model.mu), joint=joint)
    prior = replace(model.prior, of_voted=model.prior.of_all, of_voteless=model.prior.of_all)
    model = replace(model, table=table, prior=prior, tempering=tempering)
    return replace(model, accuracies=accuracies_by_mu(observed, model))


def accuracies_by_mu(observed: Observed, model: VoteModel) -> NDArray[np.float64]:
    """P(vote is right | LF votes) by mu, as Snorkel's `get_weights`; a class never voted for has mu_eps."""
    eps, prior = model.mu_eps, model.prior.of_all
    joint_p = np.where(observed.is_right, (model.mu - eps) * prior, 0.0)
    right = sum_of_lf(joint_p.sum(axis=1), observed.lf, observed.n_lfs)
    with np.errstate(divide="ignore"):
        return np.clip((right + eps * prior.sum()) / model.coverage, 1e-6, 1.0)
