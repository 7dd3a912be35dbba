"""Containers with missing, repeated and lossy values of their own, and those that are no label matrix."""

from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
import scipy.sparse as sp
from helpers import make_votes
from numpy.testing import assert_array_equal

from sklearn_labelmodel import LabelModelClassifier, MajorityVoteClassifier
from sklearn_labelmodel._votes.gold import read_gold
from sklearn_labelmodel._votes.reader import read_votes
from sklearn_labelmodel.inspection import lf_summary

LARGE = 2**60 + 1
VOTES, TRUTH = make_votes(60, 5)
ARROW_WORDS = pa.array(["x", "y", None])
DOUBLED = pa.DictionaryArray.from_arrays(
    pa.array([0, 1, 2, None, 3]), pa.array(["x", "x", "y", None])
)
RUNS = pa.RunEndEncodedArray.from_arrays([2, 3], ["x", None])


def cells(L, **parameters):
    """The votes read from L, None where there is none."""
    votes = read_votes(L, **parameters)
    named = dict(enumerate(votes.values.tolist()))
    codes = votes.block(0, votes.n_samples).T.tolist()
    return [[None if c == votes.abstain_code else named[c] for c in row] for row in codes]


def column(values):
    return [[value] for value in values]


@pytest.mark.parametrize(
    ("L", "expected"),
    [
        (np.ma.array([[1, 2], [3, 1]], mask=[[0, 1], [0, 0]]), [[1, None], [3, 1]]),
        (np.ma.array([[LARGE, 2]], mask=[[0, 1]]), [[LARGE, None]]),
        (np.ma.array([[0.0, 1.0]], mask=[[0, 1]]), [[0, None]]),
        (pl.DataFrame({"a": [LARGE, None, LARGE + 1]}), column([LARGE, None, LARGE + 1])),
        (pl.DataFrame({"a": [True, None]}), column([True, None])),
        (pl.DataFrame({"a": [1.0, float("nan"), None]}), column([1, None, None])),
        (pl.DataFrame({"a": [Decimal(1), None]}), column([1, None])),
        (pl.DataFrame({"a": pl.Series(["x", None], dtype=pl.Categorical)}), column(["x", None])),
        (
            pl.DataFrame({"a": pl.Series(["x", None], dtype=pl.Enum(["y", "x"]))}),
            column(["x", None]),
        ),
        (pl.DataFrame({"a": pl.Series([2**63 + 1], dtype=pl.UInt64)}), column([2**63 + 1])),
        (pa.table({"a": ARROW_WORDS}), column(["x", "y", None])),
        (pa.record_batch({"a": ARROW_WORDS}), column(["x", "y", None])),
        (pa.table({"a": DOUBLED}), column(["x", "x", "y", None, None])),
        (pa.table({"a": RUNS}), column(["x", "x", None])),
        (pa.table({"a": [LARGE, None]}), column([LARGE, None])),
        (pa.Table.from_arrays([pa.array([1, 2])] * 2, names=["a", "a"]), [[1, 1], [2, 2]]),
        (pd.DataFrame({"a": pd.array([LARGE, None], dtype="Int64")}), column([LARGE, None])),
        (
            pd.DataFrame({"a": pd.array([LARGE, None], dtype="int64[pyarrow]")}),
            column([LARGE, None]),
        ),
        (
            pd.DataFrame({"a": pd.Series(DOUBLED, dtype=pd.ArrowDtype(DOUBLED.type))}),
            column(["x", "x", "y", None, None]),
        ),
        (
            pd.DataFrame({"a": pd.Categorical(["x", None], categories=["z", "x"])}),
            column(["x", None]),
        ),
        (pd.DataFrame({"a": pd.Categorical([LARGE, None])}), column([LARGE, None])),
        (
            pd.DataFrame({"a": ["x", pd.NaT, pd.NA, np.nan, None, Decimal("nan")]}, dtype=object),
            column(["x"] + [None] * 5),
        ),
        ([[LARGE, float("nan")], [LARGE + 1, 1]], [[LARGE, None], [LARGE + 1, 1]]),
        ([["x", None], ["y", "x"]], [["x", None], ["y", "x"]]),
        (np.array([[2**63 + 1, 2**63]], dtype=np.uint64), [[2**63 + 1, 2**63]]),
        (np.array([[2**63 - 1, 2**63 - 2]]), [[2**63 - 1, 2**63 - 2]]),
        (np.array([[2**64 - 1, 0]], dtype=np.uint64), [[2**64 - 1, 0]]),
        (sp.csr_array(np.array([[2**63 + 1, 2**63]], dtype=np.uint64)), [[2**63 + 1, 2**63]]),
        (sp.csr_array((np.array([1, 0]), np.array([1, 0]), np.array([0, 2]))), [[0, 1]]),
        (
            np.array([["x", None]], dtype=np.dtypes.StringDType(na_object=None)),
            [["x", None]],
        ),
    ],
)
def test_cells_are_read_as_the_container_means_them(L, expected):
    assert cells(L) == expected


