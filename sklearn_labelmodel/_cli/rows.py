"""The rows that a model sees: votes, gold labels and what is copied, at once or, of large tables, some at a time."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .._utils import kept_warnings, quoted
from .cells import CellReader, is_mark, read_scores
from .messages import ROW_0, BadInputError, bad_input, progress
from .source import Source

if TYPE_CHECKING:
    import pandas as pd
    import scipy.sparse as sp

    from .._models.fitted import FittedVotes
    from .._utils.types import Marker
    from .._votes.statistics import VoteStatistics

SOME_ROWS = 200_000
# What is told of a large table is told of so many cells at most, in evenly spaced rows.
MOST_CELLS = 10_000_000


@dataclass(frozen=True)
class Rows:
    """Rows of a table, read.

    Attributes
    ----------
    ids : DataFrame
        Columns that are copied.
    votes : DataFrame, or CSR array where a crowd is large
        What label models take.
    voters : list
        Names of the columns of votes.
    gold : Series or None
    scores : sequence of str
        Which voters are scores.
    """

    ids: pd.DataFrame
    votes: Any
    voters: list[Any]
    gold: pd.Series | None
    scores: Sequence[str] = ()

    @property
    def looked_at(self) -> Rows:
        """The rows that findings are about."""
        return self

    def training(self, abstain: Marker) -> tuple[pd.DataFrame | sp.csr_array, pd.Series | None]:  # noqa: ARG002
        """Votes and gold labels, as label models fit them."""
        return self.votes, self.gold

    def parts(self) -> Iterator[Rows]:
        """All rows, some at a time."""
        n_rows = len(self.ids)
        with progress("labelling", n_rows, " rows") as shown:
            for first in range(0, n_rows, SOME_ROWS):
                some = slice(first, first + SOME_ROWS)
                votes = self.votes.iloc[some] if hasattr(self.votes, "iloc") else self.votes[some]
                yield Rows(self.ids.iloc[some], votes, self.voters, None)
                shown(min(some.stop, n_rows))


# Tables with a column for each voter --------------------------------------------------------------


@dataclass(frozen=True)
class Table:
    """A table with a column for each voter, and what its columns are for.

    Attributes
    ----------
    source : Source
    reader : CellReader
    ids, scores, voters : list of str
        `voters` are all columns that the model sees, scores included, in the order of the table.
    gold : str or None
    """

    source: Source
    reader: CellReader
    ids: list[str]
    gold: str | None
    scores: list[str]
    voters: list[str]

    def rows(self, block: pd.DataFrame) -> Rows:
        """Some rows, read.

        Raises
        ------
        BadInputError
            What a score is not.
        """
        import pandas as pd

        votes = {
            name: read_scores(
                block[name],
                self.source.name,
                self.reader,
                decimal_comma=self.source.decimal_comma,
            )
            if name in self.scores
            else self.reader.votes(block[name])
            for name in self.voters
        }
        frame = pd.DataFrame(dict(enumerate(votes.values())), index=block.index)
        frame.columns = pd.Index(self.voters, dtype=object)
        gold = self.reader.labels(block[self.gold]) if self.gold is not None else None
        return Rows(block[self.ids], frame, self.voters, gold, self.scores)

    def whole(self) -> Rows:
        """All rows, read; a table without rows is a BadInputError."""
        names = [*self.voters, *([self.gold] if self.gold is not None else [])]
        return self.rows(_gather(self.source, list(dict.fromkeys(names)), self.ids))


def no_vote(name: str) -> BadInputError:
    """The error that a table of this name has no vote."""
    return BadInputError(f"{name}: there is no vote; every cell is empty or the --abstain value.")


def _gather(source: Source, coded: Sequence[str], kept: Sequence[str]) -> pd.DataFrame:
    """Some columns as categories, which take a byte or two a cell, and others as they are."""
    import pandas as pd

    parts: dict[str, list[Any]] = {name: [] for name in coded}
    copied: list[pd.DataFrame] = []
    for block in source.blocks():
        copied.append(block[list(kept)])
        for name in coded:
            codes, distinct = pd.factorize(block[name])
            categories = pd.Index(distinct.tolist(), dtype=object)
            parts[name].append(pd.Categorical.from_codes(codes, categories=categories))
    if not copied:
        raise BadInputError(f"{source.name}: there is a header, but no row.")
    ids = pd.concat(copied)
    cells = {name: pd.api.types.union_categoricals(each) for name, each in parts.items()}
    return ids.assign(**cells)


# Tables with a row for each vote ------------------------------------------------------------------


def read_long(
    source: Source,
    columns: Sequence[str],
    reader: CellReader,
    repeats: str,
    voters: Sequence[str] | None,
) -> Rows:
    """All votes of a table with a row for each.

    Parameters
    ----------
    source : Source
    columns : sequence of str
        Those of task, worker and label, and of gold labels where there is one.
    reader : CellReader
    repeats : {"last", "first", "majority", "error"}
        What counts where a worker votes on a task several times.
    voters : sequence or None
        The workers that a model knows; None takes all of them.
    """
    import pandas as pd

    from ..labeling import votes_from_long

    cells = _gather(source, columns, ())
    task, worker, label = columns[:3]
    table = pd.DataFrame({task: cells[task], worker: cells[worker]})
    table[label] = reader.votes(cells[label])
    with warnings.catch_warnings(), bad_input(source.name):
        # Empty cells and marks are no votes here, which needs no warning.
        warnings.filterwarnings("ignore", message=".*holds no label in")
        L, tasks, workers = votes_from_long(
            table, row=task, voter=worker, label=label, repeats=repeats, voters=voters
        )
    # As the table names them, not sorted.
    in_order = cells[task].drop_duplicates().astype(object)
    order = pd.Index(tasks).get_indexer(pd.Index(in_order))
    L = L.iloc[order].set_axis(pd.RangeIndex(len(order))) if hasattr(L, "iloc") else L[order]
    gold = None
    if columns[3:]:
        labels = reader.labels(cells[columns[3]])
        gold = _gold_of_tasks(cells[task], labels, in_order, source.name)
    return Rows(pd.DataFrame({task: in_order.to_numpy()}), L, workers.tolist(), gold)


def _gold_of_tasks(task: pd.Series, gold: pd.Series, tasks: pd.Series, name: str) -> pd.Series:
    """The gold label of each task, which any of its rows may hold."""
    import pandas as pd

    labelled = pd.DataFrame({"task": task.astype(object), "gold": gold})[gold.notna()]
    labelled = labelled.drop_duplicates()
    again = labelled["task"].duplicated()
    if again.any():
        row: Any = again.idxmax()
        raise BadInputError(
            f"{name}: row {row}: the task {quoted(task[row])} has more than one gold label. Leave one of them. {ROW_0}"
        )
    return labelled.set_index("task")["gold"].reindex(tasks).reset_index(drop=True)


# Large tables: counted in one pass, labelled in the next ------------------------------------------


class _TextsFoundError(Exception):
    """A column that was read as numbers holds texts further down."""


class Blocks:
    """The rows of a large table, some at a time, each column read in one way throughout.

    Parameters
    ----------
    table : Table
    """

    def __init__(self, table: Table) -> None:
        self.voters, self.scores = table.voters, table.scores
        self._table = table
        # Voters of which it is known that their cells are texts, or numbers.
        self._texts: set[str] = set()
        self._numbers: set[str] = set()
        # Every so many rows, of those that were labelled.
        self._step, self._n_cells = 1, 0
        self._sample: list[Rows] = []

    def training(self, abstain: Marker) -> tuple[VoteStatistics, None]:
        """What label models fit: votes and gold labels, counted.

        Parameters
        ----------
        abstain : list or None
            As label models take it.

        Raises
        ------
        BadInputError
            Votes that cannot be what was meant; a table without rows, or without votes.
        """
        try:
            return self._count(abstain), None
        except _TextsFoundError:
            self._find_texts()
            return self._count(abstain), None

    def _count(self, abstain: Marker) -> VoteStatistics:
        from .._votes.statistics import VoteStatistics

        name = self._table.source.name
        total, voted = None, False
        for rows in self._read():
            voted |= bool(rows.votes.notna().any(axis=None))
            with bad_input(name):
                part = VoteStatistics(rows.votes, rows.gold, abstain=abstain)
                total = part if total is None else total + part
        if total is None:
            raise BadInputError(f"{name}: there is a header, but no row.")
        if not voted:
            raise no_vote(name)
        return total

    def look_for_fault(self, model: FittedVotes) -> None:
        """Raise the error of the first vote or label that a label model refuses, with its row; counts have lost it."""
        from .._engines.blocks import moved
        from .._models.reading import count_block

        first = 0
        # What there is to warn of was said when the rows were counted.
        with kept_warnings():
            for rows in self._read():
                try:
                    count_block(model, rows.votes, rows.gold)
                except (ValueError, TypeError) as error:
                    raise ValueError(moved(str(error), first)) from None
                first += len(rows.votes)

    def parts(self) -> Iterator[Rows]:
        """All rows, some at a time."""
        for rows in self._read():
            self._keep_some(rows)
            yield rows

    @property
    def looked_at(self) -> Rows:
        """The rows that findings are about: of those that were labelled, some, evenly spaced."""
        import pandas as pd

        kept = self._sample
        gold = None if kept[0].gold is None else pd.concat([each.gold for each in kept])
        votes = _concat([each.votes for each in kept])
        return Rows(kept[0].ids, votes, self.voters, gold)

    def _read(self) -> Iterator[Rows]:
        table = self._table
        as_text = replace(table.reader, as_text=True)
        for block in table.source.blocks():
            rows = table.rows(block)
            for name in self._plain_voters():
                kind = _kind(rows.votes[name])
                if kind == "texts" and name in self._numbers:
                    raise _TextsFoundError
                if kind == "numbers" and name in self._texts:
                    rows.votes[name] = as_text.votes(block[name])
                elif kind is not None:
                    (self._texts if kind == "texts" else self._numbers).add(name)
            yield rows

    def _find_texts(self) -> None:
        """Look through all rows for the columns that hold texts."""
        for block in self._table.source.blocks():
            votes = self._table.rows(block).votes
            self._texts |= {name for name in self._plain_voters() if _kind(votes[name]) == "texts"}
        self._numbers -= self._texts

    def _plain_voters(self) -> list[str]:
        return [name for name in self.voters if name not in self.scores]

    def _keep_some(self, rows: Rows) -> None:
        """Keep some of these rows, and of the others fewer where they are too many."""
        self._sample.append(_thinned(rows, self._step))
        self._n_cells += self._sample[-1].votes.size
        while self._n_cells > MOST_CELLS:
            self._step *= 2
            self._sample = [_thinned(each, self._step) for each in self._sample]
            self._n_cells = sum(each.votes.size for each in self._sample)


def _kind(votes: pd.Series) -> str | None:
    """What the votes of a column are: "texts", "numbers", or None where there are none but marks."""
    values = votes.cat.categories.tolist()
    if any(isinstance(value, str) and not is_mark(value) for value in values):
        return "texts"
    return "numbers" if any(not isinstance(value, str) for value in values) else None


def _thinned(rows: Rows, step: int) -> Rows:
    some = rows.votes.index % step == 0
    gold = None if rows.gold is None else rows.gold[some]
    return Rows(rows.ids.iloc[:0], rows.votes[some], rows.voters, gold)


def _concat(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Frames below each other, categories staying categories."""
    import pandas as pd

    whole = pd.concat([frame.iloc[:, :0] for frame in frames])
    for name in frames[0].columns:
        parts = [frame[name] for frame in frames]
        if all(isinstance(part.dtype, pd.CategoricalDtype) for part in parts):
            kinds = [pd.CategoricalDtype(part.cat.categories.astype(object)) for part in parts]
            coded = [part.astype(kind) for part, kind in zip(parts, kinds, strict=True)]
            whole[name] = pd.api.types.union_categoricals(coded)
        else:
            whole[name] = pd.concat(parts)
    return whole
