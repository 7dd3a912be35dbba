"""Gold labels, and the set of classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import assert_all_finite, column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from ._suspect_classes import check_no_identifier, warn_of_suspects
from ._utils import listed_values, plain, warn_user
from ._vote_reader import is_missing
from ._votes import Votes, is_text, lf_label

UNLABELLED = -1
# Rows drawn at random are seldom all of one class.
MANY_OF_ONE = 10


@dataclass(frozen=True)
class GoldLabels:
    """Trusted labels of some or all rows.

    Attributes
    ----------
    values : ndarray of shape (n_values,)
        Sorted distinct labels.
    codes : ndarray of shape (n_samples,), dtype intp
        Index of each row's label in `values`; n_values where the row is unlabelled.
    """

    values: NDArray[Any]
    codes: NDArray[np.intp]

    @property
    def n_labelled(self) -> int:
        if not len(self.values):
            return 0
        return int(np.count_nonzero(self.codes < len(self.values)))

    @property
    def complete(self) -> bool:
        """Whether every row is labelled."""
        return self.n_labelled == len(self.codes)


def no_gold(n_samples: int) -> GoldLabels:
    """Gold labels of no row; they take no memory."""
    return GoldLabels(np.array([], dtype=np.intp), np.broadcast_to(np.intp(0), n_samples))


def read_gold(y: Any, n_samples: int, *, classes: Any = None) -> GoldLabels:
    """Read y, in which -1 ("-1" among strings) or a missing value marks an unlabelled row.

    -1 is itself a class where `classes` names it, or where no classes are given and taking the -1 away
    would leave a single one.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or None
        Class labels, numbers or strings.
    n_samples : int
        Rows of the label matrix.
    classes : array-like or None, default=None
        The classes, where they are known.

    Raises
    ------
    ValueError
        y has another length, is continuous, infinite, or mixes numbers with strings.
    """
    if y is None:
        return no_gold(n_samples)
    labels = column_or_1d(_as_labels(y), warn=True)
    if len(labels) != n_samples:
        raise ValueError(
            f"Found input variables with inconsistent numbers of samples: L has {n_samples} rows, "
            f"y has {len(labels)} labels. Mark rows without a gold label with -1 or a missing value."
        )
    known = ~_missing_mask(labels)
    if labels.dtype.kind == "O" and is_text(labels):
        known[known] = [isinstance(gold, str) or gold != UNLABELLED for gold in labels[known]]
    values = _distinct_labels(labels[known])
    marker = str(UNLABELLED) if is_text(values) else UNLABELLED
    marked = np.asarray(values == marker) if len(values) else np.zeros(0, bool)
    is_class = len(values) == 2 if classes is None else marker in list(classes)
    if marked.any() and not is_class:
        known[known] = labels[known] != marker
        values = values[~marked]
    codes = np.full(n_samples, len(values), dtype=np.intp)
    codes[known] = np.searchsorted(values, labels[known])
    return GoldLabels(values, codes)


def _as_labels(y: Any) -> NDArray[Any]:
    labels = np.asarray(y)
    if labels.dtype.kind in "US" and isinstance(y, list | tuple):
        # NumPy writes a list's None and NaN as strings.
        return np.array(y, dtype=object)
    return labels


def _missing_mask(labels: NDArray[Any]) -> NDArray[np.bool_]:
    if labels.dtype.kind == "f":
        return np.isnan(labels)
    if labels.dtype.kind != "O":
        return np.zeros(len(labels), dtype=bool)
    import pandas as pd

    return np.asarray(pd.isna(labels))


def _distinct_labels(labels: NDArray[Any]) -> NDArray[Any]:
    if not len(labels):
        return np.array([], dtype=np.intp)
    if labels.dtype.kind == "O":
        if len({isinstance(label, str) for label in labels}) > 1:
            raise ValueError("y mixes numbers with strings; write every class label in one way.")
        if not isinstance(labels[0], str):
            labels = np.array(labels.tolist())
    if labels.dtype.kind == "f":
        assert_all_finite(labels, input_name="y")
    check_classification_targets(labels)
    return np.unique(labels)


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
