"""The fast way for votes as codes: every vote looks up what it says, and a row adds up by the model's rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeGuard

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.special import logsumexp
from sklearn.utils import gen_batches

from .._votes.codes import SparseVotes, Votes
from .model import Rows, VoteModel, normalised, weigh, weighed_rows
from .table import sum_of_lf

# A table of so many cells stays in the cache, also beside others; one that makes others needless may be larger.
TABLE_CELLS, WHOLE_TABLE_CELLS = 1 << 15, 1 << 17
# Log-probabilities of a block of rows.
BLOCK_CELLS = 1 << 17
# Stored votes take so much longer than cells.
SPARSE_SHARE = 0.1
# A pattern's table row costs about what so many rows do.
LEAST_PATTERNS, ROWS_PER_PATTERN = 256, 8


def find_symbols(votes: Votes, lf: NDArray[np.intp], vote: NDArray[Any]) -> NDArray[np.intp]:
    """The symbol that each vote code stands for in each LF.

    Parameters
    ----------
    votes : Votes
    lf, vote : ndarray of shape (n_symbols,)
        The LF and the value of every known symbol.

    Returns
    -------
    symbols : ndarray of shape (n_lfs, n_values + 1)
        n_symbols for the abstain and for a vote that is no known symbol.
    """
    symbols = np.full((votes.n_lfs, len(votes.values) + 1), len(lf), dtype=np.intp)
    if not len(votes.vote_values):
        return symbols
    code = np.searchsorted(votes.values, vote)
    code[code == len(votes.values)] = 0
    known = (votes.values[code] == vote) & (code != votes.abstain_code)
    symbols[lf[known], code[known]] = np.flatnonzero(known)
    return symbols


def every_row(
    model: VoteModel,
    votes: Votes,
    gold: NDArray[np.intp],
    log_prior: NDArray[np.float64],
) -> list[Rows]:
    """All rows in their order, like ones apart, each with what is known of it besides its votes; in blocks.

    Parameters
    ----------
    model : VoteModel
    votes : Votes
        Those that the model does not know count for none.
    gold : ndarray of shape (n_samples,)
        Class of each row's gold label; n_classes where there is none.
    log_prior : ndarray of shape (n_samples, n_classes)
        log P(Y | what is known besides the votes).
    """
    symbols, blocks = find_symbols(votes, model.table.lf, model.table.vote), []
    n_symbols, n_rows = len(model.table.lf), max(1, BLOCK_CELLS // len(model.classes))
    for rows in gen_batches(votes.n_samples, n_rows):
        row, lf, code = votes.cells(rows.start, rows.stop)
        symbol, size = symbols[lf, code], rows.stop - rows.start
        known = symbol < n_symbols
        cells = np.ones(np.count_nonzero(known)), (row[known], symbol[known])
        indicators = sp.csr_array(cells, shape=(size, n_symbols))
        indicators.sort_indices()
        block = weighed_rows(model.dependence, indicators, np.ones(size), gold[rows])
        blocks.append(replace(block, log_prior=np.ascontiguousarray(log_prior[rows].T)))
    return blocks


@dataclass(frozen=True, eq=False)
class LookUp:
    """A table that vote codes look up, and what the sums of its rows are made into.

    Attributes
    ----------
    rows : ndarray of shape (n_lfs, n_values + 1), dtype intp
        The row of the table that each vote code looks up in each LF.
    table : ndarray of shape (n_rows, n_columns)
        What each vote adds to each class; where the model is not plain, a last column holds how much it weighs.
    start : ndarray of shape (1, n_columns)
        What sums start from.
    model : VoteModel or None
        Whose rule it is; None where sums are all that is wanted.
    """

    rows: NDArray[np.intp]
    table: NDArray[np.float64]
    start: NDArray[np.float64]
    model: VoteModel | None = None

    @property
    def likeness(self) -> sp.csr_array | None:
        """How much of what a vote says others say too; then no table of patterns has it."""
        return None if self.model is None else self.model.dependence.likeness

    @property
    def n_classes(self) -> int:
        return self.table.shape[1] if self.model is None else len(self.model.classes)

    def scores(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """The model's scores, shape (n_classes, n_rows), of rows' sums, shape (n_rows, n_columns)."""
        by_column = np.ascontiguousarray(sums.T)
        if self.model is None or len(by_column) == self.n_classes:
            return by_column
        return self.model.add_up(by_column[:-1], by_column[-1])

    def sums(self, looked_up: NDArray[np.intp]) -> NDArray[np.float64]:
        """Sums of rows whose votes weigh less beside their like, shape (n_rows, n_columns)."""
        return np.asarray(self.start + self._counts(looked_up) @ self.table)

    def terms(self, looked_up: NDArray[np.intp]) -> NDArray[np.float64]:
        """What each vote, and last what is known without them, adds to the scores, (n_rows, n_lfs + 1, n_classes).

        Parameters
        ----------
        looked_up : ndarray of shape (n_rows, n_lfs)
            Rows of the table.
        """
        model = self.model
        assert model is not None  # noqa: S101
        says, prior = self.table[looked_up, : self.n_classes], model.prior
        if self.table.shape[1] == self.n_classes:
            known = np.tile(np.log(prior.of_all), (len(looked_up), 1))
            return np.concatenate([says, known[:, None]], axis=1)
        weight = self.table[looked_up, -1]
        counts = np.ones_like(weight)
        if self.likeness is not None:
            counts[weight > 0] = self._counts(looked_up).data
        total = (weight * counts).sum(axis=1)
        divisor = np.maximum(total, 1.0)[:, None] ** model.tempering
        says = says * (counts / divisor)[:, :, None]
        voted = np.log(prior.of_voted) / divisor + model.offsets
        known = np.where(total[:, None] > 0, voted, np.log(prior.of_voteless))
        return np.concatenate([says, known[:, None]], axis=1)

    def _counts(self, looked_up: NDArray[np.intp]) -> sp.csr_array:
        """What remains of each vote beside those like it, CSR array of shape (n_rows, rows of the table)."""
        rows, lfs = np.nonzero(self.table[looked_up, -1])
        indptr = np.searchsorted(rows, np.arange(len(looked_up) + 1))
        shape = (len(looked_up), len(self.table))
        votes = sp.csr_array((np.ones(len(rows)), looked_up[rows, lfs], indptr), shape=shape)
        return votes if self.likeness is None else self.counted(votes)

    def counted(self, votes: sp.csr_array) -> sp.csr_array:
        """What remains of votes beside those like them; both of shape (n_rows, rows of the table)."""
        likeness = self.likeness
        assert likeness is not None  # noqa: S101
        wide = sp.csr_array((likeness.data, likeness.indices, likeness.indptr), likeness.shape)
        wide.resize(len(self.table), len(self.table))
        return weigh(votes, wide)


def look_up(model: VoteModel, votes: Votes) -> LookUp:
    """The table of a model for votes as these codes; votes that it never saw say nothing."""
    table, n_symbols = model.table, len(model.table.lf)
    rows = find_symbols(votes, table.lf, table.vote)
    says = [table.log_p, np.zeros((1, len(model.classes)))]
    if table.silence is not None:
        says.append(table.silence)
        silent = n_symbols + 1 + np.arange(votes.n_lfs)[:, None]
        rows[:, [votes.abstain_code, len(votes.values)]] = silent
    what = np.vstack(says)
    if model.is_plain:
        return LookUp(rows, what, np.log(model.prior.of_all)[None], model)
    weight = np.zeros((len(what), 1))
    weight[:n_symbols, 0] = model.dependence.weight
    with_weight = np.hstack([np.where(weight > 0, weight, 1.0) * what, weight])
    return LookUp(rows, with_weight, np.zeros((1, with_weight.shape[1])), model)


def posterior(votes: Votes, looks: LookUp) -> NDArray[np.float64]:
    """P(Y | votes) of every row, shape (n_samples, n_classes), each row adding up to 1."""
    proba = np.empty((votes.n_samples, looks.n_classes))
    runs = [] if is_sparse(votes) else _runs(votes, looks)
    if len(runs) == 1 and runs[0].rows is None and looks.likeness is None:
        pattern_proba = np.ascontiguousarray(normalised(looks.scores(runs[0].table)).T)
        for rows in _blocks(votes, runs):
            (codes,) = votes.run_codes(rows.start, rows.stop, [runs[0].lfs])
            np.take(pattern_proba, codes, axis=0, out=proba[rows], mode="clip")
        return proba
    for rows, sums in _sums(votes, looks, runs):
        proba[rows] = normalised(looks.scores(sums)).T
    return proba


def log_likelihood(votes: Votes, looks: LookUp) -> NDArray[np.float64]:
    """Log P(votes) of every row, shape (n_samples,)."""
    values = np.empty(votes.n_samples)
    for rows, sums in summed(votes, looks):
        values[rows] = logsumexp(looks.scores(sums), axis=0)
    return values


def terms(votes: Votes, looks: LookUp) -> NDArray[np.float64]:
    """What each vote, and last what is known without them, adds, shape (n_samples, n_lfs + 1, n_classes)."""
    added = np.empty((votes.n_samples, votes.n_lfs + 1, looks.n_classes))
    lfs = np.arange(votes.n_lfs)[:, None]
    for rows, codes in votes.blocks(looks.n_classes):
        added[rows] = looks.terms(looks.rows[lfs, codes].T)
    return added


def generative(model: VoteModel, votes: Votes) -> LookUp:
    """The table of log P(votes, Y) under mu: what each LF does, abstains and votes never seen included."""
    lf, n_symbols, prior = model.table.lf, len(model.table.lf), model.prior.of_mu
    spoken = sum_of_lf(model.mu, lf, votes.n_lfs)
    silent = np.maximum(1 - spoken, model.mu_eps)
    total = spoken + silent + model.mu_eps
    table = np.log(np.vstack([model.mu / total[lf], silent / total, model.mu_eps / total]))
    rows, lfs = find_symbols(votes, lf, model.table.vote), np.arange(votes.n_lfs)[:, None]
    rows = np.where(rows == n_symbols, n_symbols + votes.n_lfs + lfs, rows)
    rows[:, [votes.abstain_code, len(votes.values)]] = n_symbols + lfs
    return LookUp(rows, table, np.log(prior)[None])


def is_sparse(votes: Votes) -> TypeGuard[SparseVotes]:
    """Whether it is quicker to look at the votes alone than at all cells."""
    cells = votes.n_samples * votes.n_lfs
    return isinstance(votes, SparseVotes) and len(votes.codes) < SPARSE_SHARE * cells


def summed(votes: Votes, looks: LookUp) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Rows of each block, and the sum of what their votes look up, shape (n_rows, n_columns)."""
    return _sums(votes, looks, [] if is_sparse(votes) else _runs(votes, looks))


