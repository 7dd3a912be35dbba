"""Krippendorff's alpha and Cohen's kappa against published numbers and other packages."""

from itertools import combinations

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import cohen_kappa_score

from sklearn_labelmodel.inspection import agreement

LEVELS = ["nominal", "ordinal", "interval"]

# K. Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), section C: four observers, twelve units.
PUBLISHED = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, -1, -1, -1],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, -1, 3],
        [-1, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, -1],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, -1],
    ]
).T
PUBLISHED_ALPHA = {"nominal": 0.743, "ordinal": 0.815, "interval": 0.849}

# What krippendorff 0.9.0 (PyPI; krippendorff.alpha with level_of_measurement) says of `ratings` with these arguments.
PACKAGE_ALPHA = [
    (
        {"seed": 0},
        {
            "nominal": 0.25674586338565986,
            "ordinal": 0.7340334697614933,
            "interval": 0.7287679219208845,
        },
    ),
    (
        {"seed": 1, "n_rows": 200, "n_voters": 3, "n_values": 2},
        {
            "nominal": 0.1787423667271827,
            "ordinal": 0.17874236672718258,
            "interval": 0.1787423667271827,
        },
    ),
    (
        {"seed": 2, "n_rows": 25, "n_voters": 12, "n_values": 9},
        {
            "nominal": 0.2681581112805248,
            "ordinal": 0.8867789090851885,
            "interval": 0.8787981976961442,
        },
    ),
]
# The same of three pairs, and of all voters but one, with seed 0.
PACKAGE_PAIRS = {
    "nominal": [0.43434343434343436, 0.1334792122538293, 0.2934027777777778],
    "ordinal": [0.6714347786315404, 0.7065410710756868, 0.66107616212063],
    "interval": [0.637223974763407, 0.6987829614604463, 0.6463235294117647],
}
PACKAGE_LEFT_OUT = {
    "nominal": [
        *(0.24661478599221798, 0.2672079248366014, 0.2937587986860629),
        *(0.21781848459616981, 0.25924769783049784, 0.2707246160727599),
    ],
    "ordinal": [
        *(0.7517637354680295, 0.7351104222405864, 0.7422033088332797),
        *(0.728713872232803, 0.7323292790471398, 0.7247013943716365),
    ],
    "interval": [
        *(0.7551440329218106, 0.7281584282263631, 0.7398076188049434),
        *(0.7201044755047297, 0.7292973846058272, 0.7149001583801746),
    ],
}
# The same of `scores()`.
PACKAGE_SCORES = {"ordinal": 0.4065337132003799, "interval": 0.4169766697715913}


def ratings(n_rows=40, n_voters=6, n_values=5, seed=0):
    """Ratings that are off by one at most, two in five missing (-1)."""
    random = np.random.RandomState(seed)
    truth = random.randint(n_values, size=(n_rows, 1))
    L = np.clip(truth + random.randint(-1, 2, size=(n_rows, n_voters)), 0, n_values - 1)
    return np.where(random.random_sample(L.shape) < 0.4, -1, L)


def scores():
    random = np.random.RandomState(3)
    values = random.normal(size=(30, 1)) + random.normal(size=(30, 4))
    return np.where(random.random_sample(values.shape) < 0.2, np.nan, values)


@pytest.mark.parametrize("level", LEVELS)
def test_the_published_example(level):
    alpha = agreement(PUBLISHED, level, n_bootstrap=0).alpha
    assert round(alpha, 3) == PUBLISHED_ALPHA[level]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("arguments", "expected"), PACKAGE_ALPHA)
def test_alpha_is_that_of_another_package(arguments, expected, level):
    alpha = agreement(ratings(**arguments), level, n_bootstrap=0).alpha
    assert_allclose(alpha, expected[level], rtol=1e-12)


@pytest.mark.parametrize("level", LEVELS)
def test_pairs_and_voters_left_out_are_those_of_another_package(level):
    found = agreement(ratings(), level, n_bootstrap=0)
    pairs = found.pairs["alpha"].loc[[(0, 1), (0, 5), (3, 4)]]
    assert_allclose(pairs, PACKAGE_PAIRS[level], rtol=1e-12)
    assert_allclose(found.left_out["alpha"], PACKAGE_LEFT_OUT[level], rtol=1e-12)


@pytest.mark.parametrize("level", ["ordinal", "interval"])
@pytest.mark.parametrize("container", [np.asarray, pd.DataFrame])
def test_scores_can_be_compared(level, container):
    alpha = agreement(container(scores()), level, n_bootstrap=0).alpha
    assert_allclose(alpha, PACKAGE_SCORES[level], rtol=1e-12)


