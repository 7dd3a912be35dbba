"""The vote model: all that is learned of votes, and the one rule that adds up a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils import gen_batches

from .._votes.codes import class_index
from .table import VoteTable, sum_of_lf

if TYPE_CHECKING:
    from .._votes.patterns import Patterns

# Rows times symbols of which one product may hold all.
LIKENESS_CELLS = 1 << 22
NO_PAIRS: NDArray[np.intp] = np.zeros((0, 2), dtype=np.intp)


@dataclass(frozen=True, eq=False)
class ClassPrior:
    """How frequent the classes are.

    Attributes
    ----------
    of_all : ndarray of shape (n_classes,)
        P(Y).
    of_voted : ndarray of shape (n_classes,)
        P(Y | the row has a vote).
    of_voteless : ndarray of shape (n_classes,)
        P(Y | the row has no vote).
    source : {"given", "labels", "learned", "uniform"}
        Where `of_all` is from: parameters, gold labels, votes, or nowhere.
    n_labels : float
        Labelled rows that `of_voted` was counted from: infinitely many where it is given, none where votes tell it.
    told : ndarray of shape (n_classes,) or None, default=None
        P(Y) as the votes tell it, where nothing else does.
    """

    of_all: NDArray[np.float64]
    of_voted: NDArray[np.float64]
    of_voteless: NDArray[np.float64]
    source: str
    n_labels: float = 0.0
    told: NDArray[np.float64] | None = None

    @property
    def of_mu(self) -> NDArray[np.float64]:
        """P(Y) that mu goes with: uniform shares would contradict votes that tell others."""
        return self.of_all if self.told is None else self.told

    @property
    def known(self) -> bool:
        """Whether something else than the votes tells it."""
        return self.source in ("given", "labels")

    @classmethod
    def given(cls, shares: NDArray[np.float64]) -> ClassPrior:
        """Shares that somebody knows, as if of infinitely many labels."""
        return cls(shares, shares, shares, "given", np.inf)

    def for_all(self, shares: NDArray[np.float64], source: str) -> ClassPrior:
        """With these shares in all rows."""
        return ClassPrior(shares, shares, shares, source, self.n_labels)


def uniform_prior(n_classes: int) -> ClassPrior:
    """Equal shares, for want of knowledge."""
    shares = np.full(n_classes, 1 / n_classes)
    return ClassPrior(shares, shares, shares, "uniform")


@dataclass(frozen=True, eq=False)
class Dependence:
    """Which LFs depend on each other, and how much their votes count.

    Attributes
    ----------
    weight : ndarray of shape (n_symbols,)
        How much each vote counts, in (0, 1].
    pairs : ndarray of shape (n_pairs, 2)
        Columns of LFs that copy each other, the lower one first where they were found.
    likeness : CSR array of shape (n_symbols, n_symbols) or None, default=None
        How much of what one symbol says another says too, in [0, 1], with an empty diagonal: in a row that holds both,
        each counts 1 / (1 + likeness).
    apart : ndarray of shape (n_apart, 2)
        Columns of LFs whose agreement training is to leave out.
    """

    weight: NDArray[np.float64]
    pairs: NDArray[np.intp] = field(default_factory=lambda: NO_PAIRS)
    likeness: sp.csr_array | None = None
    apart: NDArray[np.intp] = field(default_factory=lambda: NO_PAIRS)


@dataclass(frozen=True, eq=False)
class Rows:
    """Some distinct rows, and how much their votes count.

    Attributes
    ----------
    indicators : CSR array of shape (n_rows, n_symbols)
        1 where the row holds the symbol.
    by_symbol : CSC array of shape (n_symbols, n_rows)
        The same, turned over.
    evidence : CSR array of shape (n_rows, n_symbols)
        The same entries: how much each vote counts, in (0, 1].
    total : ndarray of shape (n_rows,)
        Sum of that over the row's votes; 0 for a row without any.
    weight : ndarray of shape (n_rows,)
        How many rows are like it.
    gold : ndarray of shape (n_rows,), dtype intp
        Class of the rows' gold label; n_classes where there is none.
    log_prior : ndarray of shape (n_classes, n_rows) or None, default=None
        log P(Y | what is known of the row besides its votes), such as its features. None: nothing is.
    """

    indicators: sp.csr_array
    by_symbol: sp.csc_array
    evidence: sp.csr_array
    total: NDArray[np.float64]
    weight: NDArray[np.float64]
    gold: NDArray[np.intp]
    log_prior: NDArray[np.float64] | None = None


@dataclass(frozen=True, eq=False)
class History:
    """How learning went.

    Attributes
    ----------
    curve : ndarray of shape (n_iter,)
        The loss, or the mean log-likelihood, that each step started from.
    last : float
        That of what was learned; NaN where nobody computed it.
    converged : bool or None
        Whether the curve came to rest; None where nobody asked.
    diverged : bool
        Whether the loss ended above that of the start.
    """

    curve: NDArray[np.float64]
    last: float
    converged: bool | None
    diverged: bool = False


@dataclass(frozen=True, eq=False)
class VoteModel:
    """What votes say, what is known without them, and how a row adds up.

    A row whose votes weigh w, n together, has for each class the score

        (log P(Y | the row has a vote) + sum of w log P(vote | Y) + silence) / max(n, 1) ** tempering + offset,

    and its posterior is the softmax of these scores. A class prior is divided with the votes, since it would outweigh
    them otherwise. A row without a vote has log P(Y | the row has no vote) and what silence says. Where more is known
    of a row than its votes, log P(Y | that) - log P(Y) is added to the logarithm of its class prior.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,)
    table : VoteTable
    prior : ClassPrior
    dependence : Dependence
    tempering : float
        In [0, 1]: 0 where LFs err independently.
    offsets : ndarray of shape (n_classes,)
        What is added to rows with a vote, so that their posteriors have known shares.
    mu : ndarray of shape (n_symbols, n_classes)
        P(symbol | Y), by which votes are generated.
    mu_eps : float
        P(a vote that was never seen | Y).
    coverage : ndarray of shape (n_lfs,)
        P(the LF votes) by that account.
    accuracies : ndarray of shape (n_lfs,)
        P(vote is right | LF votes).
    history : History or None
    """

    classes: NDArray[Any]
    table: VoteTable
    prior: ClassPrior
    dependence: Dependence
    tempering: float
    offsets: NDArray[np.float64]
    mu: NDArray[np.float64]
    mu_eps: float
    coverage: NDArray[np.float64]
    accuracies: NDArray[np.float64]
    history: History | None = None

    @property
    def is_plain(self) -> bool:
        """Whether every row is a sum, whatever votes it holds."""
        prior = self.prior
        alike = (prior.of_voted == prior.of_voteless).all() and not self.offsets.any()
        in_full = self.dependence.likeness is None and (self.dependence.weight == 1).all()
        return bool(alike and in_full and not self.tempering)

    def add_up(self, sums: NDArray[np.float64], total: NDArray[np.float64]) -> NDArray[np.float64]:
        """THE rule: scores of rows, in the place of the sums of what their votes and silence say.

        Parameters
        ----------
        sums : ndarray of shape (n_classes, n_rows)
        total : ndarray of shape (n_rows,)
            What the votes of each row weigh together.
        """
        voteless = np.flatnonzero(total == 0)
        without_vote = sums[:, voteless] + np.log(self.prior.of_voteless)[:, None]
        sums += np.log(self.prior.of_voted)[:, None]
        if self.tempering:
            sums /= np.maximum(total, 1.0) ** self.tempering
        if self.offsets.any():
            sums += self.offsets[:, None]
        sums[:, voteless] = without_vote
        return sums

    def scores(self, rows: Rows) -> NDArray[np.float64]:
        """The score of every class in some rows, shape (n_classes, n_rows)."""
        log_p, silence = self.table.log_p, self.table.silence
        if silence is None:
            sums = np.ascontiguousarray((rows.evidence @ log_p).T)
        else:
            # Also a vote that says nothing ends its LF's silence.
            spoken = rows.indicators @ silence[self.table.lf]
            sums = (rows.evidence @ log_p - spoken + silence.sum(axis=0)).T
        if rows.log_prior is not None:
            sums += rows.log_prior - np.log(self.prior.of_all)[:, None]
        return self.add_up(sums, rows.total)

    def posterior(self, rows: Rows) -> NDArray[np.float64]:
        """P(Y | votes) of some rows, shape (n_classes, n_rows)."""
        return normalised(self.scores(rows))

    def rows(self, patterns: Patterns) -> list[Rows]:
        """The distinct rows in blocks that fit the cache, each vote with what it counts.

        Parameters
        ----------
        patterns : Patterns
            With this model's symbols.
        """
        class_of = np.append(class_index(patterns.gold_values, self.classes), len(self.classes))
        gold = class_of[patterns.gold]
        return [
            weighed_rows(self.dependence, indicators, patterns.weight[at], gold[at])
            for at, indicators in patterns.cuts(len(self.classes))
        ]

    def on(self, lf: NDArray[np.intp], vote: NDArray[Any]) -> VoteModel:
        """The same model over other symbols: those that it does not know say nothing.

        Parameters
        ----------
        lf, vote : ndarray of shape (n_other,)
        """
        place = places_of(lf, vote, self.table)
        table, dependence = self.table, self.dependence
        likeness = dependence.likeness
        if likeness is not None:
            parts = (likeness.data, likeness.indices, likeness.indptr)
            wide = sp.csr_array(parts, shape=likeness.shape)
            wide.resize(len(table.lf) + 1, len(table.lf) + 1)
            likeness = wide[place][:, place]
        nothing = np.zeros((1, len(self.classes)))
        log_p = np.vstack([table.log_p, nothing])[place]
        return replace(
            self,
            table=replace(table, lf=lf, vote=vote, log_p=log_p),
            dependence=replace(
                dependence,
                weight=np.append(dependence.weight, 0.0)[place],
                likeness=likeness,
            ),
            mu=np.vstack([self.mu, nothing + self.mu_eps])[place],
        )


def weighed_rows(
    dependence: Dependence,
    indicators: sp.csr_array,
    weight: NDArray[np.float64],
    gold: NDArray[np.intp],
) -> Rows:
    """Rows, and how much each of their votes counts beside those like it."""
    evidence = indicators
    if dependence.likeness is not None:
        evidence = weigh(indicators, dependence.likeness)
    if (dependence.weight != 1).any():
        data = evidence.data * dependence.weight[evidence.indices]
        evidence = sp.csr_array((data, evidence.indices, evidence.indptr), shape=evidence.shape)
    plain = evidence is indicators
    total = np.diff(indicators.indptr) * 1.0 if plain else np.asarray(evidence.sum(axis=1))
    return Rows(indicators, indicators.T, evidence, total, weight, gold)


def weigh(indicators: sp.csr_array, likeness: sp.csr_array) -> sp.csr_array:
    """Votes that say the same counted less: each weighs 1 / (1 + its likeness to the row's other votes).

    Parameters
    ----------
    indicators : CSR array of shape (n_rows, n_symbols)
        1 where the row holds the symbol, in order of columns.
    likeness : CSR array of shape (n_symbols, n_symbols)
        In [0, 1], with an empty diagonal.

    Returns
    -------
    weights : CSR array of shape (n_rows, n_symbols)
        The same entries, in (0, 1].
    """
    n_rows = max(1, LIKENESS_CELLS // indicators.shape[1])
    parts = []
    for rows in gen_batches(indicators.shape[0], n_rows):
        part = indicators[rows]
        shared = part @ likeness
        shared.sort_indices()
        total = part + part * shared
        parts.append(sp.csr_array((1.0 / total.data, total.indices, total.indptr), total.shape))
    return sp.csr_array(sp.vstack(parts, "csr"))


def normalised(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-probabilities up to a constant, shape (n_classes, n_rows), in their place probabilities that add up to 1."""
    scores -= scores.max(axis=0)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=0)
    return scores