@pytest.mark.parametrize(
    "form",
    [
        lambda y, some: np.ma.array(y, mask=~some),
        lambda y, some: pl.Series([int(v) if s else None for v, s in zip(y, some, strict=True)]),
        lambda y, some: pa.array([int(v) if s else None for v, s in zip(y, some, strict=True)]),
        lambda y, some: pa.chunked_array(
            [[int(v) if s else None for v, s in zip(y, some, strict=True)]]
        ),
        lambda y, some: pd.Series(y).where(some).astype("Int64"),
        lambda y, some: pd.Series(y).where(some).astype("int64[pyarrow]"),
        lambda y, some: pd.Series(pd.Categorical(pd.Series(y).where(some), categories=[7, 1, 0])),
        lambda y, some: (int(v) if s else None for v, s in zip(y, some, strict=True)),
        lambda y, some: dict(enumerate(np.where(some, y, -1).tolist())).values(),
    ],
    ids=[
        "mask",
        "polars",
        "arrow",
        "chunks",
        "Int64",
        "pandas-arrow",
        "categories",
        "generator",
        "values",
    ],
)
def test_labels_are_read_as_the_container_means_them(form):
    some = np.arange(60) % 2 == 0
    expected = read_gold(np.where(some, TRUTH, -1), 60)
    gold = read_gold(form(TRUTH, some), 60)
    assert gold.values.tolist() == expected.values.tolist() == [0, 1]
    assert_array_equal(gold.codes, expected.codes)


@pytest.mark.parametrize("missing", [False, True])
def test_labels_in_numpys_own_strings(missing):
    words = np.array(["ham", "spam"])[TRUTH].tolist()
    y = [None if missing and row < 9 else word for row, word in enumerate(words)]
    kind = np.dtypes.StringDType(na_object=None) if missing else np.dtypes.StringDType()
    gold = read_gold(np.array(y, dtype=kind), 60)
    assert gold.values.tolist() == ["ham", "spam"]
    assert gold.n_labelled == (51 if missing else 60)


# Repeated and rounded -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "L",
    [
        sp.coo_array(([1, 1, 0], ([0, 0, 1], [2, 2, 0])), shape=(2, 3)),
        sp.coo_matrix(([1, -1, 0], ([0, 0, 1], [2, 2, 0])), shape=(2, 3)),
        sp.csr_array((np.array([1, 1, 0]), np.array([2, 2, 0]), np.array([0, 2, 3])), shape=(2, 3)),
        sp.csc_array((np.array([0, 1, 1]), np.array([1, 0, 0]), np.array([0, 1, 1, 3]))),
    ],
    ids=["coo", "cancelling", "csr", "csc"],
)
def test_a_cell_that_is_stored_twice_is_refused(L):
    message = r"L holds 1 cells twice \(first: LF 2, row 0\), and a sum of votes is no vote"
    with pytest.raises(ValueError, match=message):
        LabelModelClassifier().fit(L)
    with pytest.raises(ValueError, match=message):
        lf_summary(L)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_floats_are_refused_from_where_they_are_rounded(kind):
    limit = 2 ** (np.finfo(kind).nmant + 1)
    assert cells(np.array([[limit - 1, np.nan]], dtype=kind)) == [[limit - 1, None]]
    for wrong in (limit, -limit):
        with pytest.raises(ValueError, match=f"LF 1, row 0: .* rounded from {limit} on"):
            read_votes(np.array([[0, wrong]], dtype=kind))
    with pytest.raises(ValueError, match="floats of its kind are rounded"):
        read_gold(np.array([0, 1, limit], dtype=kind), 3)


def test_large_labels_stay_apart():
    votes = np.where(VOTES < 0, 2**63 - 5, VOTES.astype(np.uint64) + np.uint64(2**63))
    model = LabelModelClassifier(abstain=2**63 - 5).fit(votes)
    assert model.classes_.tolist() == [2**63, 2**63 + 1]
    assert_array_equal(
        model.predict(votes) - np.uint64(2**63), LabelModelClassifier().fit(VOTES).predict(VOTES)
    )


