"""From votes to probabilities: every vote looks up what it says of the classes, and a row adds up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from .._votes.codes import Votes
from .combine import Evidence, normalised

# A table of so many cells stays in the cache, also beside others; one that makes others needless may be larger.
TABLE_CELLS, WHOLE_TABLE_CELLS = 1 << 15, 1 << 17


# Log-probabilities of a block of rows.
BLOCK_CELLS = 1 << 17


# A pattern's table row costs about what so many rows do.
LEAST_PATTERNS, ROWS_PER_PATTERN = 256, 8


def posterior(votes: Votes, evidence: Evidence) -> NDArray[np.float64]:
    """P(Y | votes) of every row, shape (n_samples, n_classes), each row adding up to 1."""
    proba = np.empty((votes.n_samples, len(evidence.log_prior)))
    runs = _runs(votes, evidence)
    if len(runs) == 1 and runs[0].rows is None and not evidence.is_weighed:
        pattern_proba = np.ascontiguousarray(normalised(evidence.log_joint(runs[0].table)).T)
        for rows in _blocks(votes, runs):
            (codes,) = votes.run_codes(rows.start, rows.stop, [runs[0].lfs])
            np.take(pattern_proba, codes, axis=0, out=proba[rows], mode="clip")
        return proba
    for rows, sums in _sums(votes, evidence, runs):
        proba[rows] = normalised(evidence.log_joint(sums)).T
    return proba


def log_likelihood(votes: Votes, evidence: Evidence) -> NDArray[np.float64]:
    """Log P(votes) of every row, shape (n_samples,)."""
    values = np.empty(votes.n_samples)
    for rows, sums in summed(votes, evidence):
        values[rows] = logsumexp(evidence.log_joint(sums), axis=0)
    return values


def summed(votes: Votes, evidence: Evidence) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Rows of each block, and the sum of what their votes look up, shape (n_rows, columns of the table)."""
    return _sums(votes, evidence, _runs(votes, evidence))


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


def _runs(votes: Votes, evidence: Evidence) -> list[_Run]:
    width = evidence.table.shape[1]
    n_classes = len(evidence.log_prior)
    whole = votes.n_codes**votes.n_lfs * n_classes <= WHOLE_TABLE_CELLS
    cells = WHOLE_TABLE_CELLS if whole else TABLE_CELLS
    worth = min(votes.n_samples // ROWS_PER_PATTERN, cells // n_classes)
    most_patterns = max(LEAST_PATTERNS, worth)
    # numpy.take copies a table that is not in order of rows, at every call.
    shared = np.ascontiguousarray(evidence.table)
    runs: list[_Run] = []
    for lfs in votes.runs(most_patterns):
        base = np.zeros((1, width)) if runs else evidence.nothing()
        if votes.n_codes > most_patterns:
            table = shared if runs else shared + base
            runs.append(_Run(lfs, evidence.rows[lfs.start], table))
            continue
        for rows in evidence.rows[lfs, : votes.n_codes]:
            base = (base[:, None] + shared[rows]).reshape(-1, width)
        runs.append(_Run(lfs, None, base))
    return runs


def _sums(
    votes: Votes, evidence: Evidence, runs: list[_Run]
) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    if not evidence.is_weighed:
        for rows in _blocks(votes, runs):
            yield rows, _sum(votes, runs, rows)
        return
    lfs = np.arange(votes.n_lfs)[:, None]
    for rows, codes in votes.blocks():
        yield rows, evidence.sums(evidence.rows[lfs, codes].T)


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
