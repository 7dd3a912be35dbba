"""Labeling functions that vote by the value of a column, or take its values as votes."""

from __future__ import annotations

import numbers
import operator
from collections.abc import Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .._utils import as_objects, is_comparable, quoted
from ._answers import AnswerReader, LabelMap
from ._base import ReadyMadeLF
from ._records import Records, missing

if TYPE_CHECKING:
    from .._utils.types import Marker, Ordered

_OPERATORS = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}


class ThresholdLF(ReadyMadeLF):
    """Vote for a label where a column compares with a value.

    Missing values abstain, whatever the operator.

    Parameters
    ----------
    column : hashable or None
        By name or position. None for one-dimensional records and for tables of one column.
    op : {">", ">=", "<", "<=", "==", "!="}
    value : float, str or Timestamp
        What the column is compared with.
    label : int, float, bool or str
        The class voted for.
    name : str or None, default=None
        None makes one of column, operator and value.

    Raises
    ------
    LabelingFunctionError
        If the column is missing, or column and value do not compare, say strings and a number.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_labelmodel.labeling import ThresholdLF
    >>> visits = pd.DataFrame({"age": [15, 40, None]})
    >>> ThresholdLF("age", "<", 18, label="minor")(visits)
    array(['minor', None, None], dtype=object)
    """

    def __init__(
        self, column: Hashable, op: str, value: Ordered, label: Hashable, *, name: str | None = None
    ) -> None:
        self.column = column
        self.op = op
        self.value = value
        self.label = label
        self.name = name

    def _described(self) -> str:
        return f"{'value' if self.column is None else self.column}{self.op}{self.value}"

    def vote(self, records: Records) -> np.ndarray:
        compare = self._checked_operator()
        values = records.column(self.column, self.reader)
        present = ~missing(values)
        self._check_kinds(values, present, records)
        rows = np.zeros(len(values), dtype=bool)
        try:
            rows[present] = compare(pd.Series(values[present]).infer_objects(), self.value)
        except (TypeError, ValueError) as error:
            raise self.refusal(
                f"the column does not compare with {quoted(self.value)}: {error}"
            ) from error
        return self.vote_where(rows, self.label)

    def _checked_operator(self) -> Any:
        if self.op not in _OPERATORS:
            raise self.refusal(f"op is one of {', '.join(_OPERATORS)}, not {quoted(self.op)}.")
        is_single = np.isscalar(self.value) or hasattr(self.value, "year")
        if not is_single or missing(self.value):
            raise self.refusal(f"value is one number, string or date, not {quoted(self.value)}.")
        return _OPERATORS[self.op]

    def _check_kinds(self, values: np.ndarray, present: np.ndarray, records: Records) -> None:
        """Refuse strings where the value is a number, and numbers where it is a string."""
        is_number = isinstance(self.value, numbers.Number)
        if not is_number and not isinstance(self.value, str):
            return
        if values.dtype.kind in "biuf":
            wrong = present & (not is_number)
        else:
            kind = str if is_number else numbers.Number
            wrong = present & np.array([isinstance(value, kind) for value in values], bool)
        remedy = "pandas.to_numeric" if is_number else "a number as value"
        demand = f"{self.reader} compares column {quoted(self.column)} with {quoted(self.value)}"
        records.refuse(wrong, values, demand, f"Use {remedy}.")


class LookupLF(ReadyMadeLF):
    """Vote for the label that a mapping has for a column's value.

    Values that the mapping does not have abstain, and missing ones do.

    Parameters
    ----------
    column : hashable or None
        By name or position. None for one-dimensional records and for tables of one column.
    mapping : dict or Series
        From a value to the class voted for, or to None.
    name : str or None, default=None
        None makes one of the column.

    Raises
    ------
    LabelingFunctionError
        If the column is missing, a value cannot be looked up (a list, say), or all keys are
        numbers and all values strings or the other way round.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_labelmodel.labeling import LookupLF
    >>> mails = pd.DataFrame({"domain": ["a.edu", "b.biz", "c.org"]})
    >>> LookupLF("domain", {"a.edu": "ham", "b.biz": "spam"})(mails)
    array(['ham', 'spam', None], dtype=object)
    """

    def __init__(
        self, column: Hashable, mapping: Mapping[Any, Any] | pd.Series, *, name: str | None = None
    ) -> None:
        self.column = column
        self.mapping = mapping
        self.name = name

    def _described(self) -> str:
        return f"lookup_{self.column_part()}"

    def vote(self, records: Records) -> np.ndarray:
        if not isinstance(self.mapping, (Mapping, pd.Series)) or not len(self.mapping):
            raise self.refusal(f"mapping is a dict that is not empty, not {quoted(self.mapping)}.")
        mapping: dict[Hashable, object] = dict(self.mapping)
        values = records.column(self.column, self.reader)
        present = ~missing(values)
        if values.dtype.kind == "O" and not {*map(type, values)} <= {str, int, float, type(None)}:
            unfit = [not is_comparable(value) for value in values]
            demand = f"{self.reader} looks values up"
            records.refuse(np.array(unfit, bool), values, demand, "Convert them to strings.")
        keys = values[present].tolist()
        self._check_kinds(mapping, keys)
        votes = np.full(len(values), None, dtype=object)
        votes[present] = as_objects([mapping.get(key) for key in keys])
        return votes

    def _check_kinds(self, mapping: dict[Hashable, object], keys: list[Hashable]) -> None:
        expected, found = _kind(mapping), _kind(keys)
        if {expected, found} == {"numbers", "strings"}:
            raise self.refusal(
                f"the mapping's keys are {expected}, but the column holds {found}. Convert one of them."
            )


