"""Votes on several labels, in the four forms that they come in, as a label matrix for each label."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from sklearn.utils.validation import _num_samples

from .._utils import check_row_order, listed, plain, quoted
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
        votes = dict(X)
    elif getattr(getattr(X, "columns", None), "nlevels", 1) == 2:
        frame: Any = X
        labels_of_frame = dict.fromkeys(frame.columns.get_level_values(0))
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


def check_rows(X: VotesByLabel, **more: object) -> None:
    """Raise a ValueError where the votes of some labels, or y or weights, have the same index in another order."""
    votes = X if isinstance(X, Mapping) else {}
    named = {f"X[{plain(label)!r}]": L for label, L in votes.items()} or {"X": X}
    check_row_order(**named, **more)


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
    rows = {label: _num_samples(L) for label, L in votes.items()}
    first = next(iter(rows))
    other = next((label for label in rows if rows[label] != rows[first]), first)
    if other != first:
        raise ValueError(
            f"label {quoted(first)} has votes on {rows[first]} rows, label {quoted(other)} on {rows[other]}; row i "
            "must be the same record for all labels."
        )
    return rows[first]


def _votes_of_sets(X: RecordsLike, labels: Sequence[Hashable] | None) -> dict[Hashable, Any]:
    """For each label whether the sets hold it: 1 or 0, NaN where there is no set."""
    import pandas as pd

    columns = _cells(X)
    codes, sets = {}, dict[Any, int]()
    for name, cells in columns.items():
        found = [_as_set(cell, name, row) for row, cell in enumerate(cells)]
        codes[name] = [sets.setdefault(each, len(sets)) for each in found]
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
    table = pd.DataFrame(codes).to_numpy()
    has = [[np.nan if each is None else float(label in each) for each in sets] for label in names]
    return {
        label: pd.DataFrame(np.array(has[j])[table], columns=list(columns))
        for j, label in enumerate(names)
    }


def _cells(X: RecordsLike) -> dict[Hashable, list[object]]:
    """Cells of each column of a table, by its name."""
    if hasattr(X, "iloc") and hasattr(X, "columns"):
        return {name: X.iloc[:, j].tolist() for j, name in enumerate(X.columns)}
    if hasattr(X, "columns"):
        frame: Any = X
        return {name: frame[name].to_list() for name in frame.columns}
    rows = list(X) if isinstance(X, list | tuple | np.ndarray) else []
    if not rows or not all(isinstance(row, list | tuple | np.ndarray) for row in rows):
        raise TypeError(f"X is {type(X).__name__}; it must be {FORMS}.")
    if len({len(row) for row in rows}) > 1:
        raise ValueError("The rows of X are of unlike lengths; each needs a cell for each LF.")
    return {j: [row[j] for row in rows] for j in range(len(rows[0]))}


def _as_set(cell: object, name: Hashable, row: int) -> frozenset[Any] | None:
    if isinstance(cell, list | tuple | set | frozenset | np.ndarray):
        labels = frozenset(plain(label) for label in cell)
        if any(is_missing(label) for label in labels):
            raise ValueError(
                f"LF {quoted(name)}, row {row}: the set holds a missing value, which is no label."
            )
        return labels
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
