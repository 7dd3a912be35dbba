"""Tables that are larger than memory: counted in one pass, labelled in the next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from .cells import CellReader, is_mark
from .columns import Roles
from .rows import Rows, read_rows
from .source import Source
from .words import BadInputError, bad_input

if TYPE_CHECKING:
    import pandas as pd

    from .._utils.types import Marker
    from .._votes.statistics import VoteStatistics

# What is told of votes is told of so many cells at most, in evenly spaced rows.
MOST_CELLS = 10_000_000


class _TextsFoundError(Exception):
    """A column that was read as numbers holds texts further down."""


@dataclass
class Blocks:
    """The rows of a table, some at a time, each column read in one way throughout.

    Attributes
    ----------
    source : Source
    roles : Roles
    reader : CellReader
    texts, numbers : set of str
        Voters of which it is known that their cells are texts, or numbers.
    """

    source: Source
    roles: Roles
    reader: CellReader
    texts: set[str] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)
    _sample: Sample = field(default_factory=lambda: Sample())

    @property
    def voters(self) -> list[str]:
        return self.roles.voters

    @property
    def scores(self) -> list[str]:
        return self.roles.scores

    @property
    def looked_at(self) -> Rows:
        """The rows that findings are about: of those that were labelled, some."""
        return self._sample.rows

    def training(self, abstain: Marker) -> tuple[VoteStatistics, None]:
        """What label models fit: votes and gold labels, counted."""
        return count(self, abstain), None

    def parts(self) -> Iterator[Rows]:
        """All rows, some at a time."""
        for rows in self:
            self._sample.add(rows)
            yield rows

    def __iter__(self) -> Iterator[Rows]:
        for block in self.source.blocks():
            yield self._read(block)

    def find_texts(self) -> None:
        """Look through all rows for the columns that hold texts."""
        for block in self.source.blocks():
            rows = read_rows(block, self.source, self.roles, self.reader)
            found = {name for name in rows.voters if name not in self.roles.scores}
            self.texts |= {name for name in found if _kind(rows.votes[name]) == "texts"}
        self.numbers -= self.texts

    def _read(self, block: pd.DataFrame) -> Rows:
        rows = read_rows(block, self.source, self.roles, self.reader)
        as_text = replace(self.reader, as_text=True)
        for name in rows.voters:
            if name in self.roles.scores:
                continue
            kind = _kind(rows.votes[name])
            if kind == "texts" and name in self.numbers:
                raise _TextsFoundError
            if kind == "numbers" and name in self.texts:
                rows.votes[name] = as_text.votes(block[name])
            elif kind is not None:
                getattr(self, kind).add(name)
        return rows


def _kind(votes: pd.Series) -> str | None:
    """What the votes of a column are: "texts", "numbers", or None where there are none but marks."""
    values = votes.cat.categories.tolist()
    if any(isinstance(value, str) and not is_mark(value) for value in values):
        return "texts"
    return "numbers" if any(not isinstance(value, str) for value in values) else None


def count(blocks: Blocks, abstain: Marker) -> VoteStatistics:
    """Count the votes of all rows.

    Parameters
    ----------
    blocks : Blocks
        Afterwards it knows which columns hold texts.
    abstain : list or None
        As label models take it.

    Raises
    ------
    BadInputError
        Votes that cannot be what was meant; a table without rows, or without votes.
    """
    try:
        return _count(blocks, abstain)
    except _TextsFoundError:
        blocks.find_texts()
        return _count(blocks, abstain)


def _count(blocks: Blocks, abstain: Marker) -> VoteStatistics:
    from .._votes.statistics import VoteStatistics

    total, voted = None, False
    for rows in blocks:
        voted |= bool(rows.votes.notna().any(axis=None))
        with bad_input(blocks.source.name):
            part = VoteStatistics(rows.votes, rows.gold, abstain=abstain)
            total = part if total is None else total + part
    if total is None:
        raise BadInputError(f"{blocks.source.name}: there is a header, but no row.")
    if not voted:
        raise BadInputError(
            f"{blocks.source.name}: there is no vote; every cell is empty or the --abstain value."
        )
    return total


class Sample:
    """Evenly spaced rows of all that pass by."""

    def __init__(self) -> None:
        self._step = 1
        self._kept: list[Rows] = []
        self._n_cells = 0

    def add(self, rows: Rows) -> None:
        """Keep some of these rows, and of the others fewer where they are too many."""
        self._kept.append(self._thinned(rows))
        self._n_cells += self._kept[-1].votes.size
        while self._n_cells > MOST_CELLS:
            self._step *= 2
            self._kept = [self._thinned(each) for each in self._kept]
            self._n_cells = sum(each.votes.size for each in self._kept)

    def _thinned(self, rows: Rows) -> Rows:
        some = rows.votes.index % self._step == 0
        gold = None if rows.gold is None else rows.gold[some]
        return Rows(rows.ids.iloc[:0], rows.votes[some], rows.voters, gold)

    @property
    def rows(self) -> Rows:
        import pandas as pd

        kept = self._kept
        gold = None if kept[0].gold is None else pd.concat([each.gold for each in kept])
        votes = _concat([each.votes for each in kept])
        return Rows(kept[0].ids, votes, kept[0].voters, gold)


def _concat(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Frames below each other, categories staying categories."""
    import pandas as pd

    whole = pd.concat([frame.iloc[:, :0] for frame in frames])
    for name in frames[0].columns:
        parts = [frame[name] for frame in frames]
        coded = all(isinstance(part.dtype, pd.CategoricalDtype) for part in parts)
        whole[name] = (
            pd.api.types.union_categoricals([part.astype(_objects(part)) for part in parts])
            if coded
            else pd.concat(parts)
        )
    return whole


def _objects(part: pd.Series) -> pd.CategoricalDtype:
    import pandas as pd

    return pd.CategoricalDtype(part.cat.categories.astype(object))