class ColumnLF(ReadyMadeLF):
    """Take votes that already exist, say of a language model or a person.

    Parameters
    ----------
    column : hashable
        By name or position.
    abstain : scalar or list of scalars or None, default=None
        Values that are abstentions, as missing ones always are. With `normalize`, however they are spelled.
    label_map : dict, function or None, default=None
        From an answer to its label, or to None for no vote. Answers that are not in the dict, or of which the
        function returns None, abstain, and a warning lists them.
    normalize : bool, default=False
        Whether answers that differ in spelling only are one label: in case, blanks, quotes and Markdown's stars around
        it, final punctuation, Unicode form, signs without a width, "1.0" for "1". Labels are then in small letters and
        with blanks for "_" and "-"; with a label_map they are those of the map, whose keys match however spelled.
    name : str or None, default=None
        None takes the column's.

    Raises
    ------
    LabelingFunctionError
        If the column is missing, or a value is no number or string; if label_map contradicts itself.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_labelmodel.labeling import ColumnLF
    >>> judged = pd.DataFrame({"judge": ["good", "unsure", "bad"]})
    >>> ColumnLF("judge", abstain="unsure")(judged)
    array(['good', None, 'bad'], dtype=object)
    >>> free = pd.DataFrame({"judge": ["**Good**", "unsure.", "good!", "Bad"]})
    >>> ColumnLF("judge", abstain="unsure", label_map={"good": 1, "bad": 0}, normalize=True)(free)
    array([1, None, 1, 0], dtype=object)
    """

    def __init__(
        self,
        column: Hashable,
        *,
        abstain: Marker = None,
        label_map: LabelMap = None,
        normalize: bool = False,
        name: str | None = None,
    ) -> None:
        self.column = column
        self.abstain = abstain
        self.label_map = label_map
        self.normalize = normalize
        self.name = name

    def _described(self) -> str:
        if isinstance(self.column, str):
            return self.column
        return f"column_{'' if self.column is None else self.column}"

    def vote(self, records: Records) -> np.ndarray:
        values = records.column(self.column, self.reader)
        given: Any = self.abstain
        listed = isinstance(given, (list, tuple, set, frozenset, np.ndarray))
        markers = list(given) if listed else [given]
        if self.normalize or self.label_map is not None:
            return self._labels(values, markers, records)
        abstains = np.isin(values, markers) if values.dtype.kind in "biuf" else None
        if abstains is None:
            abstains = missing(values) | pd.Series(values, dtype=object).isin(markers).to_numpy()
        if not abstains.any():
            return values
        votes = values.astype(object)
        votes[abstains] = None
        return votes

    def _labels(self, values: np.ndarray, markers: list[object], records: Records) -> np.ndarray:
        if values.dtype.kind == "O" and not {*map(type, values)} <= {str, int, float, type(None)}:
            unfit = [not isinstance(value, str | numbers.Number | np.generic) for value in values]
            demand = f"{self.reader} reads answers that are numbers or strings"
            records.refuse(
                np.array(unfit, bool) & ~missing(values), values, demand, "Convert them."
            )
        silent = [marker for marker in markers if not missing(marker)]
        reader = AnswerReader(self.label_map, self.normalize, self.reader, records.where)
        codes, labels = reader.codes(values, silent)
        return np.append(labels, as_objects([None]))[codes]


def _kind(values: Iterable[object]) -> str:
    """What all of the values are."""
    types = set(map(type, values))
    for name, kind in (("strings", str), ("numbers", numbers.Number)):
        if types and all(issubclass(one, kind) for one in types):
            return name
    return "others"