def test_the_marker_is_no_score():
    marked = np.where(np.isnan(scores()), 7, scores())
    alpha = agreement(marked, "interval", abstain=7, n_bootstrap=0).alpha
    assert_allclose(alpha, PACKAGE_SCORES["interval"], rtol=1e-12)


def test_a_level_of_numbers_far_from_zero_is_exact():
    alpha = agreement(
        PUBLISHED + np.where(PUBLISHED < 0, 0, 10**6), "interval", n_bootstrap=0
    ).alpha
    assert round(alpha, 3) == PUBLISHED_ALPHA["interval"]


@pytest.mark.parametrize(
    ("level", "weights"), [("nominal", None), ("ordinal", "quadratic"), ("interval", "quadratic")]
)
def test_kappa_is_that_of_scikit_learn(level, weights):
    L = ratings(n_rows=200)
    found = agreement(L, level, n_bootstrap=0).pairs
    for (i, j), row in found.iterrows():
        both = (L[:, [i, j]] != -1).all(axis=1)
        expected = cohen_kappa_score(L[both, i], L[both, j], weights=weights, labels=range(5))
        assert_allclose(row["kappa"], expected, rtol=1e-10)
        assert row["rows"] == both.sum()


# Containers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "convert",
    [
        lambda L: pd.DataFrame(L).replace(-1, np.nan),
        lambda L: pd.DataFrame(L).astype("Int64").replace(-1, pd.NA),
        lambda L: pl.DataFrame(L, schema=list("abcdef")),
        lambda L: sp.csr_array((L[L != -1], np.nonzero(L != -1)), shape=L.shape),
        lambda L: np.where(L == -1, None, np.array([*"vwxyz", "?"], dtype=object)[L]),
    ],
    ids=["floats", "nullable", "polars", "sparse", "texts"],
)
def test_every_container_gives_the_same(convert):
    L = ratings()
    expected, found = (agreement(each, n_bootstrap=0) for each in (L, convert(L)))
    assert_allclose(found.alpha, expected.alpha, rtol=1e-12)
    assert_allclose(found.pairs, expected.pairs, rtol=1e-12)
    assert_allclose(found.left_out, expected.left_out, rtol=1e-12)


def test_names_head_the_tables():
    found = agreement(pd.DataFrame(ratings(n_voters=3), columns=["a", "b", 7]), n_bootstrap=0)
    assert found.pairs.index.tolist() == [("a", "b"), ("a", 7), ("b", 7)]
    assert found.left_out.index.tolist() == ["a", "b", 7]


def test_names_of_columns_of_two_levels_head_the_tables():
    names = [("ann", 1), ("ann", 2), ("bob", 1), ("di", 1)]
    L = pd.DataFrame(PUBLISHED, columns=pd.MultiIndex.from_tuples(names))
    found = agreement(L, n_bootstrap=0)
    assert found.left_out.index.tolist() == names
    assert found.pairs.index.tolist() == list(combinations(names, 2))


# Intervals ----------------------------------------------------------------------------------------


def nominal_alpha_of_drawn_rows(L, n_samples=1000):
    """Alpha of rows drawn with replacement, from the pairs of votes in each row that are unlike."""
    random = np.random.RandomState(0)
    pairs = list(combinations(range(L.shape[1]), 2))
    unlike = sum(((L[:, i] != L[:, j]) & (L[:, [i, j]] != -1).all(axis=1)) * 2 for i, j in pairs)
    n_votes = (L != -1).sum(axis=1)
    counts = np.array([(value == L).sum(axis=1) for value in range(L.max() + 1)]) * (n_votes > 1)
    for _ in range(n_samples):
        rows = random.randint(len(L), size=len(L))
        total = counts[:, rows].sum(axis=1)
        expected = (total.sum() ** 2 - (total**2).sum()) / (total.sum() - 1)
        yield 1 - (unlike / np.maximum(n_votes - 1, 1))[rows].sum() / expected


@pytest.mark.parametrize("n_rows", [150, 1500], ids=["few rows", "rows drawn in parts"])
def test_the_interval_is_that_of_drawing_rows(n_rows):
    L = ratings(n_rows=n_rows, n_voters=8, seed=5)
    assert (len(np.unique(L, axis=0)) > 1000) == (n_rows > 1000)
    found = agreement(L, random_state=0, n_bootstrap=1000)
    low, high = np.percentile(list(nominal_alpha_of_drawn_rows(L)), [2.5, 97.5])
    assert_allclose([found.low, found.high], [low, high], atol=0.1 * (high - low))
    assert found.low < found.alpha < found.high


