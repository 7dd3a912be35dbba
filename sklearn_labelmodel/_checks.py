"""Whether there are votes enough to learn accuracies from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._utils import warn_user
from ._votes import Votes, lf_label

LEAST_LFS = 3
LEAST_IDENTIFIED = 0.5
NAMED = 5


def check_any_vote(symbols: NDArray[Any]) -> None:
    """Raise a ValueError where no vote was observed.

    Parameters
    ----------
    symbols : ndarray of shape (n_symbols, ...)
        The votes that occur.
    """
    if not len(symbols):
        raise ValueError(
            "L holds no vote: every cell is the abstain marker or missing. Check the parameter `abstain`."
        )


def warn_unidentified(
    votes: Votes, lf: NDArray[np.intp], overlaps: NDArray[np.bool_], decides: str
) -> None:
    """Warn of labeling functions (LFs) whose accuracy the votes do not tell.

    Parameters
    ----------
    votes : Votes
    lf : ndarray of shape (n_symbols,)
        The LF of every vote that occurs.
    overlaps : ndarray of shape (n_lfs,), dtype bool
        Whether each LF shares a row with another LF.
    decides : str
        What decides in place of the votes.
    """
    if votes.n_lfs < LEAST_LFS:
        fault = f"{votes.n_lfs} LF{'s' if votes.n_lfs > 1 else ''}"
    else:
        alone = lf[~overlaps[lf]]
        if not len(alone):
            return
        alone = np.unique(alone)
        names = ", ".join(lf_label(votes.names, int(lf)) for lf in alone[:NAMED])
        more = ", ..." if len(alone) > NAMED else ""
        fault = f"LFs that share no row with another ({names}{more})"
    warn_user(
        f"The votes cannot identify the accuracies of {fault}; {decides}. At least three LFs that vote on "
        "common rows are needed."
    )


def warn_unidentified_prior(identified: float) -> None:
    """Warn of a class prior that the votes hardly tell.

    Parameters
    ----------
    identified : float
        In [0, 1]; see `RefinementProblem.identified`.
    """
    if identified < LEAST_IDENTIFIED:
        warn_user(
            "The votes cannot identify the class prior: only "
            f"{identified:.0%} of them are votes of LFs that cast several votes, in rows of two votes or more. The "
            "estimate leans towards uniform; give class_balance if you know the shares, or label some rows."
        )
