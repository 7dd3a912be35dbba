"""Long tables, a row for each vote, as crowd platforms export them, made label matrices."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from .._utils import as_objects, quoted, warn_user
from .._utils.tables import is_arrow
from ._answers import AnswerReader, Codes, LabelMap
from ._records import Records, _no_column, missing

if TYPE_CHECKING:
    import polars as pl

    from .._utils.types import ArrowRows, RecordsLike

# A DataFrame of more cells would take more memory than its votes are worth.
MOST_CELLS = 10_000_000

READER = "votes_from_long"
# Of cells, votes or rows.
Places = NDArray[np.intp]

REPEATS = ("last", "first", "majority", "error")


class TextVotes(sp.csr_array):
    """Votes that are texts as a sparse array, which itself holds numbers only.

    Rows that are taken from it are of this kind too.

    Attributes
    ----------
    labels : ndarray of shape (n_labels,), dtype object
        The text that each stored entry stands for, sorted; an entry is an index of it.
    """

    labels: NDArray[np.object_] | None = None

    def __getitem__(self, key: object) -> Any:
        return self._with_labels(super().__getitem__(key))

    def copy(self) -> Any:
        """Return a copy with the same labels."""
        return self._with_labels(super().copy())

    def _with_labels(self, votes: sp.csr_array) -> sp.csr_array:
        if isinstance(votes, TextVotes):
            votes.labels = self.labels
        return votes


def votes_from_long(
    table: RecordsLike | ArrowRows,
    *,
    row: Hashable,
    voter: Hashable,
    label: Hashable,
    repeats: str = "last",
    weight: Hashable = None,
    label_map: LabelMap = None,
    normalize: bool = False,
    voters: ArrayLike | None = None,
) -> tuple[Any, NDArray[Any], NDArray[Any]]:
    """Make a label matrix of a table that has a row for each vote.

    Parameters
    ----------
    table : DataFrame (pandas or polars), pyarrow Table or array of shape (n_votes, n_columns)
    row, voter, label : hashable
        Columns, by name or position: what is voted on, who votes, and the vote. A missing label is no vote, and a
        warning says where the first one is.
    repeats : {"last", "first", "majority", "error"}, default="last"
        Which vote counts where a voter votes several times on one row: the last or the first of them in the table's
        order, the label of most of them (the last one on a tie), or none, as it is an error. "last" warns where
        such votes differ.
    weight : hashable, default=None
        For ``repeats="majority"``: a column of numbers, none negative, that the votes of one voter on one row
        weigh. None counts them.
    label_map : dict, function or None, default=None
        From an answer to its label, or to None for no vote. Answers that are not in the dict, or of which the
        function returns None, are no votes, and a warning lists them.
    normalize : bool, default=False
        Whether answers that differ in spelling only are one label: in case, blanks, quotes and Markdown's stars around
        it, final punctuation, Unicode form, signs without a width, "1.0" for "1". Labels are then in small letters and
        with blanks for "_" and "-"; with a label_map they are those of the map, whose keys match however spelled.
    voters : array-like of shape (n_voters,), default=None
        The columns of L: `voters` of an earlier call, where its label model is to predict. Votes of others are left
        out, with a warning. None takes all voters of the table.

    Returns
    -------
    L : DataFrame of shape (n_rows, n_voters), or CSR array where there are more than 10 million cells
        What every label model takes. The DataFrame has `rows` as index, `voters` as columns, and missing values
        where there is no vote. In the array the stored entries are votes: numbers themselves; of labels that are
        texts, indices of ``L.labels``, which label models read as these texts.
    rows : ndarray of shape (n_rows,)
        Sorted.
    voters : ndarray of shape (n_voters,)
        Sorted, or as given.

    Raises
    ------
    ValueError
        A column that is not there, no label at all; a missing or blank row or voter; labels or identifiers of which
        some are numbers and some texts; labels that are scores; repeats where they are an error; weights that are
        none. The message names the first row.

    See Also
    --------
    ColumnLF : The same for a table with a column for each voter.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_labelmodel import votes_from_long
    >>> answers = pd.DataFrame({
    ...     "task": ["t1", "t1", "t2", "t2", "t3"],
    ...     "worker": ["ann", "bob", "ann", "cy", "bob"],
    ...     "answer": ["Cat", "cat.", "dog", "Dog", "CAT"]})
    >>> L, tasks, workers = votes_from_long(
    ...     answers, row="task", voter="worker", label="answer", normalize=True)
    >>> L  # doctest: +NORMALIZE_WHITESPACE
    worker   ann   bob    cy
    task
    t1       cat   cat  None
    t2       dog  None   dog
    t3      None   cat  None
    """
    _check_options(repeats, weight)
    records = _records(table)
    row_codes, rows = _identifiers(_column(records, row))
    voter_codes, voters = _voters(_column(records, voter), voters)
    label_codes, labels = _labels(_column(records, label), label_map, normalize)
    weights = _weights(records, weight)
    voted = np.flatnonzero((label_codes >= 0) & (voter_codes >= 0))
    cell = row_codes[voted] * len(voters) + voter_codes[voted]
    chosen = _one_a_cell(cell, label_codes[voted], weights[voted], repeats)
    _tell_repeats(cell, label_codes[voted], repeats, lambda i: records.where(int(voted[i])), labels)
    counted = cell[chosen], label_codes[voted[chosen]], labels, (len(rows), len(voters))
    if len(rows) * len(voters) > MOST_CELLS:
        return _sparse(*counted), rows, voters
    L = _frame(*counted)
    L.index, L.columns = pd.Index(rows, name=row), pd.Index(voters, name=voter)
    return L, rows, voters


def _check_options(repeats: str, weight: Hashable) -> None:
    if repeats not in REPEATS:
        raise ValueError(
            f"{READER}: repeats is one of {', '.join(REPEATS)}, not {quoted(repeats)}."
        )
    if weight is not None and repeats != "majority":
        raise ValueError(
            f"{READER}: weight says how much repeated votes weigh, and repeats={quoted(repeats)} does not weigh them. "
            "Give repeats='majority', or leave weight out."
        )


# Columns ------------------------------------------------------------------------------------------


def _records(table: RecordsLike | ArrowRows) -> Records:
    if is_arrow(table):
        table = table.to_pandas(types_mapper=pd.ArrowDtype)
    records = Records(table)
    if not len(records):
        raise ValueError(f"{READER}: the table has no row.")
    return records


@dataclass(frozen=True, eq=False)
class Column:
    """A column of the table: its name, its cells as the table has them, and what names a row of it."""

    name: Hashable
    cells: pd.Series | np.ndarray
    where: Callable[[int], str]

    def __str__(self) -> str:
        return f"{READER}: column {quoted(self.name)}"

    def first(self, rows: NDArray[np.bool_]) -> tuple[str, str]:
        """The first of the rows that are marked, and the cell in it, as messages show them."""
        row = int(np.argmax(rows))
        cell = self.cells.iloc[row] if isinstance(self.cells, pd.Series) else self.cells[row]
        return self.where(row), quoted(cell)


def _column(records: Records, name: Hashable) -> Column:
    """A column: of pandas a Series, which often knows its distinct values best, else an array."""
    names = getattr(records.data, "columns", None)
    if names is not None and list(names).count(name) != 1 and not isinstance(name, int):
        index = getattr(records.data, "index", None)
        is_index = name in getattr(index, "names", [])
        remedy = " It is the index: pass table.reset_index()." if is_index else ""
        raise ValueError(f"{READER}: {_no_column(list(names), name, 'the table')}{remedy}")
    cells = records.select(name, READER)
    if str(getattr(cells, "dtype", "")) == "String" and hasattr(cells, "to_physical"):
        cells = _as_categories(cells)
    elif not isinstance(cells, pd.Series):
        cells = records.column(name, READER)
    return Column(name, cells, records.where)


def _as_categories(texts: pl.Series) -> pd.Series[Any]:
    """A polars column of texts as categories of pandas, without a Python string for each row."""
    import polars as pl

    numbers = texts.cast(pl.Categorical).to_physical().cast(pl.Int64).fill_null(-1).to_numpy()
    codes, distinct = pd.factorize(numbers)
    first = np.empty(len(distinct), dtype=np.intp)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    kept = distinct >= 0
    place = np.where(kept, np.cumsum(kept) - 1, -1)
    categories = pd.Index(texts.gather(first[kept]).to_list(), dtype=object)
    return pd.Series(pd.Categorical.from_codes(place[codes], categories=categories))


def _in_order(values: Sequence[Any]) -> tuple[Places, NDArray[Any]]:
    """The place of each of some distinct values in their order, and the values in order."""
    order = np.array(sorted(range(len(values)), key=values.__getitem__), dtype=np.intp)
    in_order = as_objects(values)[order]
    is_text = isinstance(values[0], str)
    return np.argsort(order), in_order if is_text else np.array(in_order.tolist())


def _identifiers(column: Column) -> tuple[Codes, NDArray[Any]]:
    """Codes of the distinct values of a column, none of them missing, and these in order."""
    codes, index = pd.factorize(column.cells)
    distinct = index.tolist()
    blank = [isinstance(value, str) and not value.strip() for value in distinct]
    without = np.array([*blank, True])[codes]
    if without.any():
        where, cell = column.first(without)
        raise ValueError(
            f"{column} says who voted on what, but {where} holds {cell}; such rows: {int(without.sum())}. Fill them "
            "in, or drop these rows."
        )
    _check_one_kind(codes, distinct, column)
    place, distinct_in_order = _in_order(distinct)
    return place[codes], distinct_in_order


def _voters(column: Column, voters: ArrayLike | None) -> tuple[Codes, NDArray[Any]]:
    """Codes of the voters, -1 for those that are not among the voters given, and the voters."""
    codes, found = _identifiers(column)
    if voters is None:
        return codes, found
    given = pd.Index(np.asarray(voters))
    if not given.is_unique:
        raise ValueError(
            f"{READER}: voters names {quoted(given[given.duplicated()][0])} more than once."
        )
    place = given.get_indexer(pd.Index(found))
    codes = place[codes]
    left_out = codes < 0
    if left_out.any():
        unknown = found[place < 0]
        warn_user(
            f"{READER}: {left_out.sum()} votes of {len(unknown)} who are not among the voters given are left out "
            f"(first: {quoted(unknown[0])}; {column.first(left_out)[0]} is the first such row)."
        )
    return codes, given.to_numpy()


def _labels(column: Column, label_map: LabelMap, normalize: bool) -> tuple[Codes, NDArray[Any]]:
    """Codes of the labels, -1 for no vote, and the labels in order."""
    without = missing(column.cells)
    if without.any():
        warn_user(
            f"{column} holds no label in {int(without.sum())} rows, which count as no vote (first: "
            f"{column.first(without)[0]}). If that is meant, drop these rows."
        )
    codes, labels = AnswerReader(label_map, normalize, READER, column.where).codes(column.cells)
    if not len(labels):
        raise ValueError(f"{column} holds no label.")
    _check_labels(codes, labels.tolist(), column)
    whole = [int(x) if isinstance(x, float) else x for x in labels.tolist()]
    place, labels_in_order = _in_order(whole)
    return np.append(place, -1)[codes], labels_in_order


def _check_labels(codes: Codes, labels: list[Hashable], column: Column) -> None:
    _check_one_kind(codes, labels, column)
    for code, label in enumerate(labels):
        fault = None
        if not isinstance(label, str | bool | int | float | np.number | np.bool_):
            fault = f"a {type(label).__name__}, which is no label. Use numbers or strings"
        elif not isinstance(label, str) and not float(label).is_integer():
            fault = "no label, as if the column held scores. Cut them first, as by label_map=lambda score: score > 0.5"
        if fault:
            where, _ = column.first(codes == code)
            raise ValueError(f"{column}, {where}: {quoted(label)} is {fault}.")


def _check_one_kind(codes: Codes, values: list[Hashable], column: Column) -> None:
    is_text = np.array([isinstance(value, str) for value in values])
    if is_text.all() or not is_text.any():
        return
    text, number = (
        f"{column.first(codes == code)[0]} holds {quoted(values[code])}"
        for code in (np.argmax(is_text), np.argmin(is_text))
    )
    raise ValueError(
        f"{column} mixes strings with numbers: {text}, and {number}. Write all of them in one way, as by "
        "table[column].astype(str); of labels, normalize=True does."
    )


def _weights(records: Records, name: Hashable) -> NDArray[np.float64]:
    if name is None:
        return np.ones(len(records))
    column = _column(records, name)
    numbers = pd.to_numeric(pd.Series(column.cells), errors="coerce")
    weights = numbers.to_numpy(np.float64, na_value=np.nan)
    wrong = ~(np.isfinite(weights) & (weights >= 0))
    if wrong.any():
        where, cell = column.first(wrong)
        raise ValueError(
            f"{column}, {where}: {cell} is no weight, which is a number of 0 or more; such rows: {int(wrong.sum())}."
        )
    return weights


# Repeated votes -----------------------------------------------------------------------------------


def _one_a_cell(cell: Places, label: Places, weight: NDArray[np.float64], repeats: str) -> Places:
    """Positions of the votes that count, one for each cell, in ascending order of the cells."""
    order = _order(cell)
    if repeats != "majority":
        return order[_starts(cell[order]) if repeats == "first" else _ends(cell[order])]
    # Of each cell's votes for one label the last stands for all, and weighs as much as they do.
    order = _order(label)
    order = order[_order(cell[order])]
    starts = _starts(cell[order], label[order])
    total = np.add.reduceat(weight[order], starts)
    last = order[_ends(cell[order], label[order])]
    winners = np.lexsort((last, total, cell[last]))
    return last[winners][_ends(cell[last][winners])]


def _order(key: Places) -> Places:
    """What sorts numbers that are not negative, equal ones staying in order; NumPy is quick at two bytes."""
    order = np.arange(len(key))
    for shift in range(0, int(key.max(initial=0)).bit_length(), 16):
        digits = ((key >> shift) & 0xFFFF).astype(np.uint16)
        order = order[np.argsort(digits[order], kind="stable")]
    return order


def _starts(*keys: Places) -> Places:
    """Where runs of equal keys start."""
    changes = np.logical_or.reduce([key[1:] != key[:-1] for key in keys])
    return np.flatnonzero(np.append(True, changes))


def _ends(*keys: Places) -> Places:
    """Where runs of equal keys end."""
    return np.append(_starts(*keys)[1:], len(keys[0])) - 1


def _tell_repeats(
    cell: Places, label: Places, repeats: str, where: Callable[[int], str], labels: NDArray[Any]
) -> None:
    """Raise where repeats are an error, warn where the last of unlike votes counts."""
    if repeats in ("first", "majority"):
        return
    order = _order(cell)
    again = cell[order[1:]] == cell[order[:-1]]
    if repeats == "last":
        again &= label[order[1:]] != label[order[:-1]]
    if not again.any():
        return
    second = int(np.argmin(np.where(again, order[1:], len(cell))))
    before, after = order[second], order[second + 1]
    fault = (
        f"{READER}: {where(after)} votes {quoted(labels[label[after]])} where the same voter has voted "
        f"{quoted(labels[label[before]])} on the same row before ({where(before)}); such rows: {int(again.sum())}."
    )
    if repeats == "error":
        raise ValueError(f"{fault} Drop one of them, or say which counts: repeats='last'.")
    warn_user(f"{fault} The last one counts; repeats='first' or 'majority' chooses otherwise.")


# Matrices -----------------------------------------------------------------------------------------


def _frame(
    cell: Places, vote: Places, labels: NDArray[Any], shape: tuple[int, int]
) -> pd.DataFrame:
    codes = np.full(shape, -1, dtype=np.min_scalar_type(-len(labels) - 1), order="F")
    codes[np.divmod(cell, shape[1])] = vote
    if isinstance(labels[0], str):
        return pd.DataFrame(as_objects([*labels, None])[codes], dtype=object)
    kind = pd.arrays.BooleanArray if labels.dtype == bool else pd.arrays.IntegerArray
    columns = {j: kind(labels[each], each < 0) for j, each in enumerate(codes.T)}
    return pd.DataFrame(columns)


def _sparse(
    cell: Places, vote: Places, labels: NDArray[Any], shape: tuple[int, int]
) -> sp.csr_array:
    row, column = np.divmod(cell, shape[1])
    indptr = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=shape[0]))])
    if not isinstance(labels[0], str):
        return sp.csr_array((labels[vote], column, indptr), shape=shape)
    L = TextVotes((vote.astype(np.min_scalar_type(len(labels))), column, indptr), shape=shape)
    L.labels = labels
    return L