def places_of(lf: NDArray[np.intp], vote: NDArray[Any], table: VoteTable) -> NDArray[np.intp]:
    """Place of each symbol among a table's; the number of these for one that the table lacks."""
    values = np.unique(table.vote)
    width = len(values) + 1
    known = table.lf * width + np.searchsorted(values, table.vote)
    wanted = lf * width + class_index(vote, values)
    place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.where(known[place] == wanted, place, len(known))


def accuracies_by_mu(model: VoteModel, is_right: NDArray[np.bool_]) -> NDArray[np.float64]:
    """P(vote is right | LF votes) by mu, as Snorkel's `get_weights`; a class never voted for has mu_eps.

    `is_right`, of shape (n_symbols, n_classes), says in which classes each vote is right.
    """
    eps, prior, lf = model.mu_eps, model.prior.of_all, model.table.lf
    joint_p = np.where(is_right, (model.mu - eps) * prior, 0.0)
    right = sum_of_lf(joint_p.sum(axis=1), lf, len(model.coverage))
    with np.errstate(divide="ignore"):
        return np.clip((right + eps * prior.sum()) / model.coverage, 1e-6, 1.0)


# Expected counts ----------------------------------------------------------------------------------


def expected_counts(
    model: VoteModel, blocks: list[Rows]
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """What rows hold by the model's account; a gold label is certain.

    Parameters
    ----------
    model : VoteModel
    blocks : list of Rows

    Returns
    -------
    counts : ndarray of shape (n_symbols, n_classes)
        Rows of each class that hold the symbol.
    rows : ndarray of shape (n_classes,)
        Rows of each class.
    log_likelihood : float
        Mean over rows of log P(votes, gold label).
    """
    counts = np.zeros_like(model.table.log_p)
    rows, log_likelihood = np.zeros(len(model.classes)), 0.0
    for block in blocks:
        posterior = model.scores(block)
        labelled = np.flatnonzero(block.gold < len(posterior))
        of_gold = posterior[block.gold[labelled], labelled]
        log_p = posterior.max(axis=0)
        posterior -= log_p
        np.exp(posterior, out=posterior)
        total = posterior.sum(axis=0)
        posterior /= total
        log_p += np.log(total)
        if len(labelled):
            log_p[labelled] = of_gold
            certain(posterior, block.gold)
        log_likelihood += float(block.weight @ log_p)
        rows += posterior @ block.weight
        counts += block.by_symbol @ np.multiply(posterior.T, block.weight[:, None], order="C")
    return counts, rows, log_likelihood / rows.sum()


MStep = Callable[[VoteModel, NDArray[np.float64], NDArray[np.float64]], VoteModel]


def maximise(
    model: VoteModel, blocks: list[Rows], m_step: MStep, max_iter: int, tol: float | None = None
) -> VoteModel:
    """Take turns of E-step and M-step until `tol` or `max_iter` is reached, or nothing changes at all.

    Parameters
    ----------
    model : VoteModel
    blocks : list of Rows
    m_step : function of (VoteModel, counts, rows) to VoteModel
    max_iter : int
    tol : float, default=None
        Stop when a step changes the mean log-likelihood of a row by no more than this.
    """
    curve: list[float] = []
    converged, before = False, None
    while len(curve) < max_iter and not converged:
        counts, rows, log_likelihood = expected_counts(model, blocks)
        model = m_step(model, counts, rows)
        curve.append(log_likelihood)
        if tol is not None and len(curve) > 1:
            converged = bool(abs(curve[-1] - curve[-2]) <= tol)
        # Likelihoods may be equal by rounding where tables are not yet.
        converged |= before is not None and np.array_equal(before, counts)
        before = counts
    asked = None if tol is None else converged
    return replace(model, history=History(np.array(curve), np.nan, asked))


def certain(posterior: NDArray[np.float64], gold: NDArray[np.intp]) -> NDArray[np.float64]:
    """Posteriors, shape (n_classes, n_rows), in which the class of a gold label is certain."""
    labelled = np.flatnonzero(gold < len(posterior))
    posterior[:, labelled] = 0.0
    posterior[gold[labelled], labelled] = 1.0
    return posterior


def groups_of(pairs: NDArray[np.intp], n_lfs: int) -> sp.csr_array:
    """1 between all LFs that pairs connect, directly or through others; CSR array of shape (n_lfs, n_lfs)."""
    from scipy.sparse.csgraph import connected_components

    links = sp.csr_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n_lfs, n_lfs))
    _, group = connected_components(links, directed=False)
    member = sp.csr_array((np.ones(n_lfs), (np.arange(n_lfs), group)))
    return _without_diagonal(member @ member.T)


def _without_diagonal(matrix: sp.csr_array) -> sp.csr_array:
    matrix = matrix.tocoo()
    apart = matrix.row != matrix.col
    entries = matrix.data[apart], (matrix.row[apart], matrix.col[apart])
    return sp.csr_array(entries, shape=matrix.shape)
