"""The rows that a model sees: votes, gold labels and what is copied, at once or, of large tables, some at a time."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import scipy.sparse as sp

from .._engines.blocks import moved
from .._models.fitted import FittedVotes
from .._models.reading import count_block
from .._utils import Warned, kept_warnings, quoted, warn_user
from .._utils.types import Marker
from .._votes.statistics import VoteStatistics
from ..labeling._long import votes_from_long
from .cells import CellReader, is_mark, read_scores
from .messages import ROW_0, BadInputError, bad_input, progress
from .source import Source

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

    @contextmanager
    def counted(self) -> Iterator[None]:
        """What is said of a row in the body names it by its number in the table."""
        first = int(self.ids.index[0])
        said: list[Warned] = []
        try:
            with kept_warnings() as said:
                yield
        except (ValueError, TypeError) as error:
            raise ValueError(moved(str(error), first)) from None
        finally:
            for message, category in said:
                warn_user(moved(message, first), category)

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
                yield replace(self, ids=self.ids.iloc[some], votes=votes, gold=None)
                shown(min(some.stop, n_rows))


def no_vote(name: str) -> BadInputError:
    """The error that a table of this name has no vote."""
    return BadInputError(f"{name}: there is no vote; every cell is empty or the --abstain value.")


def _gather(
    blocks: Iterable[pd.DataFrame], coded: Sequence[str], kept: Sequence[str] = ()
) -> pd.DataFrame:
    """Some columns as categories, which take a byte or two a cell, and others as they are."""
    parts: dict[str, list[Any]] = {name: [] for name in coded}
    copied: list[pd.DataFrame] = []
    for block in blocks:
        copied.append(block[list(kept)])
        for name in coded:
            codes, distinct = pd.factorize(block[name])
            categories = pd.Index(distinct.tolist(), dtype=object)
            parts[name].append(pd.Categorical.from_codes(codes, categories=categories))
    ids = pd.concat(copied)
    cells = {name: pd.api.types.union_categoricals(each) for name, each in parts.items()}
    return pd.concat([ids, pd.DataFrame(cells, index=ids.index)], axis=1)


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
    cells = _gather(source.blocks(), columns)
    task, worker, label = columns[:3]
    table = cells[[task, worker]].copy()
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
    labelled = pd.DataFrame({"task": task.astype(object), "gold": gold})[gold.notna()]
    labelled = labelled.drop_duplicates()
    again = labelled["task"].duplicated()
    if again.any():
        row: Any = again.idxmax()
        raise BadInputError(
            f"{name}: row {row}: the task {quoted(task[row])} has more than one gold label. Leave one of them. {ROW_0}"
        )
    return labelled.set_index("task")["gold"].reindex(tasks).reset_index(drop=True)


# Tables with a column for each voter --------------------------------------------------------------


class Table:
    """A table with a column for each voter: read whole, or counted in one pass and labelled in the next.

    In two passes, some rows are read at a time, and each column in one way throughout.

    Parameters
    ----------
    source : Source
    reader : CellReader
    ids : list of str
    gold : str or None
    voters : list of str
        All columns that the model sees, scores included, in the order of the table.
    scores : list of str
    """

    def __init__(
        self,
        source: Source,
        reader: CellReader,
        ids: list[str],
        gold: str | None,
        voters: list[str],
        scores: list[str],
    ) -> None:
        self.source, self.reader = source, reader
        self.voters, self.scores = voters, scores
        self._ids, self._gold = ids, gold
        # Voters of which it is known that their cells are texts, whatever some rows hold.
        self._texts: set[str] = set()
        # Columns of few distinct cells, as scores are not.
        self._coded = [voter for voter in voters if voter not in scores]
        self._coded += [] if gold is None else [gold]
        # Votes, scores and gold labels in every so many rows, of those that were labelled.
        self._step = 1
        self._sample: list[pd.DataFrame] = []

    def whole(self) -> Rows:
        """All rows, read."""
        coded = [*self._coded, *self.scores]
        return self._rows(_gather(self.source.blocks(), coded, self._ids), self._ids)

    def _blocks(self) -> Iterator[Rows]:
        """All rows, some at a time."""
        for block in self.source.blocks():
            yield self._rows(block, self._ids)

    def _rows(self, block: pd.DataFrame, ids: list[str]) -> Rows:
        """Some rows, read; what is no score is a BadInputError."""
        votes = pd.DataFrame(
            {place: self._votes(block[voter]) for place, voter in enumerate(self.voters)},
            index=block.index,
        )
        votes.columns = pd.Index(self.voters, dtype=object)
        gold = None if self._gold is None else self.reader.labels(block[self._gold])
        return Rows(block[ids], votes, self.voters, gold, self.scores)

    def _votes(self, cells: pd.Series) -> pd.Series:
        if cells.name in self.scores:
            comma = self.source.decimal_comma
            return read_scores(cells, self.source.name, self.reader, decimal_comma=comma)
        votes = self.reader.votes(cells)
        if cells.name in self._texts and kind_of_votes(votes) == "numbers":
            return replace(self.reader, as_text=True).votes(cells)
        return votes

    def training(self, abstain: Marker) -> tuple[VoteStatistics, None]:
        """What label models fit: votes and gold labels, counted.

        Parameters
        ----------
        abstain : list or None
            As label models take it.

        Raises
        ------
        BadInputError
            Votes that cannot be what was meant; a table without votes.
        """
        total, voted, numbers = None, False, set[str]()
        for rows in self._blocks():
            self._texts |= self._voters_of("texts", rows)
            numbers |= self._voters_of("numbers", rows)
            if numbers & self._texts:
                # Some rows are counted as numbers already: the columns of texts are to be known before.
                for others in self._blocks():
                    self._texts |= self._voters_of("texts", others)
                return self.training(abstain)
            voted |= bool(rows.votes.notna().any(axis=None))
            with bad_input(self.source.name), rows.counted():
                part = VoteStatistics(rows.votes, rows.gold, abstain=abstain)
                total = part if total is None else total + part
        if total is None or not voted:
            raise no_vote(self.source.name)
        return total, None

    def _voters_of(self, kind: str, rows: Rows) -> set[str]:
        """The voters, scores aside, whose votes are of a kind."""
        return {
            voter
            for voter in self.voters
            if voter not in self.scores and kind_of_votes(rows.votes[voter]) == kind
        }

    def look_for_fault(self, model: FittedVotes) -> None:
        """Raise the error of the first vote or label that a label model refuses, with its row; counts have lost it."""
        # What there is to warn of was said when the rows were counted.
        with kept_warnings():
            for rows in self._blocks():
                with rows.counted():
                    count_block(model, rows.votes, rows.gold)

    def parts(self) -> Iterator[Rows]:
        """All rows, some at a time; some of them are kept to be looked at."""
        voted = False
        for block in self.source.blocks():
            rows = self._rows(block, self._ids)
            self._keep_some(block[self._coded].join(rows.votes[self.scores]))
            voted |= bool(rows.votes.notna().any(axis=None))
            yield rows
        if not voted:
            raise no_vote(self.source.name)

    def _keep_some(self, rows: pd.DataFrame) -> None:
        """Keep some of these rows, their scores as numbers, and of the others fewer where they are too many."""
        self._sample.append(_gather([_thinned(rows, self._step)], self._coded, self.scores))
        last = int(rows.index[-1])
        while (last // self._step + 1) * len(self.voters) > MOST_CELLS:
            self._step *= 2
            self._sample = [_thinned(each, self._step) for each in self._sample]

    @property
    def looked_at(self) -> Rows:
        """The rows that findings are about: of those that were labelled, some, evenly spaced."""
        return self._rows(_gather(self._sample, self._coded, self.scores), [])


def kind_of_votes(votes: pd.Series) -> str | None:
    """What the votes of a column are: "texts", "numbers", or None where there are none but marks."""
    values = votes.cat.categories.tolist()
    if any(isinstance(value, str) and not is_mark(value) for value in values):
        return "texts"
    return "numbers" if any(not isinstance(value, str) for value in values) else None


def _thinned(rows: pd.DataFrame, step: int) -> pd.DataFrame:
    return rows[rows.index % step == 0]