def test_intervals_of_pairs_and_voters_left_out_are_those_of_their_votes_alone():
    L = ratings(n_rows=300, n_voters=3)
    found = agreement(L, random_state=0, n_bootstrap=2000)
    pair = agreement(L[:, :2], random_state=1, n_bootstrap=2000)
    for row in (found.pairs.loc[(0, 1)], found.left_out.loc[2]):
        assert_allclose(row["alpha"], pair.alpha, rtol=1e-12)
        assert_allclose([row["low"], row["high"]], [pair.low, pair.high], atol=0.02)


def test_random_state_decides_and_the_global_generator_is_not_touched():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    one, same, other = (agreement(ratings(), random_state=seed) for seed in (0, 0, 1))
    assert (one.low, one.high) == (same.low, same.high)
    assert (one.low, one.high) != (other.low, other.high)
    pd.testing.assert_frame_equal(one.pairs, same.pairs)
    assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_without_samples_there_is_no_interval():
    found = agreement(ratings(), n_bootstrap=0)
    assert np.isnan([found.low, found.high]).all()
    assert "(" not in str(found).splitlines()[2]


# Edges --------------------------------------------------------------------------------------------


def test_full_agreement_is_one():
    found = agreement([[0, 0], [1, 1], [2, 2]], random_state=0)
    assert found.alpha == 1
    assert found.pairs["kappa"].tolist() == [1]


@pytest.mark.parametrize("level", LEVELS)
def test_votes_that_are_all_alike_have_no_alpha(level):
    found = agreement(np.full((5, 3), 10**6), level, random_state=0)
    assert np.isnan([found.alpha, found.low, found.high]).all()
    assert found.pairs[["alpha", "kappa"]].isna().all().all()
    assert "nan" in str(found)


def test_a_pair_that_never_meets_has_no_alpha():
    L = np.array([[0, 0, -1], [1, 1, -1], [0, 1, -1], [-1, 0, 0], [-1, 1, 0]])
    found = agreement(L, random_state=0).pairs
    assert found.loc[(0, 2), "rows"] == 0
    assert found.loc[(0, 2), ["alpha", "low", "high", "kappa"]].isna().all()
    assert found.loc[[(0, 1), (1, 2)], "alpha"].notna().all()


def test_rows_with_one_vote_do_not_count():
    L = ratings()
    more = np.vstack([L, np.full((30, 6), -1)])
    more[40:, 0] = 3
    one, other = (agreement(each, n_bootstrap=0) for each in (L, more))
    assert one.alpha == pytest.approx(other.alpha, rel=1e-12)
    assert (one.n_rows, one.n_votes) == (other.n_rows, other.n_votes)
    present = (L != -1).sum(axis=1)
    assert (one.n_rows, one.n_votes) == ((present > 1).sum(), present[present > 1].sum())


@pytest.mark.parametrize("n_voters", [100, 101])
def test_pairs_of_more_than_100_voters_are_not_listed(n_voters):
    found = agreement(ratings(n_rows=4, n_voters=n_voters), n_bootstrap=0)
    few = n_voters == 100
    assert len(found.pairs) == few * 100 * 99 // 2
    assert len(found.left_out) == few * 100
    assert np.isfinite(found.alpha)
    assert len(str(found).splitlines()) == (5 if few else 2)


@pytest.mark.parametrize(
    ("L", "parameters", "message"),
    [
        ([[0, 1], [1, 1]], {"level": "ratio"}, "level is 'ratio'; it must be 'nominal'"),
        ([["a", "b"]], {"level": "ordinal"}, "the votes are texts. Write them as numbers"),
        ([[0], [1]], {}, "L has one LF"),
        ([[0, -1], [-1, 1]], {}, "No row has votes of two LFs"),
        ([[-1, -1]], {}, "L holds no vote"),
        ([[0.5, 0.25], [1, 0]], {}, "LF 0, row 0: the vote 0.5 is not a class label"),
        ([[1, np.inf], [1, 0]], {"level": "interval"}, "LF 1, row 0: the vote is infinity"),
    ],
)
def test_what_has_no_agreement_is_an_error(L, parameters, message):
    with pytest.raises(ValueError, match=message):
        agreement(L, **parameters)


def test_the_gist_names_pairs_and_the_voter_to_leave_out():
    random = np.random.RandomState(0)
    truth = random.randint(3, size=300)
    L = pd.DataFrame({"a": truth, "b": truth, "c": random.randint(3, size=300)})
    lines = str(agreement(L, random_state=0)).splitlines()
    assert lines[0].startswith("Krippendorff's alpha (nominal) 0.")
    assert lines[1].startswith("  900 votes in 300 rows")
    assert lines[2] == "  most alike   a and b: 1.00 (1.00 to 1.00), kappa 1.00"
    assert lines[3].startswith("  least alike")
    assert lines[4] == "  without c: 1.00 (1.00 to 1.00)"
