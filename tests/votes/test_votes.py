"""Every way to write the same votes gives the same posterior; permutations and relabellings commute."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from hypothesis import assume, example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_labelmodel import (
    DawidSkeneClassifier,
    LabelModelClassifier,
    MajorityVoteClassifier,
    lf_summary,
)

pytestmark = pytest.mark.filterwarnings("ignore:The votes cannot identify:UserWarning")

NAMES = ["ham", "junk", "spam"]
SETTINGS = {"n_epochs": 5, "mu_eps": 1e-3}


def label_matrices(low=-1, high=2):
    """Small matrices of votes 0 to high, with -1 for abstain, that hold a vote."""
    shapes = st.tuples(st.integers(1, 10), st.integers(1, 5))
    matrices = shapes.flatmap(
        lambda shape: hnp.arrays(np.int64, shape, elements=st.integers(low, high))
    )
    return matrices.filter(lambda L: (L >= 0).any())


def proba(L, classes=range(3), **params):
    return LabelModelClassifier(classes=classes, **SETTINGS, **params).fit(L).predict_proba(L)


def assert_same(proba, expected):
    # To the last bits: numbers that could be votes but never occur change the order of sums.
    assert_allclose(proba, expected, rtol=1e-12)


def names(L, missing=None):
    return np.where(L == -1, missing, np.array([*NAMES, missing], dtype=object)[L])


def frame(L):
    return pd.DataFrame(np.where(L == -1, np.nan, L))


def stored_votes(L):
    rows, columns = np.nonzero(L != -1)
    return sp.coo_array((L[rows, columns], (rows, columns)), shape=L.shape)


def mixed_columns(L):
    kinds = ["Int64", "category", "float32", object, "Int8"]
    return pd.DataFrame({f"lf{j}": frame(L)[j].astype(kinds[j]) for j in range(L.shape[1])})


def polars_frame(votes, dtype):
    columns = {f"lf{j}": column for j, column in enumerate(votes.T.tolist())}
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, dtype))


def with_none(L):
    return np.where(L == -1, None, L)


# Each takes votes 0 to 2, or -1, and writes them in another way.
NUMBERS = {
    "list": lambda L: L.tolist(),
    "tuples": lambda L: tuple(map(tuple, L.tolist())),
    "list with None": lambda L: with_none(L).tolist(),
    "int8": lambda L: L.astype(np.int8),
    "int16": lambda L: L.astype(np.int16),
    "int32": lambda L: L.astype(np.int32),
    "big-endian": lambda L: L.astype(">i4"),
    "Fortran order": np.asfortranarray,
    "not contiguous": lambda L: np.repeat(np.repeat(L, 2, axis=0), 3, axis=1)[::2, ::3],
    "float with -1": lambda L: L.astype(float),
    "float16 with NaN": lambda L: frame(L).to_numpy(np.float16),
    "float32 with NaN": lambda L: frame(L).to_numpy(np.float32),
    "float64 with NaN": lambda L: frame(L).to_numpy(),
    "object with NaN": lambda L: frame(L).astype(object).to_numpy(),
    "object with -1": lambda L: L.astype(object),
    "object of floats": lambda L: L.astype(float).astype(object),
    "object of NumPy scalars": lambda L: np.array([[*row] for row in L], dtype=object),
    "DataFrame of int8": lambda L: pd.DataFrame(L.astype(np.int8)),
    "DataFrame of floats": frame,
    "DataFrame of Int64": lambda L: frame(L).astype("Int64"),
    "DataFrame of UInt8": lambda L: frame(L).astype("UInt8"),
    "DataFrame of Float64": lambda L: frame(L).astype("Float64"),
    "DataFrame of categories": lambda L: frame(L).astype("category"),
    "DataFrame of objects": lambda L: frame(L).astype(object).where(L != -1, None),
    "DataFrame of mixed columns": mixed_columns,
    "polars Int64": lambda L: polars_frame(with_none(L), pl.Int64),
    "polars Int8": lambda L: polars_frame(with_none(L), pl.Int8),
    "polars with -1": lambda L: polars_frame(L, pl.Int64),
    "csr": lambda L: stored_votes(L).tocsr(),
    "csc": lambda L: stored_votes(L).tocsc(),
    "coo": stored_votes,
    "csr matrix": lambda L: sp.csr_matrix(stored_votes(L)),
    "csr of int8": lambda L: stored_votes(L).tocsr().astype(np.int8),
    "csr of floats": lambda L: stored_votes(L).tocsr().astype(float),
    "csr with stored -1": lambda L: with_stored_abstains(L),
}
TEXTS = {
    "list of None": lambda L: names(L).tolist(),
    "list of NaN": lambda L: names(L, np.nan).tolist(),
    "object with None": names,
    "object with NaN": lambda L: names(L, np.nan),
    "object with NA": lambda L: names(L, pd.NA),
    "object with NaT": lambda L: names(L, pd.NaT),
    "DataFrame of objects": lambda L: pd.DataFrame(names(L), dtype=object),
    "DataFrame of strings": lambda L: pd.DataFrame(names(L)).astype("string"),
    "DataFrame of categories": lambda L: pd.DataFrame(names(L)).astype("category"),
    "DataFrame of ordered categories": lambda L: pd.DataFrame(names(L)).astype(
        pd.CategoricalDtype(NAMES[::-1], ordered=True)
    ),
    "polars String": lambda L: polars_frame(names(L), pl.String),
    "polars Categorical": lambda L: polars_frame(names(L), pl.String).cast(pl.Categorical),
}


def with_stored_abstains(L):
    rows, columns = np.indices(L.shape)
    return sp.csr_array((L.ravel(), (rows.ravel(), columns.ravel())), shape=L.shape)


@pytest.mark.slow
@pytest.mark.parametrize("write", NUMBERS.values(), ids=NUMBERS.keys())
@given(L=label_matrices())
def test_every_way_to_write_numbers_gives_the_same_posterior(write, L):
    assert_same(proba(write(L)), proba(L))


@pytest.mark.parametrize("write", TEXTS.values(), ids=TEXTS.keys())
@given(L=label_matrices())
def test_every_way_to_write_strings_gives_the_same_posterior(write, L):
    assert_same(proba(write(L), NAMES), proba(L))


@pytest.mark.slow
@pytest.mark.parametrize(
    "dtype", ["uint8", "uint16", "uint32", "uint64", "int8", "int64", "float32"]
)
@given(L=label_matrices(), abstain=st.sampled_from([3, 7, 120]))
def test_any_number_may_mean_abstain(dtype, L, abstain):
    votes = np.where(L == -1, abstain, L).astype(dtype)
    assert_same(proba(votes, abstain=abstain), proba(L))


@given(L=label_matrices())
def test_a_string_may_mean_abstain(L):
    votes = names(L, "?")
    assert_same(proba(votes, NAMES, abstain="?"), proba(L))
    assert_same(proba(votes.astype(str), NAMES, abstain="?"), proba(L))


@given(L=label_matrices())
def test_zero_may_mean_abstain_also_where_a_sparse_matrix_stores_it(L):
    expected = proba(L)
    assert_same(proba(L + 1, [1, 2, 3], abstain=0), expected)
    assert_same(proba(with_stored_abstains(L + 1), [1, 2, 3], abstain=0), expected)
    assert_same(proba(sp.csr_array(L + 1), [1, 2, 3], abstain=0), expected)


@pytest.mark.slow
@given(L=label_matrices(low=0, high=1))
def test_booleans_are_votes(L):
    expected = proba(L, [0, 1])
    for votes in [
        L.astype(bool),
        L.astype(bool).tolist(),
        L.astype(bool).astype(object),
        pd.DataFrame(L.astype(bool)),
        pd.DataFrame(L).astype("boolean"),
        sp.csr_array(with_stored_abstains(L), dtype=bool),
    ]:
        assert_same(proba(votes, [False, True]), expected)


@given(L=label_matrices(high=1))
def test_missing_booleans_abstain(L):
    votes = np.where(L == -1, None, L == 1)
    expected = proba(L, [0, 1])
    for write in [
        lambda: votes,
        lambda: pd.DataFrame(votes).astype("boolean"),
        lambda: polars_frame(votes, pl.Boolean),
    ]:
        assert_same(proba(write(), [False, True]), expected)


@given(L=label_matrices(), data=st.data())
def test_missing_markers_may_differ_from_cell_to_cell(L, data):
    votes = L.astype(object)
    for cell in zip(*np.nonzero(L == -1), strict=True):
        votes[cell] = data.draw(
            st.sampled_from([-1, None, np.nan, pd.NA, pd.NaT, np.float32("nan")])
        )
    assert_same(proba(votes), proba(L))


@example(L=np.array([[0, 0]]), offset=-(2**62))
@given(L=label_matrices(), offset=st.sampled_from([-5, 250, 30_000, 2**40, -(2**62)]))
def test_votes_of_any_size(L, offset):
    votes = np.where(L == -1, -1, (L + 2) * 7 + offset)
    classes = (np.arange(3) + 2) * 7 + offset
    assume(-1 not in classes)
    assert_same(proba(votes, classes), proba(L))


@given(L=label_matrices())
def test_votes_far_apart(L):
    classes = np.array([-(2**52), 5, 2**52])
    votes = np.where(L == -1, -1, classes[L])
    assert_same(proba(votes, classes), proba(L))
    assert_same(proba(votes.astype(float), classes), proba(L))


@given(L=label_matrices(), data=st.data())
def test_permuting_rows_permutes_the_answer(L, data):
    order = np.array(data.draw(st.permutations(range(len(L)))))
    assert_same(proba(L[order]), proba(L)[order])


@given(L=label_matrices(), data=st.data())
def test_permuting_lfs_changes_no_posterior(L, data):
    order = data.draw(st.permutations(range(L.shape[1])))
    assert_allclose(proba(L[:, order]), proba(L), rtol=1e-9)


@given(L=label_matrices(), order=st.permutations(range(3)))
def test_the_order_of_classes_is_the_order_of_columns(L, order):
    assert_allclose(proba(L, order), proba(L)[:, order], rtol=1e-9)


@given(L=label_matrices(), order=st.permutations(range(3)))
def test_relabelling_classes_relabels_the_answer(L, order):
    relabelled = np.where(L == -1, -1, np.array([*order, -1])[L])
    assert_allclose(proba(relabelled)[:, order], proba(L), rtol=1e-9)


@given(L=label_matrices(), times=st.integers(2, 5))
def test_duplicated_data_gives_the_same_mu(L, times):
    """Where the class prior is known: what votes tell of it is drawn to what ten rows would."""
    settings = {"classes": range(3), "class_balance": [0.2, 0.5, 0.3], "dependencies": None}
    once = LabelModelClassifier(**settings, **SETTINGS).fit(L)
    more = LabelModelClassifier(**settings, **SETTINGS).fit(np.tile(L, (times, 1)))
    assert_allclose(more.mu_, once.mu_, rtol=1e-12)


@given(L=label_matrices())
def test_an_lf_that_never_votes_is_harmless(L):
    silent = np.insert(L, 1, -1, axis=1)
    assert_allclose(proba(silent), proba(L), rtol=1e-9)


@pytest.mark.parametrize("write", (NUMBERS | TEXTS).values(), ids=(NUMBERS | TEXTS).keys())
def test_fit_and_predict_change_no_input(write):
    L = np.array([[0, 1, -1, 2], [2, -1, 2, 2], [-1, 1, 1, 0]])
    votes, copy = write(L), write(L)
    proba(votes, NAMES if write in TEXTS.values() else range(3))
    assert_same_data(votes, copy)


def assert_same_data(one, other):
    if sp.issparse(one):
        assert one.nnz == other.nnz
        assert (one != other).nnz == 0
    elif isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, other)
    elif isinstance(one, pl.DataFrame):
        assert one.equals(other)
    else:
        assert type(one) is type(other)
        assert str(one) == str(other)


@pytest.mark.parametrize("kind", ["bsr", "dia"])
def test_padding_of_block_formats_is_no_vote_and_stays(kind):
    L = sp.csr_array(np.diag([1, 2, 1, 2]) + np.eye(4, k=1, dtype=int)).asformat(kind)
    before = L.data.copy()
    padded = LabelModelClassifier(classes=[1, 2], **SETTINGS).fit(L)
    plain = LabelModelClassifier(classes=[1, 2], **SETTINGS).fit(L.tocsr())
    assert_array_equal(padded.mu_, plain.mu_)
    assert_array_equal(L.data, before)


@pytest.mark.parametrize("symbols", [["a", "b", "c"], [10, -5, 7]], ids=str)
def test_symbols_hold_the_votes_as_they_were_written(symbols):
    L = np.array([[0, -1, 2], [0, 1, 2], [2, 1, -1]])
    votes = np.where(L == -1, None, np.array([*symbols, None], dtype=object)[L])
    model = LabelModelClassifier(**SETTINGS).fit(votes)
    expected = [(j, v) for j in range(3) for v in sorted({v for v in votes[:, j] if v is not None})]
    assert model.symbols_.tolist() == expected
    assert model.classes_.tolist() == sorted(symbols)


SILENCE = {
    "None": np.full((2, 3), None),
    "NaN": np.full((2, 3), np.nan),
    "-1": np.full((2, 3), -1),
    "strings": pd.DataFrame(np.full((2, 3), None)).astype("string"),
    "category": pd.DataFrame(np.full((2, 3), None)).astype("category"),
    "nullable": pd.DataFrame(np.full((2, 3), None)).astype("Int8"),
    "CSR": sp.csr_array((2, 3)),
}


@pytest.mark.parametrize("silence", SILENCE.values(), ids=SILENCE)
@pytest.mark.parametrize(
    "kind", [np.array(["ham", "spam"]), np.array([5, 7])], ids=["strings", "numbers"]
)
@pytest.mark.parametrize(
    "model", [LabelModelClassifier, DawidSkeneClassifier, MajorityVoteClassifier]
)
def test_rows_without_any_vote_are_labelled_by_a_model_of_any_votes(model, kind, silence):
    votes = kind[np.array([[0, 0, 1], [1, 1, 0], [0, 0, 0], [1, 1, 1]])]
    fitted = model().fit(votes)
    assert_allclose(fitted.predict_proba(silence), 0.5, atol=1e-6)
    assert not lf_summary(silence, label_model=fitted)["coverage"].any()


@pytest.mark.parametrize("silence", SILENCE.values(), ids=SILENCE)
def test_nothing_is_said_by_rows_without_any_vote(silence):
    fitted = LabelModelClassifier().fit([["ham", "ham", "spam"], ["spam", "ham", "spam"]] * 3)
    assert not fitted.contributions(silence)[:, :-1].any()
