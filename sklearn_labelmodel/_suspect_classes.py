"""Values that would be classes and hardly are: identifiers, words for "no vote", spellings of another class."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._utils import warn_user
from ._votes import Votes, is_text, lf_label

# An LF with more different votes than this, and than this share of the rows, is an identifier or a text.
MOST_LONE_VOTES, IDENTIFIER_SHARE = 200, 0.8
# Fewer and a smaller share are enough where hardly any of them is another LF's vote too.
MOST_UNSHARED_VOTES, UNSHARED_ROWS, UNSHARED_SHARE = 20, 0.1, 0.95
MARKS = {
    "",
    "-",
    "-1",
    "?",
    "<na>",
    "abstain",
    "missing",
    "n/a",
    "na",
    "nan",
    "nat",
    "none",
    "null",
}
MARKS |= {"unknown", "unlabeled", "unlabelled"}


def check_no_identifier(votes: Votes, lf: NDArray[np.intp], vote: NDArray[Any]) -> None:
    """Raise a ValueError where an LF casts so many different votes that it is no LF, and each would be a class.

    Parameters
    ----------
    votes : Votes
    lf, vote : ndarray of shape (n_symbols,)
        The LF and the value of every symbol.
    """
    n_different = np.bincount(lf, minlength=1)
    _, code, n_lfs = np.unique(vote, return_inverse=True, return_counts=True)
    n_unshared = np.bincount(lf, n_lfs[code] == 1, minlength=1)
    alone = np.count_nonzero(n_different) == 1
    # Of a few fractional votes, reading them has warned.
    fractional = vote.dtype.kind == "f"
    suspect = n_different > max(MOST_LONE_VOTES, IDENTIFIER_SHARE * votes.n_samples)
    if not (alone or fractional):
        many = n_different > max(MOST_UNSHARED_VOTES, UNSHARED_ROWS * votes.n_samples)
        suspect |= many & (n_unshared > UNSHARED_SHARE * n_different)
    if not suspect.any():
        return
    worst = int(np.argmax(n_different * suspect))
    raise ValueError(
        f"{lf_label(votes.names, worst)} casts {n_different[worst]} different votes in {votes.n_samples} rows, "
        "each of which would be a class. If the column is an identifier or a text, leave it out; if a row holds one "
        "vote with its item and its voter, pivot the table so that each voter has a column; if these are classes, "
        "name them (`classes`)."
    )


def warn_of_suspects(
    classes: NDArray[Any], votes: Votes, lf: NDArray[np.intp], vote: NDArray[Any]
) -> None:
    """Warn of classes that look like words for "no vote", and of those that differ in spelling only.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        As found among votes and gold labels.
    votes, lf, vote
        As in `check_no_identifier`.
    """
    if not is_text(classes):
        return
    spellings = defaultdict(list)
    for label in classes.tolist():
        spellings[label.strip().casefold()].append(label)
    for label in (label for mark in MARKS & spellings.keys() for label in spellings[mark]):
        places = lf[vote == label]
        where = lf_label(votes.names, int(places[0])) if len(places) else "y"
        remedy = (
            f"set abstain={label!r} or replace it by None"
            if len(places)
            else "mark rows without a label by None or NaN"
        )
        warn_user(
            f"{label!r} (in {where}) counts as a class, but looks like a mark. If it is one, {remedy}; if it is a "
            "class, name all of them (`classes`)."
        )
    alike = [labels for labels in spellings.values() if len(labels) > 1]
    if alike:
        warn_user(
            f"{_joined(alike[0])} differ in case or blanks only, and count as {len(alike[0])} classes"
            + (f" (as do others: {len(alike)} groups in all)" if len(alike) > 1 else "")
            + ". Write each class in one way, as by str.strip().lower(), or name the classes (`classes`)."
        )


def _joined(labels: list[str]) -> str:
    return ", ".join(map(repr, labels[:-1])) + f" and {labels[-1]!r}"
