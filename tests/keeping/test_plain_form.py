"""Plain forms: any value that parameters and fits hold comes back as it was."""

import json
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from sklearn.utils import Bunch

from sklearn_labelmodel._utils.plain_form import plain_form, rebuilt

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
values = st.recursive(
    scalars,
    lambda each: (
        st.lists(each)
        | st.lists(each).map(tuple)
        | st.dictionaries(scalars, each)
        | st.frozensets(scalars)
    ),
)


def is_plain(form):
    """Whether a form holds what JSON and NumPy's own format hold, and nothing else."""
    if isinstance(form, np.ndarray):
        return not form.dtype.hasobject
    if isinstance(form, dict):
        return all(type(key) is str for key in form) and all(map(is_plain, form.values()))
    if isinstance(form, list):
        return all(map(is_plain, form))
    return json.loads(json.dumps(form)) == form


def kinds_of(value):
    """The types of a value and of all that it holds."""
    if isinstance(value, dict):
        return [type(value), *map(kinds_of, value), *map(kinds_of, value.values())]
    if isinstance(value, list | tuple):
        return [type(value), *map(kinds_of, value)]
    return type(value)


@pytest.mark.slow
@given(values)
def test_python_values_come_back(value):
    form = plain_form(value)
    assert is_plain(form)
    assert rebuilt(form) == value
    assert kinds_of(rebuilt(form)) == kinds_of(value)


@pytest.mark.parametrize(
    "value",
    [
        {True: 0.3, False: 0.7},
        {(0, "a"): {None}},
        {1: "a", "1": "b"},
        Bunch(threshold=0.5, words=["a"]),
        re.compile("win|won", re.IGNORECASE),
        date(2026, 2, 28),
        datetime(2026, 2, 28, 1, 2, 3, 4, tzinfo=timezone(timedelta(hours=2))),
        pd.Timestamp("2026-02-28 01:02:03.000000004"),
        "surrogate \ud800, NUL \0, \u05d0",
        -0.0,
        2**70,
    ],
    ids=str,
)
def test_one_value_comes_back(value):
    form = plain_form(value)
    assert is_plain(form)
    assert rebuilt(form) == value
    assert type(rebuilt(form)) is type(value)


@pytest.mark.parametrize(
    "array",
    [
        np.array(["spam", None, 3, 2.5, True], dtype=object),
        np.array([["a\0", "b"], ["", "d"]], dtype=object),
        np.array([("a", 1), [2]], dtype=object),
        np.zeros((0, 3), dtype=object),
        np.array(7, dtype=object),
    ],
    ids=repr,
)
def test_arrays_of_objects_come_back(array):
    form = plain_form(array)
    again = rebuilt(form)
    assert is_plain(form)
    assert again.dtype == object
    assert again.shape == array.shape
    assert again.tolist() == array.tolist()


@pytest.mark.parametrize(
    "series",
    [
        pd.Series({"a": "spam", "b": "ham"}),
        pd.Series({"a": "spam", "b": None}, dtype=object),
        pd.Series([0.1, np.nan], index=[3, 5], name="share"),
        pd.Series([1, 2], dtype="Int64"),
    ],
    ids=str,
)
def test_series_come_back(series):
    form = plain_form(series)
    assert is_plain(form)
    pd.testing.assert_series_equal(rebuilt(form), series)


def test_sparse_matrices_come_back_with_their_zeros():
    matrix = csr_array((np.array([1.0, 0.0]), ([0, 1], [1, 2])), shape=(2, 4))
    again = rebuilt(plain_form(matrix))
    assert again.shape == (2, 4)
    assert again.nnz == 2
    assert (again.toarray() == matrix.toarray()).all()


@pytest.mark.parametrize("part", ["indices", "indptr"])
def test_sparse_matrices_that_point_beyond_their_end_are_refused(part):
    form = plain_form(csr_array(np.eye(3)))
    form[part] = form[part] + np.array(
        [0] * (len(form[part]) - 1) + [1 << 20], dtype=form[part].dtype
    )
    with pytest.raises(ValueError, match="ind"):
        rebuilt(form)


@pytest.mark.parametrize(
    "value",
    [
        np.arange(3),
        np.float64(0.5),
        len,
        pd.Series(["a"], dtype=pd.CategoricalDtype(["b", "a"])),
        pd.Timestamp(0, tz="UTC"),
    ],
    ids=["numbers", "NumPy scalar", "function", "categories", "zone"],
)
def test_what_has_no_plain_form_stays_as_it_is(value):
    assert plain_form(value) is value


@dataclass(frozen=True)
class Pair:
    left: Any
    right: Any = None


def test_dataclasses_that_are_held_come_back_within_others():
    pair = Pair((1, 2), {"inner": [Pair("a")]})
    assert is_plain(plain_form(pair, [Pair]))
    assert rebuilt(plain_form(pair, [Pair]), [Pair]) == pair


def test_other_dataclasses_are_not_made():
    form = plain_form(Pair(1), [Pair])
    with pytest.raises(ValueError, match="it holds 'Pair', which is none of the things"):
        rebuilt(form)


def test_sets_have_one_form_whatever_their_order():
    one = plain_form({"b", "a", "c"})
    assert one == plain_form({"c", "b", "a"}) == {"is": "set", "cells": '["a", "b", "c"]'}
