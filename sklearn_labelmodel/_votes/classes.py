"""Gold labels, and the set of classes."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .._utils import TIE, listed_values, plain, quoted, warn_user
from .._utils.spelling import NUMBERS_FOR_NO_VOTE, is_sign, spelling
from .coded_columns import values_of
from .codes import GoldLabels, SparseVotes, Votes, are_unlike, class_index, lf_label
from .gold import UNLABELLED, _as_labels
from .reader import is_missing, markers_of
from .suspects import (
    Symbols,
    check_no_identifier,
    check_no_scores,
    warn_of_layout,
    warn_of_lost_zeros,
    warn_of_marker_between,
    warn_of_suspects,
    warn_of_zeros,
)

if TYPE_CHECKING:
    from .._utils.types import ClassBalance, Marker, Ordered

# Rows drawn at random are seldom all of one class.
MANY_OF_ONE = 10


# Classes ------------------------------------------------------------------------------------------


def resolve_classes(
    classes: Iterable[Hashable] | None,
    abstain: Marker,
    gold: GoldLabels,
    votes: Votes,
    lf: NDArray[np.intp],
    vote: NDArray[Any],
    frequency: NDArray[np.float64],
    class_balance: ClassBalance | None = None,
) -> NDArray[Any]:
    """The classes: those given; else y's where it labels every row; else all votes and gold labels.

    Where these are of one class only, a class balance that names more says which there are.

    Parameters
    ----------
    classes : array-like of shape (n_classes,) or None
        As the user gave them.
    abstain : scalar, list of scalars or None
        The abstain markers, which are no classes.
    gold : GoldLabels
    votes : Votes
        Only to say where an unknown vote stands.
    lf, vote, frequency : ndarray of shape (n_symbols,)
        The LF, the value and the share of rows of every symbol.
    class_balance
        As the user gave it.

    Returns
    -------
    classes_ : ndarray of shape (n_classes,)

    Raises
    ------
    ValueError
        A vote or a gold label outside the given classes; numbers against strings; identifiers and scores among the
        votes.
    """
    if classes is not None:
        given = given_classes(classes, abstain)
        check_votes_are_classes(given, votes)
        check_gold_is_class(given, gold)
        return given
    symbols, labelled = Symbols(lf, vote, frequency), len(gold.values) > 0 and gold.complete
    _look_over(votes, symbols, labelled)
    if labelled:
        found = gold.values
        _warn_of_other_votes(found, votes, symbols)
        _warn_of_abstaining_class(found, abstain, votes)
    elif len(gold.values):
        check_same_kind(votes.vote_values, gold.values)
        check_no_scores(votes.names, symbols, gold)
        # As Python values: NumPy would round large whole numbers of unlike kinds.
        found = values_of({*map(_as_whole, (*np.unique(vote).tolist(), *gold.values.tolist()))})
    else:
        found = np.unique(vote)
    if found.dtype.kind not in "biuf" or not NUMBERS_FOR_NO_VOTE.isdisjoint(found.tolist()):
        warn_of_suspects(found, votes, symbols)
    return found if labelled or len(found) > 1 else _of_one(found, abstain, class_balance)


def _look_over(votes: Votes, symbols: Symbols, labelled: bool) -> None:
    """Look at all symbols once, and more closely where it may be that they are not what was meant."""
    if votes.n_rows < votes.n_lfs:
        warn_of_layout(votes)
    lf, vote, frequency = symbols
    # Zeros mark abstains only where abstains are rarer.
    if frequency[vote == 0].sum() > votes.n_lfs - frequency.sum() - TIE:
        warn_of_zeros(votes)
    if 0 < votes.abstain_code < len(votes.values) - 1:
        warn_of_marker_between(votes)
    if isinstance(votes, SparseVotes):
        warn_of_lost_zeros(votes, symbols)
    n_different = np.bincount(lf, minlength=votes.n_lfs)
    if n_different.max() > 2 or votes.names is not None:
        check_no_identifier(votes, symbols, n_different, labelled=labelled)


def _of_one(
    found: NDArray[Any], abstain: Marker, class_balance: ClassBalance | None
) -> NDArray[Any]:
    """The classes of a class balance where votes and labels name one of them, or none; else the one that they name."""
    if isinstance(class_balance, Mapping) and all(label in class_balance for label in found):
        return given_classes(sorted(class_balance), abstain)
    if not len(found):
        raise ValueError(
            "Neither votes nor labels name a class: scores, and votes that `vote_meanings` explains, do not. Say which "
            "classes there are with `classes`, such as classes=[0, 1]; of two, scores speak for the second."
        )
    if not isinstance(class_balance, Mapping):
        warn_user(
            f"All votes name one class, {quoted(found[0])}, so every row gets it. Say which classes "
            "there are with `classes`."
        )
    return found


def check_votes_are_classes(classes: NDArray[Any], votes: Votes) -> None:
    """Raise a ValueError at the first vote that is none of the given classes."""
    unknown = np.flatnonzero(class_index(votes.values, classes) == len(classes))
    unknown = unknown[unknown != votes.abstain_code]
    for block_rows, block in votes.blocks() if len(unknown) else ():
        rows, lfs = np.nonzero(np.isin(block.T, unknown))
        if len(rows):
            row = "" if votes.weight is not None else f", row {block_rows.start + int(rows[0])}"
            value = votes.values.tolist()[block[lfs[0], rows[0]]]
            raise ValueError(
                f"{lf_label(votes.names, int(lfs[0]))}{row}: the vote {quoted(value)} is none of the classes "
                f"{listed_values(classes)}. {_alike(value, classes)}Correct it, add it to `classes`, or name it as "
                "the marker `abstain`."
            )


def _alike(value: object, classes: NDArray[Any]) -> str:
    """That a vote is another spelling of a class, where it is one."""
    key = spelling(str(plain(value)))
    found = [label for label in classes.tolist() if spelling(str(label)) == key]
    return f"It is the class {quoted(found[0])} in another spelling. " if found else ""


def given_classes(classes: Iterable[Hashable], abstain: Marker) -> NDArray[Any]:
    """The classes that the user gave, checked, shape (n_classes,); a warning where they are no words."""
    labels = checked_classes(classes, abstain)
    texts = [label for label in labels.tolist() if isinstance(label, str)]
    signs = [text for text in texts if is_sign(text) and "+" not in texts]
    if signs:
        # As where all that occurs was given.
        warn_user(
            f'`classes` holds {quoted(signs[0])}, which looks like a mark for "no vote". If it is one, leave it out '
            f"and set abstain={quoted(signs[0])}."
        )
    return labels


def checked_classes(classes: Iterable[Hashable], abstain: Marker) -> NDArray[Any]:
    """As `given_classes`, without a warning."""
    if isinstance(classes, set | frozenset):
        raise ValueError("`classes` is a set, which has no order; give a list.")
    labels = _as_labels(classes if hasattr(classes, "shape") else list(classes))
    if labels.ndim != 1:
        raise ValueError(f"`classes` is no flat list of classes; its shape is {labels.shape}.")
    if not len(labels):
        raise ValueError("`classes` is empty; name at least one class.")
    if any(is_missing(label) for label in labels.tolist()):
        raise ValueError("`classes` holds a missing value, which means abstain.")
    if len({isinstance(label, str) for label in labels.tolist()}) > 1:
        raise ValueError("`classes` mixes numbers with strings; write every class in one way.")
    for marker in set(markers_of(abstain)) & set(labels.tolist()):
        raise ValueError(
            f"`classes` holds {quoted(marker)}, which is the abstain marker. Leave it out, or set `abstain` to "
            "another value (None where missing values alone abstain)."
        )
    duplicates = {label for label in labels.tolist() if labels.tolist().count(label) > 1}
    if duplicates:
        raise ValueError(f"`classes` names {quoted(sorted(duplicates)[0])} more than once.")
    return labels


def check_gold_is_class(classes: NDArray[Any], gold: GoldLabels) -> None:
    """Raise a ValueError at the first gold label that is none of the classes."""
    unknown = np.flatnonzero(class_index(gold.values, classes) == len(classes))
    if len(unknown):
        row = int(np.flatnonzero(gold.codes == unknown[0])[0])
        raise ValueError(
            f"y, row {row}: the gold label {quoted(gold.values[unknown[0]])} is none of the classes "
            f"{listed_values(classes)}. Correct it or add it to `classes`."
        )


def check_same_kind(
    votes: NDArray[Any], labels: NDArray[Any], names: tuple[str, str] = ("votes", "labels")
) -> None:
    """Raise a ValueError where one of two arrays of values holds numbers and the other strings."""
    if are_unlike(votes, labels):
        raise ValueError(
            f"The {names[0]} (such as {quoted(votes[-1])}) and the {names[1]} (such as "
            f"{quoted(labels[0])}) are of unlike kinds, so none of them agree. Write both as numbers or "
            "both as strings."
        )


def _warn_of_other_votes(labels: NDArray[Any], votes: Votes, symbols: Symbols) -> None:
    lf, vote, _ = symbols
    others = class_index(vote, labels) == len(labels)
    if others.any():
        remedy = (
            "Votes and labels are of unlike kinds: write both as numbers or both as strings."
            if are_unlike(vote, labels)
            else "If they are classes, give `classes`."
        )
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
            f"{lf_label(votes.names, int(lf[others][0]))}). {remedy}"
        )


def _warn_of_abstaining_class(labels: NDArray[Any], abstain: Marker, votes: Votes) -> None:
    marker = next((marker for marker in markers_of(abstain) if marker in labels.tolist()), None)
    if marker is not None and votes.abstain_code < len(votes.values):
        warn_user(
            f"{quoted(marker)} is a class of y, but a vote of {quoted(marker)} is an abstain. If it is a vote for the "
            "class, set `abstain` to another value (None where missing values alone abstain)."
        )


def _as_whole(value: Ordered) -> Ordered:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def warn_of_gold_of_one_class(gold: GoldLabels) -> None:
    """Warn where ten gold labels or more are all of one class of several, from which a class prior is to be learned."""
    if gold.n_labelled >= MANY_OF_ONE:
        warn_user(
            f"All {gold.n_labelled} gold labels are {quoted(gold.values[0])}, as if hardly a row were of another "
            "class. Label rows drawn at random, give class_balance, or leave these labels out (gold='ignore'); to "
            "name the `classes` says that it is meant."
        )