def test_large_votes_and_labels_of_unlike_dtypes_stay_apart():
    L = np.array([[2**63 - 1, 2**63 - 2]] * 3)
    y = pd.Series([2**63, 2**63 + 1, None], dtype="UInt64")
    classes = MajorityVoteClassifier().fit(L, y).classes_
    assert classes.tolist() == [2**63 - 2, 2**63 - 1, 2**63, 2**63 + 1]


@pytest.mark.parametrize("large", [[2**63, -5], [2**64, 1]])
def test_numbers_that_no_dtype_holds_are_refused(large):
    with pytest.raises(ValueError, match="too large for one kind of number; write them as strings"):
        LabelModelClassifier().fit(np.array([large] * 4, dtype=object))


def test_sparse_columns_with_a_fill_value_warn():
    frame = pd.DataFrame.sparse.from_spmatrix(sp.csr_array(np.maximum(VOTES, 0)))
    with pytest.warns(UserWarning, match="not stored count as votes for 0.* set abstain=0"):
        read_votes(frame)
    read_votes(frame, abstain=0)


# No label matrices --------------------------------------------------------------------------------

ANSWERS = {f"t{i}": {"ann": 0, "bob": 1} for i in range(4)}


@pytest.mark.parametrize(
    ("L", "remedy"),
    [
        (ANSWERS, r'L is a dict; pass pandas.DataFrame.from_dict\(L, orient="index"\)'),
        ({"a": [0, 1], "b": [1, 0]}, r"L is a dict; pass pandas.DataFrame\(L\)"),
        ([{"a": 0}, {"a": 1}], r"rows of L are dicts; pass pandas.DataFrame\(list\(L\)\)"),
        (({"a": 0}, {"a": 1}), r"rows of L are dicts"),
        (pd.Series([{"a": 0}, {"a": 1}]), r"rows of L are dicts"),
        (np.array([{"a": 0}, {"a": 1}], dtype=object), r"rows of L are dicts"),
        (pd.Series([[0, 1], [1, 0]]), r"one-dimensional Series of rows; pass L.tolist\(\)"),
        (np.array([(0, 1)], dtype=[("a", int), ("b", int)]), r"array of records; pass pandas"),
        ((row for row in [[0, 1]]), r"generator.* pass list\(L\)"),
        ({(0, 1), (1, 0)}, r"set, which has no order"),
    ],
    ids=lambda value: "" if isinstance(value, str) else type(value).__name__,
)
@pytest.mark.parametrize("ask", ["fit", "summary", "predict"])
def test_what_is_no_label_matrix_is_told_what_to_pass(ask, L, remedy):
    model = LabelModelClassifier().fit(VOTES)
    calls = {"fit": LabelModelClassifier().fit, "summary": lf_summary, "predict": model.predict}
    with pytest.raises(TypeError, match=remedy):
        calls[ask](L)


def test_rows_of_unlike_lengths_are_named():
    with pytest.raises(ValueError, match="Row 2 of L holds 1 votes and row 0 holds 2"):
        LabelModelClassifier().fit([[0, 1], [1, 0], [1]])


def test_labels_in_a_dict_are_told_what_to_pass():
    with pytest.raises(TypeError, match=r"y is a dict; pass pandas.Series\(y\).reindex\(L.index\)"):
        LabelModelClassifier().fit(VOTES, dict(enumerate(TRUTH)))


def test_labels_of_some_rows_are_told_how_to_spread():
    with pytest.raises(ValueError, match=r"y has 20 labels.*pass y.reindex\(L.index\)"):
        LabelModelClassifier().fit(VOTES, pd.Series(TRUTH[:20]))


@pytest.mark.parametrize(
    ("of_table", "how"),
    [
        (ds.dataset, r"L.head\(100_000\)"),
        (lambda table: ds.dataset(table).scanner(), r"L.to_table\(\)"),
        (lambda table: table.to_reader(), r"L.read_all\(\)"),
        (lambda _: "votes.csv", r"pandas.read_csv\(L\)"),
    ],
)
def test_what_looks_at_rows_says_how_to_have_them_in_memory(of_table, how):
    model = MajorityVoteClassifier().fit(VOTES)
    with pytest.raises(TypeError, match=rf"whose rows are not in memory; pass .*{how}"):
        model.score(of_table(pa.table({f"{j}": VOTES[:, j] for j in range(5)})))


def test_what_looks_at_rows_wants_a_lazy_frame_collected():
    with pytest.raises(TypeError, match=r"LazyFrame.* pass L.collect\(\)"):
        lf_summary(pl.LazyFrame({"a": [0, 1]}))
