"""What each column of a raw table is taken for, before anything is fitted on it."""

from __future__ import annotations

import datetime
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from .._utils import kind_of, listed, quoted
from .._utils.spelling import is_word_for_no_vote, spelling
from .._utils.tables import is_arrow
from .._votes.coded_columns import coded_column
from .._votes.containers import check_container, column_of, is_matrix, is_table

if TYPE_CHECKING:
    import pandas as pd

    from .._utils.types import Table, VoteMatrix

# A column of more different values that no other column shares holds no votes; a whole number of more is a score.
MOST_CLASSES = 20

BOOLEANS = frozenset({"true", "false"})

# Spelling takes its time: more values are compared as they are.
MOST_SPELLED = 1000

INFINITIES = (np.inf, -np.inf)
STARTS_OF_NUMBERS = (*"-0123456789", "inf", "nan")

# Texts of so many words are texts to read.
WORDY = 3.0

# Of an identifier or a text, at least this share of the values is there once.
LONE_SHARE = 0.8

GOLD = re.compile(
    r"(y|gold|truth|target|y_true|ground_truth|(true|gold)?_?(label|class|answer))s?", re.I
)
IDENTIFIER = re.compile(r"(.*_)?(id|uuid|guid|key|index|idx|no|url)s?|Unnamed: \d+", re.I)
PERCENTAGE = re.compile(r"\s*[+-]?\d+([.,]\d+)?\s*%\s*")
ROW = re.compile(r"(task|item|question|unit|document|record|row|image)(_?(id|name|no))?", re.I)
VOTER = re.compile(r"(worker|voter|annotator|rater|judge|labell?er|coder|user)(_?(id|name))?", re.I)


def check_votes(frame: VoteMatrix) -> pd.DataFrame:
    """Say of each column of a raw table what it is taken for, why, and how to use it.

    Parameters
    ----------
    frame : DataFrame (pandas or polars), pyarrow Table, array-like or sparse matrix of shape (n_samples, n_columns)
        A row for each record; columns of any kind. Of a sparse matrix, what is not stored is missing.

    Returns
    -------
    columns : DataFrame
        Each column once, in order, as the index. Its columns are

        - taken_for (str): "votes"; "gold?", which could be votes by their values and are labels by their name;
          "score"; "boolean"; "identifier"; "text"; "sets" of labels; "date"; "empty"; "other".
        - why (str): what in the values says so.
        - use (str): the labeling function or the parameter for it, or that it is to be left out.

    Raises
    ------
    ValueError
        The table has no column or no row.
    TypeError
        What is no table, or has its rows elsewhere: a path, a dataset, a LazyFrame.

    Notes
    -----
    It is a guess by types, number of distinct values, values that columns share, and names. Nothing is changed.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_labelmodel.inspection import check_votes
    >>> judged = pd.DataFrame({
    ...     "id": ["a1", "a2", "a3", "a4"],
    ...     "judge_a": ["Yes", "no.", "yes", "unknown"],
    ...     "judge_b": ["yes", "no", None, "no"],
    ...     "rating": [0.9, 0.2, 0.7, 0.4]})
    >>> for column, found in check_votes(judged).iterrows():
    ...     print(f"{column:8} {found.taken_for:11} {found.use}")
    id       identifier  leave it out; or frame.set_index('id')
    judge_a  votes       ColumnLF('judge_a', abstain=['unknown'], normalize=True)
    judge_b  votes       ColumnLF('judge_b', normalize=True)
    rating   score       ScoreLF('rating'); or scores=['rating']
    """
    import pandas as pd

    columns = list(_columns(frame))
    if not columns or not columns[0].n_rows:
        raise ValueError("The table has no column or no row.")
    long = _long(columns)
    rows = [long.get(column.name) or _found(column, columns) for column in columns]
    if is_matrix(frame):
        rows = [_as_stored(column, row) for column, row in zip(columns, rows, strict=True)]
    index = pd.Index([column.name for column in columns], name="column", tupleize_cols=False)
    return pd.DataFrame(rows, columns=["taken_for", "why", "use"], index=index)


