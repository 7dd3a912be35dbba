"""Labeling functions over columns of scores: votes at both ends, or the scores themselves."""

from __future__ import annotations

import numbers
from collections.abc import Hashable
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from .._utils import quoted
from ._base import ReadyMadeLF
from ._records import Records, missing
from ._table import ThresholdLF

if TYPE_CHECKING:
    from .._utils.types import Ordered


class BinLF(ReadyMadeLF):
    """Vote for one label where a column is low and for another where it is high, and not between.

    A rule of two sides has a choice, so that label models learn more of it than of two one-sided rules.

    Parameters
    ----------
    column : hashable or None
        By name or position. None for one-dimensional records and for tables of one column.
    below : (value, label) or None, default=None
        The class voted for where the column is less than a value.
    above : (value, label) or None, default=None
        The class voted for where it is greater than a value, which is no less than that of `below`.
    name : str or None, default=None
        None makes one of column and values.

    Raises
    ------
    LabelingFunctionError
        If neither side is given, a side is no pair, the sides overlap, the column is missing, or column and values do
        not compare.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_labelmodel.labeling import BinLF
    >>> judged = pd.DataFrame({"rating": [1, 3, 5, None]})
    >>> BinLF("rating", below=(2, "no"), above=(4, "yes"))(judged)
    array(['no', None, 'yes', None], dtype=object)
    """

    def __init__(
        self,
        column: Hashable,
        *,
        below: tuple[Ordered, Hashable] | None = None,
        above: tuple[Ordered, Hashable] | None = None,
        name: str | None = None,
    ) -> None:
        self.column = column
        self.below = below
        self.above = above
        self.name = name

    def _described(self) -> str:
        ends = [f"{op}{side[0]}" for op, side in self._given() if _is_pair(side)]
        return f"{'value' if self.column is None else self.column}{'_'.join(ends)}"

    def vote(self, records: Records) -> np.ndarray:
        sides = [self._rule(op, side) for op, side in self._given()]
        if not sides:
            raise self.refusal("give below=(value, label), above=(value, label), or both.")
        if len(sides) == 1:
            return sides[0].vote(records)
        low, high = sides
        if low.value > high.value:
            raise self.refusal(
                f"below {quoted(low.value)} and above {quoted(high.value)} overlap; the value of below is no greater "
                "than that of above."
            )
        votes, others = low.vote(records), high.vote(records)
        return np.where(missing(others), votes, others)

    def _given(self) -> list[tuple[str, tuple[Ordered, Hashable]]]:
        sides = (("<", self.below), (">", self.above))
        return [(op, side) for op, side in sides if side is not None]

    def _rule(self, op: str, side: tuple[Ordered, Hashable]) -> ThresholdLF:
        if not _is_pair(side):
            raise self.refusal(
                f"a side is a value and a label, such as (2, 'no'), not {quoted(side)}."
            )
        return ThresholdLF(self.column, op, side[0], side[1], name=self.get_name())


def _is_pair(side: object) -> bool:
    return isinstance(side, tuple | list) and len(side) == 2


class ScoreLF(ReadyMadeLF):
    """Hand a column of numbers on as scores, which a label model cuts into bins and weighs.

    Scores are no votes: tell the label model which columns they are, by
    ``LabelModelClassifier(scores=LabelingFunctions(...).scores)``.

    Parameters
    ----------
    column : hashable or None
        By name or position. None for one-dimensional records and for tables of one column.
    label : int, float, bool, str or None, default=None
        The class that the column speaks for the more the larger it is. None: the second of two.
    name : str or None, default=None
        None takes the column's.

    Raises
    ------
    LabelingFunctionError
        If the column is missing, or a value is no number.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_labelmodel.labeling import ScoreLF
    >>> judged = pd.DataFrame({"rating": [1, 3, 5, None]})
    >>> ScoreLF("rating", label="yes")(judged)
    array([ 1.,  3.,  5., nan])
    """

    def __init__(
        self, column: Hashable, *, label: Hashable = None, name: str | None = None
    ) -> None:
        self.column = column
        self.label = label
        self.name = name

    def _described(self) -> str:
        if isinstance(self.column, str):
            return self.column
        return f"score_{'' if self.column is None else self.column}"

    def vote(self, records: Records) -> np.ndarray:
        values = records.column(self.column, self.reader)
        if values.dtype.kind in "biuf":
            return values.astype(np.float64)
        gone = missing(values)
        wrong = np.array([not isinstance(value, numbers.Real | Decimal) for value in values], bool)
        demand = f"{self.reader} hands numbers on"
        remedy = (
            'Make numbers of texts such as "0.8" by pandas.to_numeric(column), such as "8/10" by '
            r'column.str.extract(r"(-?\d+\.?\d*)")[0].astype(float).'
        )
        records.refuse(wrong & ~gone, values, demand, remedy)
        scores = np.full(len(values), np.nan)
        scores[~gone] = [float(value) for value in values[~gone]]
        return scores
