"""Values as dicts, lists, strings and plain arrays, which a file holds without pickle, and back again.

A plain form is a number, a string, a boolean, None, an array of numbers or texts, or a dict whose entry "is" says what
it stands for. What has no such form, an estimator or a function say, stays as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import quoted

if TYPE_CHECKING:
    import pandas as pd
    from scipy.sparse import csr_array
    from sklearn.utils import Bunch

Cells = str | list[object]

SCALARS = {str, int, float, bool, type(None)}


def plain_form(value: object, held: Sequence[type] = ()) -> Any:
    """The plain form of a value.

    Parameters
    ----------
    value : object
    held : sequence of dataclasses and named tuples
        Those that become dicts of their fields.

    Examples
    --------
    >>> from sklearn_labelmodel._utils.plain_form import plain_form, rebuilt
    >>> plain_form({"spam": (1, None)})
    {'is': 'dict', 'keys': '["spam"]', 'values': [{'is': 'tuple', 'cells': '[1, null]'}]}
    >>> rebuilt(_)
    {'spam': (1, None)}
    """
    parts: dict[str, Any] | None = None
    if type(value) in held:
        name = type(value).__name__
        parts = {field: getattr(value, field) for field in _fields_of(value)}
    elif (name := _kind_of(value)) in KINDS:
        parts = KINDS[name].taken_apart(value)
    if parts is None:
        return value
    return {"is": name, **{part: _part(each, held) for part, each in parts.items()}}


def rebuilt(form: object, held: Sequence[type] = ()) -> Any:
    """The value that a plain form stands for.

    Parameters
    ----------
    form : plain form
    held : sequence of dataclasses and named tuples
        As in `plain_form`: nothing else is ever made.

    Raises
    ------
    ValueError, KeyError, TypeError
        What is no plain form.
    """
    if isinstance(form, list):
        return [rebuilt(each, held) for each in form]
    if not isinstance(form, dict):
        return form
    name = form["is"]
    parts = {part: rebuilt(each, held) for part, each in form.items() if part != "is"}
    makers = {kind.__name__: kind for kind in held}
    if name not in makers and name not in KINDS:
        raise ValueError(f"it holds {quoted(name)}, which is none of the things that it may hold")
    make = makers[name] if name in makers else KINDS[name].put_together
    return make(**parts)


def _fields_of(value: Any) -> Sequence[str]:
    if isinstance(value, tuple):
        return value._fields  # type: ignore[attr-defined]
    return [field.name for field in fields(value) if field.init]


def _part(value: object, held: Sequence[type]) -> Any:
    if isinstance(value, _Cells):
        cells = value.cells
        return json.dumps(cells) if _are_scalars(cells) else [plain_form(x, held) for x in cells]
    return plain_form(value, held)


class _Cells(NamedTuple):
    """Cells of a container, which become one text where they are all scalars."""

    cells: list[object]


def _are_scalars(cells: list[object]) -> bool:
    return {*map(type, cells)} <= SCALARS


def _read(cells: Cells) -> list[Any]:
    return json.loads(cells) if isinstance(cells, str) else cells


# Kinds --------------------------------------------------------------------------------------------


class Ways(NamedTuple):
    """How values of a kind are taken apart, None where one cannot be, and put together again."""

    taken_apart: Callable[[Any], dict[str, Any] | None]
    put_together: Callable[..., Any]


def _of_cells(
    make: Callable[[list[Any]], object], order: Callable[[Any], list[object]] = list
) -> Ways:
    return Ways(lambda value: {"cells": _Cells(order(value))}, lambda cells: make(_read(cells)))


def _in_order(values: Iterable[object]) -> list[object]:
    """Of a set, the same in every process."""
    return sorted(values, key=lambda value: (type(value).__name__, str(value)))


def _of_mapping(make: Callable[[Iterator[tuple[Any, Any]]], object]) -> Ways:
    def put_together(keys: Cells, values: Cells) -> object:
        return make(zip(_read(keys), _read(values), strict=True))

    return Ways(
        lambda one: {"keys": _Cells([*one]), "values": _Cells([*one.values()])}, put_together
    )


def _bunch(pairs: Iterable[tuple[str, object]]) -> Bunch:
    from sklearn.utils import Bunch

    return Bunch(**dict(pairs))


def _array_apart(array: NDArray[Any]) -> dict[str, Any] | None:
    """Only arrays of objects are taken apart."""
    if array.dtype != object:
        return None
    return {"shape": _Cells(list(array.shape)), "cells": _Cells(list(array.flat))}


def _array_together(shape: Cells, cells: Cells) -> NDArray[Any]:
    listed = _read(cells)
    return np.fromiter(listed, dtype=object, count=len(listed)).reshape(_read(shape))


def _sparse_apart(matrix: csr_array) -> dict[str, Any]:
    parts = {name: getattr(matrix, name) for name in ("data", "indices", "indptr")}
    return {**parts, "shape": _Cells(list(matrix.shape))}


def _sparse_together(
    data: NDArray[Any], indices: NDArray[Any], indptr: NDArray[Any], shape: Cells
) -> csr_array:
    from scipy.sparse import csr_array

    matrix = csr_array((data, indices, indptr), shape=_read(shape))
    # SciPy does not look at indices when it multiplies.
    matrix.check_format(full_check=True)
    return matrix


def _series_apart(series: pd.Series) -> dict[str, Any] | None:
    """None for a column whose type its name does not tell, such as a categorical one."""
    parts: dict[str, Any] = {
        "name": series.name,
        "cells": _Cells(series.tolist()),
        "dtype": str(series.dtype),
        "labels": _Cells(series.index.tolist()),
        "label_dtype": str(series.index.dtype),
    }
    try:
        again = _series_together(**parts)
    except (TypeError, ValueError):
        return None
    same = again.equals(series) and again.dtype == series.dtype and again.index.equals(series.index)
    return parts if same else None


def _series_together(
    name: Hashable, cells: Cells, dtype: str, labels: Cells, label_dtype: str
) -> pd.Series:
    import pandas as pd

    values, names = (_read(x.cells if isinstance(x, _Cells) else x) for x in (cells, labels))
    return pd.Series(values, pd.Index(names, dtype=label_dtype), dtype=dtype, name=name)


def _timestamp_apart(moment: pd.Timestamp) -> dict[str, Any] | None:
    return None if moment.tzinfo else {"at": np.array([moment.to_numpy()])}


def _timestamp_together(at: NDArray[np.datetime64]) -> pd.Timestamp:
    import pandas as pd

    return pd.Timestamp(at[0])


def _moment_apart(moment: datetime) -> dict[str, Any] | None:
    """None where a zone with a name would become an offset."""
    text = moment.isoformat()
    again = datetime.fromisoformat(text)
    return {"text": text} if type(again.tzinfo) is type(moment.tzinfo) else None


# By name, so that nothing is imported before a value of the kind is there.
KINDS = {
    "list": _of_cells(list),
    "tuple": _of_cells(tuple),
    "set": _of_cells(set, _in_order),
    "frozenset": _of_cells(frozenset, _in_order),
    "dict": _of_mapping(dict),
    "sklearn.Bunch": _of_mapping(_bunch),
    "numpy.ndarray": Ways(_array_apart, _array_together),
    "scipy.csr_array": Ways(_sparse_apart, _sparse_together),
    "re.Pattern": Ways(lambda one: {"pattern": one.pattern, "flags": one.flags}, re.compile),
    "pandas.Series": Ways(_series_apart, _series_together),
    "pandas.Timestamp": Ways(_timestamp_apart, _timestamp_together),
    "datetime.datetime": Ways(_moment_apart, lambda text: datetime.fromisoformat(text)),
    "datetime.date": Ways(
        lambda day: {"text": day.isoformat()}, lambda text: date.fromisoformat(text)
    ),
}


def _kind_of(value: object) -> str:
    kind = type(value)
    return f"{kind.__module__.partition('.')[0]}.{kind.__name__}".removeprefix("builtins.")