@dataclass(frozen=True)
class _Column:
    """The distinct values of a column.

    Attributes
    ----------
    name : hashable
    n_rows, n_present : int
        Rows, and those of them that are not missing.
    kind : {"empty", "boolean", "number", "text", "mixed", "date", "sets", "other"}
    values : list
        Distinct values, in the order in which they come; empty for "sets" and "other".
    """

    name: Hashable
    n_rows: int
    n_present: int
    kind: str
    values: list[Any]

    @property
    def is_lone(self) -> bool:
        """Whether most of the values are there once."""
        return len(self.values) > LONE_SHARE * self.n_present

    @property
    def texts(self) -> list[str]:
        return [value for value in self.values if isinstance(value, str)]

    @cached_property
    def spelled(self) -> set[str]:
        texts = map(str, self.values)
        return set(texts) if len(self.values) > MOST_SPELLED else set(map(spelling, texts))

    @cached_property
    def like_numbers(self) -> set[str]:
        return {text for text in self.spelled if text.startswith(STARTS_OF_NUMBERS)}

    def shared_with(self, other: _Column) -> set[str]:
        """Spellings that another column has too."""
        if other.kind == "number" and len(other.values) > MOST_SPELLED and not self.like_numbers:
            # Writing all numbers down takes its time.
            return set()
        return self.spelled & other.spelled


Found = tuple[str, str, str]


# Reading ------------------------------------------------------------------------------------------


def _columns(frame: VoteMatrix) -> Iterator[_Column]:
    import pandas as pd

    if is_matrix(frame):
        yield from _columns_of_matrix(frame)
        return
    table = _as_table(frame)
    names = table.column_names if is_arrow(table) else table.columns
    for position, name in enumerate(names):
        coded = coded_column(table, position)
        if coded is None:
            yield _column(name, pd.Series(column_of(table, position)))
        else:
            n_present = int((coded.cells() >= 0).sum())
            yield _of_values(name, len(coded.codes), n_present, coded.values, coded.values)


def _as_table(frame: VoteMatrix) -> Table:
    import pandas as pd

    if is_table(frame):
        return frame
    # pandas reads dicts of columns, lists of dicts and records, which are no label matrices.
    if not isinstance(frame, Mapping | list | tuple | np.ndarray | pd.Series):
        check_container(frame)
    raw: Any = frame
    if not (hasattr(raw, "__len__") or hasattr(raw, "__array__")):
        raise TypeError(f"frame is {kind_of(raw)}; pass a table, a row for each record.")
    return pd.DataFrame(raw)


def _columns_of_matrix(matrix: Any) -> Iterator[_Column]:
    """Columns of what a sparse matrix stores."""
    import pandas as pd

    csc = matrix.tocsc()
    for j, (start, end) in enumerate(pairwise(csc.indptr)):
        yield replace(_column(j, pd.Series(csc.data[start:end])), n_rows=csc.shape[0])


def _column(name: Hashable, cells: pd.Series[Any]) -> _Column:
    import pandas as pd

    present = cells[cells.notna().to_numpy(bool)]
    if cells.dtype == object:
        readable = not {_kind(each) for each in set(map(type, present))} & {"sets", "other"}
        distinct = pd.unique(present).tolist() if readable else []
        return _of_values(name, len(cells), len(present), present, distinct)
    values = present.unique()
    is_date = getattr(cells.dtype, "kind", "") == "M"
    distinct = list(np.asarray(values)) if is_date else pd.Series(values).astype(object).tolist()
    return _of_values(name, len(cells), len(present), distinct, distinct)


def _of_values(
    name: Hashable, n_rows: int, n_present: int, present: Iterable[Any], distinct: list[Any]
) -> _Column:
    """A column whose kind is that of the values which are present."""
    kinds = {_kind(each) for each in set(map(type, present))} or {"empty"}
    kind = kinds.pop() if len(kinds) == 1 else "mixed" if kinds == {"number", "text"} else "other"
    readable = kind not in ("sets", "other", "empty")
    return _Column(name, n_rows, n_present, kind, distinct if readable else [])


def _kind(of: type) -> str:
    kinds: dict[str, tuple[type, ...]] = {
        "text": (str,),
        "boolean": (bool, np.bool_),
        "number": (int, float, np.number),
        "sets": (list, tuple, set, frozenset, np.ndarray),
        "date": (datetime.date, np.datetime64),
    }
    return next((kind for kind, types in kinds.items() if issubclass(of, types)), "other")