@dataclass(frozen=True)
class _Run:
    """Neighbouring LFs that look up one table, which has a row for every pattern of their votes.

    A single LF may have too many codes for a table of its own; then `rows` says where in the shared one. The
    first run's table holds the class prior too.
    """

    lfs: slice
    rows: NDArray[np.intp] | None
    table: NDArray[np.float64]

    def look_up(self, codes: NDArray[np.intp]) -> NDArray[np.float64]:
        places = codes if self.rows is None else np.take(self.rows, codes)
        return np.take(self.table, places, axis=0)


def _runs(votes: Votes, looks: LookUp) -> list[_Run]:
    width = looks.table.shape[1]
    n_classes = looks.n_classes
    whole = votes.n_codes**votes.n_lfs * n_classes <= WHOLE_TABLE_CELLS
    cells = WHOLE_TABLE_CELLS if whole else TABLE_CELLS
    worth = min(votes.n_samples // ROWS_PER_PATTERN, cells // n_classes)
    most_patterns = max(LEAST_PATTERNS, worth)
    # numpy.take copies a table that is not in order of rows, at every call.
    shared = np.ascontiguousarray(looks.table)
    runs: list[_Run] = []
    for lfs in votes.runs(most_patterns):
        base = np.zeros((1, width)) if runs else looks.start
        if votes.n_codes > most_patterns:
            table = shared if runs else shared + base
            runs.append(_Run(lfs, looks.rows[lfs.start], table))
            continue
        for rows in looks.rows[lfs, : votes.n_codes]:
            base = (base[:, None] + shared[rows]).reshape(-1, width)
        runs.append(_Run(lfs, None, base))
    return runs


def _sums(
    votes: Votes, looks: LookUp, runs: list[_Run]
) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    if is_sparse(votes):
        yield from _sparse_sums(votes, looks)
        return
    if looks.likeness is None:
        for rows in _blocks(votes, runs):
            yield rows, _sum(votes, runs, rows)
        return
    lfs = np.arange(votes.n_lfs)[:, None]
    for rows, codes in votes.blocks():
        yield rows, looks.sums(looks.rows[lfs, codes].T)


def _sparse_sums(votes: SparseVotes, looks: LookUp) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Sums over the stored votes alone: what LFs add that are silent is added up once."""
    silent = looks.table[looks.rows[:, votes.abstain_code]]
    speaks = bool(silent.any())
    start = looks.start + silent.sum(axis=0)
    for rows in votes.chunks():
        row, lf, code = votes.cells(rows.start, rows.stop)
        n_rows, ones = rows.stop - rows.start, np.ones(len(row))
        indptr = np.searchsorted(row, np.arange(n_rows + 1))
        shape = n_rows, len(looks.table)
        held = sp.csr_array((ones, looks.rows[lf, code], indptr), shape=shape)
        if looks.likeness is not None:
            held = looks.counted(held)
        sums = start + held @ looks.table
        if speaks:
            sums -= sp.csr_array((ones, lf, indptr), shape=(n_rows, votes.n_lfs)) @ silent
        yield rows, np.asarray(sums)


def _blocks(votes: Votes, runs: list[_Run]) -> list[slice]:
    n_rows = max(1, BLOCK_CELLS // runs[0].table.shape[1])
    starts = range(0, votes.n_samples, n_rows)
    return [slice(start, min(start + n_rows, votes.n_samples)) for start in starts]


def _sum(votes: Votes, runs: list[_Run], rows: slice) -> NDArray[np.float64]:
    codes = votes.run_codes(rows.start, rows.stop, [run.lfs for run in runs])
    log_joint = runs[0].look_up(next(codes))
    for run, column in zip(runs[1:], codes, strict=True):
        log_joint += run.look_up(column)
    return log_joint
