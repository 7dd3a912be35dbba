"""Gold labels, and the set of classes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import column_or_1d

from .._utils import listed_values, plain, warn_user
from .codes import GoldLabels, Votes, is_text, lf_label
from .gold import UNLABELLED, _as_labels
from .reader import is_missing

# Rows drawn at random are seldom all of one class.
MANY_OF_ONE = 10


# Classes ------------------------------------------------------------------------------------------


def resolve_classes(
    classes: Any,
    abstain: Any,
    gold: GoldLabels,
    votes: Votes,
    lf: NDArray[np.intp],
    vote: NDArray[Any],
    class_balance: Any = None,
) -> NDArray[Any]:
    """The classes: those given; else y's where it labels every row; else all votes and gold labels.

    Where these are of one class only, a class balance that names more says which there are.

    Parameters
    ----------
    classes : array-like of shape (n_classes,) or None
        As the user gave them.
    abstain : scalar or None
        The abstain marker, which is no class.
    gold : GoldLabels
    votes : Votes
        Only to say where an unknown vote stands.
    lf, vote : ndarray of shape (n_symbols,)
        The LF and the value of every symbol.
    class_balance
        As the user gave it.

    Returns
    -------
    classes_ : ndarray of shape (n_classes,)

    Raises
    ------
    ValueError
        A vote or a gold label outside the given classes; numbers against strings.
    """
    if classes is not None:
        given = _given_classes(classes, abstain)
        check_votes_are_classes(given, votes)
        check_gold_is_class(given, gold)
        return given
    if len(gold.values) and gold.complete:
        _warn_of_other_votes(gold.values, votes, lf, vote)
        _warn_of_abstaining_class(gold.values, abstain, votes)
        return gold.values
    check_same_kind(votes.vote_values, gold.values)
    check_no_identifier(votes, lf, vote)
    union = _union(vote, gold.values)
    warn_of_suspects(union, votes, lf, vote)
    if len(union) == 1 and isinstance(class_balance, Mapping):
        return (
            _given_classes(sorted(class_balance), abstain) if union[0] in class_balance else union
        )
    if len(union) == 1:
        warn_user(
            f"All votes name one class, {plain(union[0])!r}, so every row gets it. Say which classes "
            "there are with `classes`."
        )
    return union


def class_index(values: NDArray[Any], classes: NDArray[Any]) -> NDArray[np.intp]:
    """Position of each value in classes; n_classes for a value that is no class."""
    position = {label: i for i, label in enumerate(classes.tolist())}
    return np.array([position.get(v, len(classes)) for v in values.tolist()], dtype=np.intp)


def check_votes_are_classes(classes: NDArray[Any], votes: Votes) -> None:
    """Raise a ValueError at the first vote that is none of the given classes."""
    unknown = np.flatnonzero(class_index(votes.values, classes) == len(classes))
    unknown = unknown[unknown != votes.abstain_code]
    found = votes.first_cell(unknown) if len(unknown) else None
    if found is not None:
        row, lf, value = found
        raise ValueError(
            f"{lf_label(votes.names, lf)}, row {row}: the vote {value!r} is none of the classes "
            f"{listed_values(classes)}. Correct it, add it to `classes`, or name it as the marker `abstain`."
        )


def _given_classes(classes: Any, abstain: Any) -> NDArray[Any]:
    if isinstance(classes, set | frozenset):
        raise ValueError("`classes` is a set, which has no order; give a list.")
    labels = _as_labels(classes if hasattr(classes, "shape") else list(classes))
    if labels.ndim != 1 or labels.dtype.kind not in "biuf":
        labels = column_or_1d(labels)
    if not len(labels):
        raise ValueError("`classes` is empty; name at least one class.")
    if any(is_missing(label) for label in labels.tolist()):
        raise ValueError("`classes` holds a missing value, which means abstain.")
    if len({isinstance(label, str) for label in labels.tolist()}) > 1:
        raise ValueError("`classes` mixes numbers with strings; write every class in one way.")
    if abstain in labels.tolist():
        raise ValueError(
            f"`classes` holds {abstain!r}, which is the abstain marker. Leave it out, or set `abstain` to "
            "another value (None where missing values alone abstain)."
        )
    duplicates = {label for label in labels.tolist() if labels.tolist().count(label) > 1}
    if duplicates:
        raise ValueError(f"`classes` names {sorted(duplicates)[0]!r} more than once.")
    return labels


def check_gold_is_class(classes: NDArray[Any], gold: GoldLabels) -> None:
    """Raise a ValueError at the first gold label that is none of the classes."""
    unknown = np.flatnonzero(class_index(gold.values, classes) == len(classes))
    if len(unknown):
        row = int(np.flatnonzero(gold.codes == unknown[0])[0])
        raise ValueError(
            f"y, row {row}: the gold label {plain(gold.values[unknown[0]])!r} is none of the classes "
            f"{listed_values(classes)}. Correct it or add it to `classes`."
        )


def check_same_kind(
    votes: NDArray[Any], labels: NDArray[Any], names: tuple[str, str] = ("votes", "labels")
) -> None:
    """Raise a ValueError where one of two arrays of values holds numbers and the other strings."""
    if len(votes) and len(labels) and is_text(votes) != is_text(labels):
        raise ValueError(
            f"The {names[0]} (such as {plain(votes[-1])!r}) and the {names[1]} (such as "
            f"{plain(labels[0])!r}) are of unlike kinds, so none of them agree. Write both as numbers or "
            "both as strings."
        )


def _warn_of_other_votes(
    labels: NDArray[Any], votes: Votes, lf: NDArray[np.intp], vote: NDArray[Any]
) -> None:
    others = class_index(vote, labels) == len(labels)
    if others.any():
        counts_as_class = UNLABELLED in labels.tolist()
        hint = (
            "-1 counts as a class, as y holds one other label only; if it marks rows without a label, give `classes`, "
            "or mark them by None or NaN. "
            if counts_as_class
            else ""
        )
        warn_user(
            f"{hint}The votes {listed_values(np.unique(vote[others]))} are none of y's classes "
            f"{listed_values(labels)}; they are kept as symbols whose meaning is learned (first: "
            f"{lf_label(votes.names, int(lf[others][0]))}). If they are classes, give `classes`."
        )


def _warn_of_abstaining_class(labels: NDArray[Any], abstain: Any, votes: Votes) -> None:
    if abstain in labels.tolist() and votes.abstain_code < len(votes.values):
        warn_user(
            f"{abstain!r} is a class of y, but a vote of {abstain!r} is an abstain. If it is a vote for the "
            "class, set `abstain` to another value (None where missing values alone abstain)."
        )


def _union(vote: NDArray[Any], labels: NDArray[Any]) -> NDArray[Any]:
    if not len(labels):
        return np.unique(vote)
    union = np.unique(np.concatenate([vote, labels.astype(object) if is_text(labels) else labels]))
    if union.dtype.kind == "f" and np.array_equal(union, np.rint(union)):
        return union.astype(np.int64)
    return union


def warn_of_gold_of_one_class(
    gold: GoldLabels, classes: NDArray[Any], named: Any, class_balance: Any
) -> None:
    """Warn where ten gold labels or more are all of one class, from which a class prior is to be learned.

    Parameters
    ----------
    gold : GoldLabels
    classes : ndarray of shape (n_classes,)
    named, class_balance
        `classes` and `class_balance` of the label model. Who gives either knows what there is besides the labels.
    """
    if named is not None or not (class_balance is None or isinstance(class_balance, str)):
        return
    if len(gold.values) == 1 < len(classes) and gold.n_labelled >= MANY_OF_ONE:
        warn_user(
            f"All {gold.n_labelled} gold labels are {plain(gold.values[0])!r}, as if hardly a row were of another "
            "class. Label rows drawn at random, give class_balance, or leave these labels out (gold='ignore'); to "
            "name the `classes` says that it is meant."
        )


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
