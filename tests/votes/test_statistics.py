"""Counting symbols, against looking at every cell."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_array_equal

from sklearn_labelmodel._votes import columns as _column_counts
from sklearn_labelmodel._votes import pairs as _statistics
from sklearn_labelmodel._votes.codes import grouped
from sklearn_labelmodel._votes.gold import read_gold
from sklearn_labelmodel._votes.pairs import count_votes
from sklearn_labelmodel._votes.reader import read_votes


def dense(pairs):
    return pairs.toarray() if sp.issparse(pairs) else pairs


def indicators(L, symbols):
    """Sparse (n_samples, n_symbols): which row holds which (LF, vote), by looking at every vote."""
    place = {symbol: s for s, symbol in enumerate(symbols)}
    rows, lfs = np.nonzero(L != -1)
    votes = zip(lfs.tolist(), L[rows, lfs].tolist(), strict=True)
    columns = [place[vote] for vote in votes]
    return sp.csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(L), len(symbols)))


def assert_counts_are_right(L, y=None, statistics=None):
    """Compare with brute force; L and y hold -1 for none."""
    if statistics is None:
        statistics = count_votes(read_votes(L), read_gold(y, len(L)))
    symbols = [(j, v) for j in range(L.shape[1]) for v in np.unique(L[:, j]).tolist() if v != -1]
    assert list(zip(statistics.lf.tolist(), statistics.vote.tolist(), strict=True)) == symbols
    hot = indicators(L, symbols)
    assert (sp.csr_array(statistics.cooccurrence) != hot.T @ hot).nnz == 0
    assert_array_equal(statistics.counts, hot.sum(axis=0))
    assert (statistics.n_samples, statistics.n_lfs) == L.shape
    if y is not None:
        labels = np.unique(y[y != -1])
        truth = (y[:, None] == labels).astype(float)
        assert_array_equal(statistics.gold_counts, hot.T @ truth)
        assert_array_equal(statistics.gold_rows, truth.sum(axis=0))


def random_votes(n_samples, n_lfs, n_values, coverage, seed=0):
    rng = np.random.default_rng(seed)
    L = rng.integers(n_values, size=(n_samples, n_lfs))
    L[rng.random(L.shape) > coverage] = -1
    return L, rng.integers(-1, 3, size=n_samples)


# Few and many rows, LFs and values, full and nearly empty.
SHAPES = [
    (1, 1, 2, 1.0),
    (63, 3, 2, 0.5),
    (64, 3, 2, 0.9),
    (65, 4, 3, 1.0),
    (1000, 5, 2, 0.05),
    (300, 6, 40, 0.3),
    (500, 30, 9, 0.02),
    (150, 20, 100, 0.1),
    (120, 40, 30, 1.0),
    (200, 60, 300, 0.2),
    (100, 60, 300, 1.0),
]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_counts_equal_brute_force(shape):
    assert_counts_are_right(*random_votes(*shape))


WAYS = [_statistics._count_rows, _statistics._count_each_vote, _column_counts.count_columns]


def assert_way_is_right(way, L, y, weight=None):
    """Compare one way of counting the second half of the rows with brute force."""
    rows = slice(len(L) // 2, len(L))
    of_rows = None if weight is None else weight[rows]
    votes = read_votes(L)
    counted, pairs = way(votes, read_gold(y, len(L)), rows, of_rows)
    occur = np.flatnonzero(pairs.diagonal())
    n_lfs, beside = L.shape[1], np.column_stack([L, y])[rows]
    symbols = [(j, v) for j in range(n_lfs + 1) for v in np.unique(beside[:, j]) if v != -1]
    # A code is a vote's place after the abstain -1, and a label's place among the labels from 0 on.
    codes = [votes.n_codes * j + v + (j < n_lfs) for j, v in symbols]
    hot = indicators(beside, symbols)
    assert counted[occur].tolist() == codes
    weighed = hot if weight is None else hot * of_rows[:, None]
    assert (sp.csr_array(pairs[occur][:, occur]) != weighed.T @ hot).nnz == 0


@pytest.mark.parametrize("weighed", [True, False])
@pytest.mark.parametrize("labelled", [True, False])
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("shape", [(7, 1, 2, 0.6), (90, 10, 2, 0.9), (60, 9, 20, 0.2)], ids=str)
def test_every_way_of_counting_equals_brute_force(shape, way, labelled, weighed):
    L, y = random_votes(*shape)
    weight = np.random.default_rng(0).integers(1, 1 << 30, len(L)) / 1.0 if weighed else None
    assert_way_is_right(way, L, y if labelled else np.full_like(y, -1), weight)


@pytest.mark.parametrize("way", WAYS[1:], ids=lambda way: way.__name__)
def test_many_symbols_are_counted_in_sparse_form(way, monkeypatch):
    for module in (_statistics, _column_counts):
        monkeypatch.setattr(module, "DENSE_SYMBOLS", 3)
    assert_way_is_right(way, *random_votes(200, 20, 9, 0.3))


def test_counts_add_up_over_a_large_matrix():
    assert_counts_are_right(*random_votes(300_000, 3, 2, 0.5))


@pytest.mark.parametrize("n_values", [2, 2500])
def test_counts_add_up_where_late_rows_hold_other_votes(n_values):
    L, y = random_votes(280_000, 2, n_values, 0.1)
    L[270_000:] += n_values * (L[270_000:] != -1)
    L[270_000:, 0] = -1
    assert_counts_are_right(L, y)


def test_many_symbols_are_kept_sparse():
    L, _ = random_votes(100, 60, 300, 1.0)
    statistics = count_votes(read_votes(L), read_gold(None, len(L)))
    assert sp.issparse(statistics.cooccurrence)


def test_a_column_of_identifiers_is_counted_vote_by_vote():
    L, _ = random_votes(200_000, 3, 2, 0.5)
    L = np.column_stack([np.arange(len(L)) + 10, L])
    statistics = count_votes(read_votes(L), read_gold(None, len(L)))
    assert_array_equal(np.bincount(statistics.lf)[0], len(L))
    assert statistics.cooccurrence.sum() == ((L != -1).sum(axis=1) ** 2).sum()


def test_many_lfs_of_many_votes_are_counted_where_they_vote():
    rng = np.random.default_rng(0)
    L = sp.random(30, 200_000, density=1e-4, random_state=rng, format="csr")
    L.data = rng.integers(1000, size=L.nnz).astype(np.float64)
    statistics = count_votes(read_votes(L), read_gold(None, 30))
    assert statistics.cooccurrence.sum() == (np.diff(L.indptr) ** 2).sum()


def test_late_rows_denser_than_the_first():
    L, y = random_votes(10_000, 4, 3, 0.9)
    L[:5000] = -1
    L[0, 0] = 2
    assert_counts_are_right(L, y)


@given(
    hnp.arrays(
        np.int64, st.tuples(st.integers(1, 12), st.integers(1, 4)), elements=st.integers(-1, 3)
    ),
    st.data(),
)
def test_counts_of_any_small_matrix(L, data):
    y = data.draw(hnp.arrays(np.int64, len(L), elements=st.integers(-1, 2)))
    y[y == -1] = -1 if len(np.unique(y[y != -1])) > 1 else 0
    assert_counts_are_right(L, y)


def with_missing(L):
    return np.where(L == -1, np.nan, L)


CONTAINERS = {
    "list": lambda L: L.tolist(),
    "int8": lambda L: L.astype(np.int8),
    "fortran": np.asfortranarray,
    "every other row of a larger array": lambda L: np.repeat(L, 2, axis=0)[::2],
    "float with NaN": with_missing,
    "object": lambda L: L.astype(object),
    "pandas": lambda L: pd.DataFrame(with_missing(L)),
    "pandas Int64": lambda L: pd.DataFrame(with_missing(L)).astype("Int64"),
    "polars": lambda L: pl.DataFrame(L, schema=[f"lf{j}" for j in range(L.shape[1])]),
    "csr": lambda L: stored_votes(L).tocsr(),
    "csc": lambda L: stored_votes(L).tocsc(),
    "coo": lambda L: stored_votes(L),
}


def stored_votes(L):
    """A sparse array whose stored entries, zeros included, are the votes."""
    rows, columns = np.nonzero(L != -1)
    return sp.coo_array((L[rows, columns], (rows, columns)), shape=L.shape)


@pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS.keys())
@pytest.mark.parametrize("n_values", [3, 30])
def test_counts_are_the_same_in_every_container(container, n_values):
    L, y = random_votes(150, 5, n_values, 0.4)
    statistics = count_votes(read_votes(container(L)), read_gold(y, len(L)))
    assert_counts_are_right(L, y, statistics)


@pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS.keys())
def test_cells_are_the_votes_of_the_rows(container):
    L, _ = random_votes(150, 5, 3, 0.4)
    votes = read_votes(container(L))
    row, lf, code = votes.cells(20, 120)
    found = np.full((100, 5), -1)
    found[row, lf] = votes.values[code]
    assert_array_equal(found, L[20:120])
    assert len(row) == np.count_nonzero(L[20:120] != -1)


def test_lfs_that_share_rows_with_another():
    L = np.array([[0, -1, 1, -1], [1, 1, -1, -1], [-1, -1, 0, -1]])
    L[0, 2] = -1
    statistics = count_votes(read_votes(L), read_gold(None, 3))
    assert_array_equal(statistics.overlaps(), [True, True, False, False])


def test_the_two_votes_of_one_lf_never_occur_together():
    L, _ = random_votes(100, 3, 4, 0.8)
    statistics = count_votes(read_votes(L), read_gold(None, 100))
    own = statistics.lf[:, None] == statistics.lf
    np.fill_diagonal(own, False)
    assert not dense(statistics.cooccurrence)[own].any()


@pytest.mark.parametrize("labelled", [True, False])
def test_rows_of_few_lfs_are_grouped_with_the_number_of_each(labelled):
    L, y = random_votes(4000, 3, 2, 0.7)
    y = y if labelled else np.full_like(y, -1)
    weight = np.arange(1.0, len(L) + 1)
    votes, gold, total = grouped(read_votes(L), read_gold(y, len(L)), weight)
    values, labels = np.append(votes.values, -1), np.append(gold.values, -1)
    rows = np.column_stack([values[votes.block(0, votes.n_samples).T], labels[gold.codes]])
    sums = pd.Series(weight).groupby([*np.column_stack([L, y]).T]).sum()
    assert dict(zip(map(tuple, rows.tolist()), total, strict=True)) == sums.to_dict()
