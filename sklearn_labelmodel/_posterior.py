"""From votes to probabilities: every vote looks up what it says of the classes, and a row adds up.

Evidence tables hold, for each LF and vote code, the log-likelihood of that vote under each class.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, softmax

from ._votes import Votes

TABLE_ROWS = 4096
BLOCK_CELLS = 1 << 18


def find_symbols(
    votes: Votes, lf: NDArray[np.intp], vote: NDArray[Any]
) -> NDArray[np.intp]:
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
    for start, log_joint in _log_joint(votes, tables, log_prior):
        proba[start : start + len(log_joint)] = softmax(log_joint, axis=1)
    return proba


def log_likelihood(
    votes: Votes, tables: NDArray[np.float64], log_prior: NDArray[np.float64]
) -> NDArray[np.float64]:
    """log P(votes) of every row, shape (n_samples,); parameters as for `posterior`."""
    values = np.empty(votes.n_samples)
    for start, log_joint in _log_joint(votes, tables, log_prior):
        values[start : start + len(log_joint)] = logsumexp(log_joint, axis=1)
    return values


def _log_joint(
    votes: Votes, tables: NDArray[np.float64], log_prior: NDArray[np.float64]
) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """First row and log P(votes, Y) of each block of rows."""
    groups = _join_tables(tables)
    n_rows = max(1, BLOCK_CELLS // max(len(log_prior), votes.n_lfs))
    for start, codes in votes.blocks(n_rows):
        log_joint = np.tile(log_prior, (codes.shape[1], 1))
        for lfs, table in groups:
            log_joint += table[_joint_code(codes[lfs], tables.shape[1])]
        yield start, log_joint


def _join_tables(tables: NDArray[np.float64]) -> list[tuple[slice, NDArray[np.float64]]]:
    """Tables of runs of LFs, with a row for each combination of their codes."""
    n_lfs, n_codes, n_classes = tables.shape
    together = max(1, int(np.log(TABLE_ROWS) / np.log(n_codes)))
    groups = []
    for start in range(0, n_lfs, together):
        lfs = slice(start, min(start + together, n_lfs))
        joined = np.zeros((1, n_classes))
        for table in tables[lfs]:
            joined = (joined[:, None] + table).reshape(-1, n_classes)
        groups.append((lfs, joined))
    return groups


def _joint_code(codes: NDArray[Any], n_codes: int) -> NDArray[np.intp]:
    joint = codes[0].astype(np.intp)
    for column in codes[1:]:
        joint *= n_codes
        joint += column
    return joint
