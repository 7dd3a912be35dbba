"""Rows that lie elsewhere: fitted by what is counted of them there, and given their labels there."""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .._engines.progress import rows_read
from .._engines.source import Block, Made, Schema, Source
from .._utils import kind_of
from .._utils.tables import is_arrow
from .._votes.statistics import VoteStatistics
from .reading import count_block

if TYPE_CHECKING:
    from .._utils.types import VoteMatrix
    from .fitted import FittedVotes

PROBABILITY, LABEL = "probability_", "label"


def count_source(
    model: FittedVotes, source: Source, y: Hashable, sample_weight: Hashable
) -> VoteStatistics:
    """The counts of all rows of a source.

    Parameters
    ----------
    model : label model
    source : Source
        Each of its columns is an LF, but for those that are named as labels and weights.
    y, sample_weight
        Names of columns, or None.
    """
    beside = {name: _column_name(source, name, role) for role, name in _roles(y, sample_weight)}
    lfs = [name for name in source.columns if name not in beside.values()]
    of_block = partial(_count_block, model, lfs, y, sample_weight)
    with rows_read(bool(getattr(model, "verbose", 0))) as progress:
        return source.count(of_block, [*lfs, *dict.fromkeys(beside.values())], progress)


def _roles(y: Hashable, sample_weight: Hashable) -> list[tuple[str, Hashable]]:
    given = [("y", y), ("sample_weight", sample_weight)]
    return [(role, name) for role, name in given if name is not None]


def _column_name(source: Source, name: Hashable, role: str) -> Hashable:
    if isinstance(name, str) or np.isscalar(name):
        source.check_columns([name])
        return name
    raise ValueError(
        f"L is not in memory, and `{role}` is {kind_of(name)}. Give the name of a column of L as `{role}`."
    )


def _count_block(
    model: FittedVotes,
    lfs: list[Hashable],
    y: Hashable,
    sample_weight: Hashable,
    block: Block,
    n_rows: NDArray[np.int64] | None = None,
) -> VoteStatistics:
    """The counts of a block, each of whose rows stands for some where these were grouped."""
    weight = None if sample_weight is None else _values(block, sample_weight)
    if n_rows is not None:
        weight = n_rows if weight is None else weight * n_rows
    gold = None if y is None else _values(block, y)
    return count_block(model, _votes(block, lfs), gold, weight)


def _votes(block: Block, lfs: list[Any]) -> VoteMatrix:
    """The columns of votes, of which an array without names has all or some."""
    if isinstance(block, np.ndarray):
        return block[:, lfs]
    return block.select(lfs) if is_arrow(block) else block[lfs]


def _values(block: Block, name: Any) -> NDArray[Any]:
    if isinstance(block, np.ndarray):
        return block[:, name]
    column = block.column(name) if is_arrow(block) else block[name]
    return column.to_pandas(integer_object_nulls=True) if hasattr(column, "to_pandas") else column


# Predicting ---------------------------------------------------------------------------------------


class PredictedSource:
    """Rows of a source with the label model that they are given to; the result is computed when it is asked for.

    Parameters
    ----------
    model : fitted label model
    source : Source
        Of whose columns those that `fit` saw are read.
    keep : list
        Columns that go along.

    Raises
    ------
    ValueError
        There is no source, whose columns could be kept.
    """

    def __init__(self, model: FittedVotes, source: Source | None, keep: Sequence[Hashable]):
        if source is None:
            raise ValueError(
                "`keep` is for rows that are not in memory. Put the columns beside the result: rows are in the same "
                "order."
            )
        names = getattr(model, "feature_names_in_", None)
        self.model, self.source, self.keep = model, source, keep
        self.columns = source.columns if names is None or not source.named else names.tolist()

    def predict_proba(self) -> Any:
        """A column for each class, or an array where the source has no names of columns."""
        names = [f"{PROBABILITY}{label}" for label in self.model.classes_.tolist()]
        of_block = partial(_probabilities, _without_counts(self.model), names)
        return self._made(of_block, dict.fromkeys(names, np.float64))

    def predict(self) -> Any:
        """A column of labels, or an array of one dimension where the source has no names of columns."""
        of_block = partial(_labels, _without_counts(self.model))
        made = self._made(of_block, {LABEL: self.model.classes_.dtype})
        return made if self.source.named else made[:, 0]

    def _made(self, of_block: Callable[[Block], Made], schema: Schema) -> Any:
        return self.source.map(of_block, self.columns, schema, self.keep)


def _without_counts(model: FittedVotes) -> FittedVotes:
    """The model as it is sent to workers."""
    sent = copy.copy(model)
    vars(sent)["_counting"] = None
    return sent


def _probabilities(
    model: FittedVotes, names: list[str], block: Block
) -> dict[str, NDArray[np.float64]]:
    return dict(zip(names, model.predict_proba(block).T, strict=True))


def _labels(model: FittedVotes, block: Block) -> dict[str, NDArray[Any]]:
    return {LABEL: model.predict(block)}
