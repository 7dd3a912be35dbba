"""Votes that leave several classes open, as `vote_meanings` says them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .._utils import as_objects, listed_values, plain, quoted
from .codes import Votes, class_index, is_bin, without_bins
from .encoding import renamed

if TYPE_CHECKING:
    from .._utils.types import VoteMeanings


def open_classes(
    vote_meanings: VoteMeanings | None, classes: NDArray[Any]
) -> dict[Hashable, NDArray[np.intp]]:
    """Which classes each vote leaves open.

    Parameters
    ----------
    vote_meanings : dict of vote to list of classes, or None
    classes : ndarray of shape (n_classes,)

    Raises
    ------
    ValueError
        A meaning that is empty or holds what is no class; a vote for a class that is said to mean others.
    """
    return {
        vote: _places(plain(vote), _listed(plain(vote), meant), classes)
        for vote, meant in (vote_meanings or {}).items()
    }


def _listed(vote: Hashable, meant: Hashable | Iterable[Hashable]) -> list[Hashable]:
    if isinstance(meant, str) or not isinstance(meant, Iterable):
        return [meant]
    if isinstance(meant, Mapping):
        raise ValueError(
            f"vote_meanings says that the vote {quoted(vote)} means a dict. Its keys are votes, whichever LF casts "
            "them; name the classes that each leaves open, such as {'A or B': ['A', 'B']}."
        )
    return [plain(label) for label in meant]


def _places(vote: Hashable, meant: list[Hashable], classes: NDArray[Any]) -> NDArray[np.intp]:
    if not meant:
        raise ValueError(
            f"vote_meanings says that the vote {quoted(vote)} leaves no class open. Name one at least, or name it as "
            "the marker `abstain`."
        )
    places = class_index(as_objects(meant), classes)
    if (places == len(classes)).any():
        unknown = meant[int(np.flatnonzero(places == len(classes))[0])]
        raise ValueError(
            f"vote_meanings says that the vote {quoted(vote)} means {quoted(unknown)}, which is none of the classes "
            f"{listed_values(classes)}. Correct it, or name all classes with `classes`."
        )
    if vote in classes.tolist() and meant != [vote]:
        raise ValueError(
            f"vote_meanings says that the vote {quoted(vote)} means {listed_values(meant)}, and it is a class itself. "
            "Leave it out, or give the vote another name."
        )
    return np.unique(places)


def literal(
    lf: NDArray[np.intp],
    vote: NDArray[Any],
    frequency: NDArray[np.float64],
    vote_meanings: VoteMeanings | None,
) -> tuple[NDArray[np.intp], NDArray[Any], NDArray[np.float64]]:
    """The symbols that are neither bins of scores nor votes with a meaning of their own."""
    bins = is_bin(vote)
    if not (bins.any() or vote_meanings):
        return lf, vote, frequency
    known = [value in (vote_meanings or {}) for value in vote.tolist()]
    chosen = ~(bins | np.array(known, dtype=bool))
    return lf[chosen], without_bins(vote, chosen), frequency[chosen]


def literal_votes(votes: Votes, vote_meanings: VoteMeanings | None) -> Votes:
    """The votes, in which those with a meaning of their own abstain."""
    if not vote_meanings:
        return votes
    return renamed(
        votes, {vote: vote for vote in votes.vote_values.tolist() if vote not in vote_meanings}
    )