# Judging ------------------------------------------------------------------------------------------


def _found(column: _Column, columns: list[_Column]) -> Found:
    """What a column is taken for, why, and what to do with it."""
    others = [other for other in columns if other is not column]
    if column.kind in ("number", "mixed") and any(value in INFINITIES for value in column.values):
        return _of_infinity(column)
    if _is_foreign_boolean(column, others):
        return _of_booleans(column, ", beside votes that are other words")
    if column.kind == "boolean":
        return _of_booleans(column)
    if column.kind in ("text", "mixed"):
        return _of_texts(column, others)
    if column.kind == "number":
        return _of_numbers(column, others)
    name = quoted(column.name)
    return {
        "sets": ("sets", "each cell holds several labels", "MultilabelClassifier"),
        "date": ("date", "dates", f"leave it out; or ThresholdLF({name}, '>', ..., label=...)"),
        "empty": ("empty", "no value in any row", "leave it out"),
        "other": ("other", "values that are neither numbers nor strings", "leave it out"),
    }[column.kind]


def _of_infinity(column: _Column) -> Found:
    put = f"frame[{quoted(column.name)}].replace([float('inf'), float('-inf')], float('nan'))"
    use = f"leave it out; or, with missing values in its place: {put}"
    return "other", "infinity among its values, which is no vote and no score", use


def _is_foreign_boolean(column: _Column, others: list[_Column]) -> bool:
    """Whether a column holds true and false, beside columns of words none of which is true or false."""
    if column.kind not in ("boolean", "text") or not column.spelled <= BOOLEANS:
        return False
    texts = _texts_of_votes(others)
    return bool(texts) and not any(BOOLEANS & other.spelled for other in texts)


def _of_booleans(column: _Column, beside: str = "") -> Found:
    name = quoted(column.name)
    true = sorted(value for value in column.values if spelling(str(value)) == "true")
    use = f"LookupLF({name}, {{{quoted(true[0]) if true else True}: ...}})"
    as_is = "" if beside else ", or as it is where these are the classes"
    return "boolean", f"true or false{beside}", use + as_is


def _of_percentages(column: _Column) -> Found:
    shown = sorted(column.texts, key=lambda text: float(text.replace(",", ".").rstrip("% ")))
    name, comma = quoted(column.name), any("," in text for text in shown)
    plain = f"frame[{name}].str.rstrip('% ')" + (".str.replace(',', '.')" if comma else "")
    why = f"{len(shown)} distinct percentages, {shown[0].strip()} to {shown[-1].strip()}"
    return "score", why, f"scores=[{name}], once it holds numbers: {plain}.astype(float)"


def _of_texts(column: _Column, others: list[_Column]) -> Found:
    n_distinct, name = len(column.values), quoted(column.name)
    if n_distinct > MOST_CLASSES and all(map(PERCENTAGE.fullmatch, map(str, column.values))):
        return _of_percentages(column)
    signs = (column.is_lone, n_distinct > MOST_CLASSES, not _is_shared(column, others))
    if sum(signs) > 1:
        why = f"{n_distinct} distinct strings in {column.n_present} rows"
        why += ", which no other column shares" if signs[-1] else ""
        words = np.mean([len(text.split()) for text in column.texts])
        if words >= WORDY:
            rules = f"KeywordLF([...], label=..., column={name})"
            return "text", why, f"leave it out; or rules on it, as {rules}"
        return "identifier", why, _without(column)
    return _votes(column, others, "strings")


