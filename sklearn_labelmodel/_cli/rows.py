"""The rows that a model sees: votes, gold labels, and what is copied to the output."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._utils import quoted
from .cells import CellReader, read_scores
from .columns import Roles
from .source import Source
from .terminal import progress
from .words import ROW_0, BadInputError, bad_input

if TYPE_CHECKING:
    import pandas as pd
    import scipy.sparse as sp

    from .._utils.types import Marker

SOME_ROWS = 200_000


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


def read_wide(source: Source, roles: Roles, reader: CellReader) -> Rows:
    """All rows of a table with a column for each voter.

    Parameters
    ----------
    source : Source
    roles : Roles
    reader : CellReader

    Raises
    ------
    BadInputError
        What the file or a score is not; a table without rows.
    """
    names = [*roles.voters, *([roles.gold] if roles.gold is not None else [])]
    return read_rows(_gather(source, list(dict.fromkeys(names)), roles.ids), source, roles, reader)


def read_rows(table: pd.DataFrame, source: Source, roles: Roles, reader: CellReader) -> Rows:
    """Some rows of a table with a column for each voter."""
    import pandas as pd

    votes = {
        name: read_scores(table[name], source.name, reader, decimal_comma=source.decimal_comma)
        if name in roles.scores
        else reader.votes(table[name])
        for name in roles.voters
    }
    frame = pd.DataFrame(dict(enumerate(votes.values())), index=table.index)
    frame.columns = pd.Index(roles.voters, dtype=object)
    gold = reader.labels(table[roles.gold]) if roles.gold is not None else None
    return Rows(table[roles.ids], frame, roles.voters, gold, roles.scores)


def _gather(source: Source, coded: Sequence[str], kept: Sequence[str]) -> pd.DataFrame:
    """Some columns as categories, which take a byte or two a cell, and others as they are."""
    import pandas as pd

    parts: dict[str, list[Any]] = {name: [] for name in coded}
    copied: list[pd.DataFrame] = []
    for block in source.blocks():
        copied.append(block[list(kept)])
        for name in coded:
            parts[name].append(_as_categories(block[name]))
    if not copied:
        raise BadInputError(f"{source.name}: there is a header, but no row.")
    ids = pd.concat(copied)
    cells = {name: pd.api.types.union_categoricals(each) for name, each in parts.items()}
    return ids.assign(**cells)


def _as_categories(column: pd.Series) -> pd.Categorical:
    import pandas as pd

    codes, distinct = pd.factorize(column)
    return pd.Categorical.from_codes(codes, categories=pd.Index(distinct.tolist(), dtype=object))


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
