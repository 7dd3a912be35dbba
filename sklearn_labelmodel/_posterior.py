"""From votes to probabilities: every vote looks up what it says of the classes, and a row adds up.

Evidence tables hold, for each LF and vote code, the log-likelihood of that vote under each class.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from ._votes import Votes

# A table of so many cells stays in the cache, and so does a block of so many log-probabilities.
TABLE_CELLS = 1 << 17
BLOCK_CELLS = 1 << 16
LEAST_PATTERNS = 16


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


def posterior(
    votes: Votes, tables: NDArray[np.float64], log_prior: NDArray[np.float64]
) -> NDArray[np.float64]:
    """P(Y | votes) of every row, shape (n_samples, n_classes), each row adding up to 1.

    Parameters
    ----------
    votes : Votes
    tables : ndarray of shape (n_lfs, n_values + 1, n_classes)
        Evidence of each vote code; zero where it has none.
    log_prior : ndarray of shape (n_classes,)
    """
    proba = np.empty((votes.n_samples, len(log_prior)))
    runs, run_tables = _joint_tables(votes, tables, log_prior)
    if len(runs) == 1:
        pattern_proba = _normalised(run_tables[0])
        for rows, (codes,) in _blocks(votes, runs, len(log_prior)):
            np.take(pattern_proba, codes, axis=0, out=proba[rows], mode="clip")
        return proba
    for rows, log_joint in _log_joint(votes, runs, run_tables):
        proba[rows] = _normalised(log_joint)
    return proba


def log_likelihood(
    votes: Votes, tables: NDArray[np.float64], log_prior: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Log P(votes) of every row, shape (n_samples,); parameters as for `posterior`."""
    values = np.empty(votes.n_samples)
    runs, run_tables = _joint_tables(votes, tables, log_prior)
    for rows, log_joint in _log_joint(votes, runs, run_tables):
        values[rows] = logsumexp(log_joint, axis=1)
    return values


def _joint_tables(
    votes: Votes, tables: NDArray[np.float64], log_prior: NDArray[np.float64]
) -> tuple[list[slice], list[NDArray[np.float64]]]:
    """Runs of LFs, and each run's evidence for every pattern of its votes; the first holds the prior."""
    n_classes = len(log_prior)
    runs = votes.runs(max(LEAST_PATTERNS, min(votes.n_samples, TABLE_CELLS // n_classes)))
    joined = []
    for lfs in runs:
        table = np.zeros((1, n_classes)) if joined else log_prior[None]
        for evidence in tables[lfs, : votes.n_codes]:
            table = (table[:, None] + evidence).reshape(-1, n_classes)
        joined.append(table)
    return runs, joined


def _blocks(
    votes: Votes, runs: list[slice], n_classes: int
) -> Iterator[tuple[slice, Iterator[NDArray[np.intp]]]]:
    n_rows = max(1, BLOCK_CELLS // n_classes)
    for start in range(0, votes.n_samples, n_rows):
        stop = min(start + n_rows, votes.n_samples)
        yield slice(start, stop), votes.run_codes(start, stop, runs)


def _log_joint(
    votes: Votes, runs: list[slice], run_tables: list[NDArray[np.float64]]
) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Log P(votes, Y) of each block of rows."""
    for rows, codes in _blocks(votes, runs, run_tables[0].shape[1]):
        log_joint = np.take(run_tables[0], next(codes), axis=0)
        for table, column in zip(run_tables[1:], codes, strict=True):
            log_joint += np.take(table, column, axis=0)
        yield rows, log_joint


def _normalised(log_joint: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows of log-probabilities as probabilities; by columns, of which there are few."""
    scores = np.ascontiguousarray(log_joint.T)
    scores -= scores.max(axis=0)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=0)
    return scores.T
