"""Votes on several labels, in the four forms that they come in, as a label matrix for each label."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import _num_samples

from .._utils import check_row_order, is_comparable, kind_of, listed, plain, quoted
from .._utils.tables import is_arrow
from .._votes.containers import check_container, column_of, is_table, without_masked
from .._votes.reader import is_missing

if TYPE_CHECKING:
    from .._utils.types import RecordsLike, VoteMatrix, VotesByLabel

Each = TypeVar("Each")

FORMS = (
    "a dict from label to L, a DataFrame with two levels of columns (label, LF), a 3-d array of shape (n_samples, "
    "n_labels, n_lfs), or a table whose cells are lists or sets of labels"
)

MOST_NAMES = 5


def votes_by_label(X: VotesByLabel, labels: Sequence[Hashable] | None) -> dict[Hashable, Any]:
    """The label matrix of each label.

    Parameters
    ----------
    X : dict, DataFrame, array or list
        As of `MultilabelClassifier.fit`.
    labels : sequence of n_labels labels or None
        None takes those of X.

    Returns
    -------
    votes : dict
        From label to L, in the order of the labels.

    Raises
    ------
    ValueError, TypeError
        X of none of the forms; labels that are not those of X; unlike numbers of rows.
    """
    if isinstance(X, Mapping):
        _check_labels(X, "X")
        votes = dict(X)
    elif getattr(getattr(X, "columns", None), "nlevels", 1) == 2:
        frame: Any = X
        labels_of_frame = dict.fromkeys(frame.columns.get_level_values(0))
        _check_labels(labels_of_frame, "X")
        votes = {label: frame[label] for label in labels_of_frame}
    elif isinstance(X, np.ndarray) and X.ndim == 3:
        names = range(X.shape[1]) if labels is None else labels
        if X.shape[1] != len(names):
            raise ValueError(f"X has votes on {X.shape[1]} labels, and there are {len(names)}.")
        votes = {label: X[:, j] for j, label in enumerate(names)}
    else:
        return _votes_of_sets(X, labels)
    if not votes:
        raise ValueError("X holds no label.")
    n_samples_of(votes)
    return votes if labels is None else in_order(votes, labels)


def labels_given(labels: ArrayLike) -> list[Hashable]:
    """The labels and their order, as the parameter says; a ValueError where some is no label or is there twice."""
    given: Any = labels
    if isinstance(given, set | frozenset) or getattr(given, "ndim", 1) != 1:
        raise ValueError(f"labels is {kind_of(given)}; pass a list of labels in their order.")
    found = [plain(label) for label in given]
    _check_labels(found, "labels")
    again = [i for i, label in enumerate(found) if label in found[:i]]
    if again:
        raise ValueError(
            f"labels holds {quoted(found[again[0]])} twice, at {found.index(found[again[0]])} and {again[0]}; name "
            "each label once."
        )
    return found


def _check_labels(labels: Iterable[object], of: str) -> None:
    wrong = [label for label in labels if is_missing(label) or not is_comparable(label)]
    if wrong:
        raise ValueError(
            f"{of} holds {quoted(wrong[0])} in place of a label; name each label by a string or a number."
        )


def check_rows(X: VotesByLabel, **more: object) -> None:
    """Raise a ValueError where the votes of some labels, or y or weights, have the same index in another order."""
    if not isinstance(X, Mapping):
        check_row_order(X=X, **more)
        return
    names = [f"X[{quoted(label)}]" for label in X]
    if len(set(names)) < len(names):
        # Long labels that begin alike are quoted alike.
        names = [f"list(X.values())[{j}]" for j in range(len(names))]
    check_row_order(**dict(zip(names, X.values(), strict=True)), **more)


def in_order(
    votes: Mapping[Hashable, Each], labels: Sequence[Hashable], name: str = "X"
) -> dict[Hashable, Each]:
    """What there is of each label, in the order of the labels; `name` is what users know it by."""
    strange = [quoted(label) for label in votes if label not in labels]
    absent = [quoted(label) for label in labels if label not in votes]
    if strange or absent:
        faults = [f"lacks {listed(absent, MOST_NAMES)}"] if absent else []
        faults += [f"has {listed(strange, MOST_NAMES)} besides"] if strange else []
        raise ValueError(
            f"The labels are {listed([quoted(x) for x in labels], MOST_NAMES)}; {name} {' and '.join(faults)}."
        )
    return {label: votes[label] for label in labels}


def n_samples_of(votes: Mapping[Hashable, VoteMatrix]) -> int:
    rows = {label: _n_rows(label, L) for label, L in votes.items()}
    first = next(iter(rows))
    other = next((label for label in rows if rows[label] != rows[first]), first)
    if other != first:
        raise ValueError(
            f"label {quoted(first)} has votes on {rows[first]} rows, label {quoted(other)} on {rows[other]}; row i "
            "must be the same record for all labels."
        )
    return rows[first]


def _n_rows(label: Hashable, L: VoteMatrix) -> int:
    # The length of a path is no number of rows.
    if not isinstance(L, str):
        with suppress(TypeError):
            return int(_num_samples(L))
    try:
        check_container(L)
    except TypeError as error:
        raise TypeError(f"label {quoted(label)}: {error}") from error
    raise TypeError(
        f"label {quoted(label)}: L is {kind_of(L)}; pass a row for each record, a column for each LF."
    )


def _votes_of_sets(X: RecordsLike, labels: Sequence[Hashable] | None) -> dict[Hashable, Any]:
    """For each label whether the sets hold it: 1 or 0, NaN where there is no set."""
    import pandas as pd

    columns = _cells(X)
    if not columns:
        raise ValueError("X has no column; it needs one for each LF.")
    codes, sets = [], dict[Any, int]()
    for name, cells in columns:
        found = [_as_set(cell, name, row) for row, cell in enumerate(cells)]
        codes.append([sets.setdefault(each, len(sets)) for each in found])
    held = set().union(*(each for each in sets if each is not None))
    names = _sorted(held) if labels is None else labels
    if not names:
        raise ValueError("X names no label: all cells are empty or missing. Give `labels`.")
    strange = held - set(names)
    if strange:
        raise ValueError(
            f"X names {listed(sorted(map(quoted, strange)), MOST_NAMES)}, and the labels are "
            f"{listed([quoted(x) for x in names], MOST_NAMES)}."
        )
    table = np.array(codes, dtype=np.intp).T
    has = [[np.nan if each is None else float(label in each) for each in sets] for label in names]
    return {
        label: pd.DataFrame(np.array(has[j])[table], columns=[name for name, _ in columns])
        for j, label in enumerate(names)
    }


def _cells(X: RecordsLike) -> list[tuple[Hashable, list[object]]]:
    """Name and cells of each column of a table."""
    if is_table(X):
        names = X.column_names if is_arrow(X) else X.columns
        return [(name, column_of(X, j).tolist()) for j, name in enumerate(names)]
    if np.ma.isMaskedArray(X):
        X = without_masked(X)
    rows = list(X) if isinstance(X, list | tuple | np.ndarray) else []
    if not rows or not all(isinstance(row, list | tuple | np.ndarray) for row in rows):
        raise TypeError(f"X is {type(X).__name__}; it must be {FORMS}.")
    if len({len(row) for row in rows}) > 1:
        raise ValueError("The rows of X are of unlike lengths; each needs a cell for each LF.")
    return [(j, [row[j] for row in rows]) for j in range(len(rows[0]))]


def _as_set(cell: object, name: Hashable, row: int) -> frozenset[Any] | None:
    if isinstance(cell, list | tuple | set | frozenset | np.ndarray):
        strange = [quoted(label) for label in cell if not is_comparable(label)]
        if any(is_missing(label) for label in cell):
            strange.append("a missing value")
        if strange:
            raise ValueError(
                f"LF {quoted(name)}, row {row}: the set holds {strange[0]}, which is no label. X must be {FORMS}."
            )
        return frozenset(plain(label) for label in cell)
    if is_missing(cell):
        return None
    raise ValueError(
        f"LF {quoted(name)}, row {row}: {quoted(cell)} is no list or set of labels. X must be {FORMS}."
    )


def _sorted(labels: set[Any]) -> list[Any]:
    try:
        return sorted(labels)
    except TypeError:
        raise ValueError(
            f"X mixes labels of unlike kinds ({listed(sorted(map(quoted, labels)), MOST_NAMES)}). Write all of them in "
            "one way."
        ) from None
