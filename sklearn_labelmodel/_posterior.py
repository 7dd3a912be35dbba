"""From votes to probabilities: every vote looks up what it says of the classes, and a row adds up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from ._votes import Votes

# A table of so many cells stays in the cache, and so does a block of so many log-probabilities.
TABLE_CELLS = 1 << 17
BLOCK_CELLS = 1 << 16
# A pattern's table row costs about what so many rows do.
LEAST_PATTERNS, ROWS_PER_PATTERN = 16, 8


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
    code = np.searchsorted(votes.values, vote)
    code[code == len(votes.values)] = 0
    known = (votes.values[code] == vote) & (code != votes.abstain_code)
    symbols[lf[known], code[known]] = np.flatnonzero(known)
    return symbols


@dataclass(frozen=True)
class Evidence:
    """What votes say of the classes.

    Attributes
    ----------
    rows : ndarray of shape (n_lfs, n_values + 1), dtype intp
        The row of the table that each vote code looks up in each LF.
    table : ndarray of shape (n_rows, n_classes)
        Log-likelihoods under each class; a row of zeros says nothing.
    log_prior : ndarray of shape (n_classes,)
    """

    rows: NDArray[np.intp]
    table: NDArray[np.float64]
    log_prior: NDArray[np.float64]


def posterior(votes: Votes, evidence: Evidence) -> NDArray[np.float64]:
    """P(Y | votes) of every row, shape (n_samples, n_classes), each row adding up to 1."""
    proba = np.empty((votes.n_samples, len(evidence.log_prior)))
    runs = _runs(votes, evidence)
    if len(runs) == 1 and runs[0].rows is None:
        pattern_proba = _normalised(runs[0].table)
        for rows in _blocks(votes, runs):
            (codes,) = votes.run_codes(rows.start, rows.stop, [runs[0].lfs])
            np.take(pattern_proba, codes, axis=0, out=proba[rows], mode="clip")
        return proba
    for rows in _blocks(votes, runs):
        proba[rows] = _normalised(_sum(votes, runs, rows))
    return proba


def log_likelihood(votes: Votes, evidence: Evidence) -> NDArray[np.float64]:
    """Log P(votes) of every row, shape (n_samples,)."""
    values = np.empty(votes.n_samples)
    for rows, log_joint in summed(votes, evidence):
        values[rows] = logsumexp(log_joint, axis=1)
    return values


def summed(votes: Votes, evidence: Evidence) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Rows of each block, and the sum of their prior and votes, shape (n_rows, n_classes)."""
    runs = _runs(votes, evidence)
    for rows in _blocks(votes, runs):
        yield rows, _sum(votes, runs, rows)


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
    n_classes = len(evidence.log_prior)
    worth = min(votes.n_samples // ROWS_PER_PATTERN, TABLE_CELLS // n_classes)
    most_patterns = max(LEAST_PATTERNS, worth)
    # numpy.take copies a table that is not in order of rows, at every call.
    shared = np.ascontiguousarray(evidence.table)
    runs: list[_Run] = []
    for lfs in votes.runs(most_patterns):
        base = np.zeros((1, n_classes)) if runs else evidence.log_prior[None]
        if votes.n_codes > most_patterns:
            table = shared if runs else shared + base
            runs.append(_Run(lfs, evidence.rows[lfs.start], table))
            continue
        for rows in evidence.rows[lfs, : votes.n_codes]:
            base = (base[:, None] + shared[rows]).reshape(-1, n_classes)
        runs.append(_Run(lfs, None, base))
    return runs


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


def _normalised(log_joint: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows of log-probabilities as probabilities; by columns, of which there are few."""
    scores = np.ascontiguousarray(log_joint.T)
    scores -= scores.max(axis=0)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=0)
    return scores.T