def _of_numbers(column: _Column, others: list[_Column]) -> Found:
    n_distinct, name = len(column.values), quoted(column.name)
    numbers = np.sort(np.asarray(column.values, dtype=np.float64))
    as_scores, ends = (
        f"ScoreLF({name}); or scores=[{name}]",
        f"{numbers[0]:.4g} to {numbers[-1]:.4g}",
    )
    if not np.array_equal(numbers, np.rint(numbers)):
        return "score", f"numbers with a fraction, {ends}", as_scores
    if _counts_rows(column, numbers) or (IDENTIFIER.fullmatch(str(column.name)) and column.is_lone):
        why = f"{n_distinct} distinct whole numbers in {column.n_present} rows"
        return "identifier", why, _without(column)
    if n_distinct > MOST_CLASSES:
        return "score", f"{n_distinct} distinct whole numbers, {ends}", as_scores
    texts = _texts_of_votes(others)
    if texts and not any(column.spelled <= other.spelled for other in texts):
        return "score", f"whole numbers, {ends}, beside votes that are strings", as_scores
    return _votes(column, others, "whole numbers")


def _counts_rows(column: _Column, numbers: Any) -> bool:
    """Whether each row has a number of its own, one after the other."""
    every = len(numbers) == column.n_rows > 2
    return every and bool((np.diff(numbers) == 1).all() and (numbers == column.values).all())


def _is_shared(column: _Column, others: list[_Column]) -> bool:
    """Whether at least half of the values are other columns' too."""
    shared, enough = set[str](), len(column.spelled) / 2
    for other in others:
        shared |= column.shared_with(other)
        if len(shared) >= enough:
            return True
    return False


def _texts_of_votes(columns: list[_Column]) -> list[_Column]:
    """The columns of texts that may be votes: few, or other columns' too."""
    return [
        column
        for column in columns
        if column.kind == "text"
        and (
            (len(column.values) <= MOST_CLASSES and not column.is_lone)
            or _is_shared(column, [other for other in columns if other is not column])
        )
    ]


def _votes(column: _Column, others: list[_Column], what: str) -> Found:
    shown = listed([quoted(value) for value in column.values], 4)
    why = f"{len(column.values)} distinct {what}: {shown}"
    if GOLD.fullmatch(str(column.name)):
        use = f"y=frame[{quoted(column.name)}], and leave it out of L"
        return "gold?", f"by its name; {why}", use
    marks = [text for text in column.texts if is_word_for_no_vote(text)]
    abstain = f", abstain={marks}" if marks else ""
    normalize = ", normalize=True" if _is_spelled_freely([column, *others]) else ""
    return "votes", why, f"ColumnLF({quoted(column.name)}{abstain}{normalize})"


def _is_spelled_freely(columns: list[_Column]) -> bool:
    """Whether some label of the columns that hold few texts has several spellings, or is a number too."""
    values = {
        value
        for each in columns
        if each.kind in ("text", "mixed") and len(each.values) <= MOST_CLASSES
        for value in each.values
    }
    return len({spelling(str(value)) for value in values}) < len(values)


def _without(column: _Column) -> str:
    return f"leave it out; or frame.set_index({quoted(column.name)})"


def _as_stored(column: _Column, found: Found) -> Found:
    """What to do with a column of a sparse matrix: to a labeling function, what is not stored would be 0."""
    kind, why, _ = found
    is_read = {
        "votes": "as it is",
        "boolean": "as it is",
        "score": f"scores=[{quoted(column.name)}]",
    }
    return kind, why, is_read.get(kind, "leave it out")


# Long tables --------------------------------------------------------------------------------------


def _long(columns: list[_Column]) -> dict[Any, Found]:
    """Of a table with a row for each vote, what its row, voter and label are; else nothing."""
    row, voter = (_named(columns, pattern) for pattern in (ROW, VOTER))
    left = [each for each in columns if each is not row and each is not voter]
    label = _named(left, GOLD)
    if row is None or voter is None or label is None or len(row.values) == row.n_rows:
        return {}
    use = f"votes_from_long(frame, row={quoted(row.name)}, voter={quoted(voter.name)}, label={quoted(label.name)})"
    repeated = f"{len(row.values)} distinct values in {row.n_rows} rows"
    voters, labels = f"{len(voter.values)} voters by its name", f"{len(label.values)} labels"
    return {
        row.name: ("identifier", f"what is voted on: {repeated}", use),
        voter.name: ("identifier", f"who votes: {voters}", use),
        label.name: ("votes", f"the votes of a table with a row for each: {labels}", use),
    }


def _named(columns: list[_Column], pattern: re.Pattern[str]) -> _Column | None:
    return next((each for each in columns if pattern.fullmatch(str(each.name))), None)
