"""Columns, tables and numbers that can hardly be the votes that were meant."""

import tracemalloc
import warnings
from contextlib import nullcontext

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from helpers import make_votes

from sklearn_labelmodel import LabelModelClassifier
from sklearn_labelmodel._votes.reader import read_votes
from sklearn_labelmodel._votes.suspects import check_part_has_no_identifier, warn_of_marker_between
from sklearn_labelmodel.inspection import lf_summary


def ratings(n_rows, n_lfs=4, n_classes=5, seed=0):
    L, y = make_votes(n_rows, n_lfs, n_classes, coverage=1.0, seed=seed)
    return pd.DataFrame(L + 1, columns=[f"r{j}" for j in range(n_lfs)]), y + 1


def fit(L, y=None, **parameters):
    return LabelModelClassifier(**parameters).fit(L, y)


# Identifiers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_rows", [12, 38, 100, 500])
@pytest.mark.parametrize("labelled", ["none", "some", "all"])
@pytest.mark.parametrize(
    "kind", [np.arange, lambda n: np.arange(n) * 1.0, lambda n: np.arange(n) + 7]
)
def test_a_counter_of_rows_is_no_lf(n_rows, labelled, kind):
    L, y = ratings(n_rows)
    L.insert(0, "Unnamed: 0", kind(n_rows))
    y = {"none": None, "some": np.where(np.arange(n_rows) < n_rows / 2, y, -1), "all": y}[labelled]
    with pytest.raises(ValueError, match=f"LF 'Unnamed: 0' casts {n_rows} different votes in"):
        fit(L, y)


@pytest.mark.parametrize(
    ("n_rows", "n_different", "refused"),
    [
        (11_112, 10_001, True),
        (11_113, 10_001, False),
        (10_000, 10_000, False),
        (10_001, 10_001, True),
    ],
)
def test_some_rows_refuse_what_differs_in_nine_of_ten_of_many(n_rows, n_different, refused):
    votes = read_votes(np.zeros((n_rows, 2), dtype=np.int64))
    lf = np.repeat([0, 1], [1, n_different])
    told = f"LF 1 casts {n_different} different votes in {n_rows} rows"
    with pytest.raises(ValueError, match=told) if refused else nullcontext():
        check_part_has_no_identifier(votes, lf)


def test_a_counter_is_told_from_ten_rows_on_or_by_its_name():
    for n_rows, refused in ((9, False), (10, True)):
        L = pd.DataFrame(np.tile([0, 1], n_rows)[: 3 * n_rows].reshape(-1, 1), columns=["a"])[
            :n_rows
        ]
        L = L.assign(b=L["a"], c=1 - L["a"], number=np.arange(n_rows))
        if refused:
            with pytest.raises(ValueError, match="LF 'number' casts 10 different votes in 10 rows"):
                fit(L)
        else:
            fit(L)
        with pytest.raises(ValueError, match="LF 'index' casts"):
            fit(L.rename(columns={"number": "index"}))


def test_lfs_that_all_choose_among_many_classes_are_no_identifiers():
    L, _ = make_votes(12, 4, 12, coverage=1.0)
    fit(L)


@pytest.mark.filterwarnings("ignore:The votes cannot identify")
@pytest.mark.parametrize(
    "long",
    [
        {"worker": np.repeat(["ann", "bob", "cleo"], 40), "label": np.tile(["ham", "spam"], 60)},
        {"worker_id": np.repeat(range(8), 15), "label": np.tile([0, 1], 60)},
        {"who": np.repeat(["ann", "bob", "cleo"], 40), "said": np.tile(["ham", "spam"], 60)},
        {
            "Annotator": np.repeat(range(8), 15),
            "x": np.tile([0, 1], 60),
            "Answers": np.tile([0, 1], 60),
        },
    ],
    ids=["words", "numbers", "no names", "three columns"],
)
def test_a_row_for_each_vote_is_no_label_matrix(long):
    with pytest.raises(ValueError, match=r"votes_from_long does it"):
        fit(pd.DataFrame(long))


def test_rules_of_one_class_each_are_a_label_matrix():
    L = make_votes(80, 4, 4)[0]
    words = np.where(np.arange(4) == L, np.array(list("abcd"))[np.maximum(L, 0)], None)
    assert fit(words).classes_.tolist() == list("abcd")


# Scores -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("top", [5, 10, 100])
def test_scores_beside_gold_labels_of_two_classes_are_refused(top):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 300)
    scores = np.clip(rng.normal(np.where(y, 0.6, 0.4)[:, None], 0.2, (300, 4)), 0, 1)
    L = np.round(scores * (top - 1)).astype(int) + 1
    with pytest.raises(ValueError, match="If the numbers are scores, pass them as such"):
        fit(L, np.where(np.arange(300) < 40, y, -1))


def test_few_gold_labels_may_miss_classes():
    L, y = ratings(300)
    named = np.isin(L, [1, 2]).mean()
    enough = int(np.ceil(np.log(1e-3) / np.log(named)))
    low = np.cumsum(y <= 2) * (y <= 2)
    few, many = (np.where((low > 0) & (low <= n), y, -1) for n in (enough - 1, enough))
    assert fit(L, few).classes_.tolist() == [1, 2, 3, 4, 5]
    with pytest.raises(ValueError, match=f"of the {enough} labels in y all are"):
        fit(L, many)
    assert fit(L, many, classes=[1, 2, 3, 4, 5]).score(L, y) > 0.6


# The wrong way round, and other marks -------------------------------------------------------------


@pytest.mark.parametrize(("n_rows", "n_lfs"), [(3, 12), (8, 40), (29, 30), (40, 120)])
def test_more_lfs_than_rows_warn(n_rows, n_lfs):
    L = make_votes(n_rows, n_lfs, coverage=1.0)[0]
    with pytest.warns(UserWarning, match=rf"{n_rows} rows and {n_lfs} LFs.* pass L\.T"):
        fit(L)
    with pytest.warns(UserWarning, match=r"pass L\.T"):
        fit(pd.DataFrame(L))


@pytest.mark.parametrize(("n_rows", "n_lfs"), [(3, 9), (30, 31), (40, 119)])
def test_many_lfs_do_not_warn(n_rows, n_lfs):
    fit(make_votes(n_rows, n_lfs, coverage=1.0)[0])


def with_zeros(coded, seed=0, coverage=0.4):
    """Votes of two classes, coded, with zeros where an LF abstains."""
    L, y = make_votes(400, 5, coverage=coverage, seed=seed)
    return np.where(L < 0, 0, np.asarray(coded)[np.maximum(L, 0)]), np.asarray(coded)[y]


@pytest.mark.parametrize("coded", [[1, 2], [-1, 1]])
@pytest.mark.parametrize("container", [np.array, pd.DataFrame, lambda L: L * 1.0])
def test_zeros_that_mark_abstains_warn_and_the_remedy_works(coded, container):
    L, y = with_zeros(coded)
    with pytest.warns(
        UserWarning, match=r"0 is the most frequent vote of every LF.* set abstain=0"
    ):
        fit(container(L))
    assert fit(L, abstain=0).classes_.tolist() == coded
    assert fit(L, abstain=0).score(L, y) > 0.7


@pytest.mark.parametrize("silent", [False, True])
def test_zeros_do_not_warn_where_abstains_are_more(silent):
    # Every second LF is looked at.
    votes = make_votes(400, 39, coverage=0.4)[0]
    L = np.where(votes < 0, 0, np.where(votes == 0, -1, 1))
    if silent:
        L[20:, 1::2] = -1
    told = r"0 is the most frequent vote of every LF"
    with nullcontext() if silent else pytest.warns(UserWarning, match=told):
        fit(L)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("inverted", [False, True])
def test_zeros_that_are_the_most_frequent_class_do_not_warn(n_classes, inverted):
    rng = np.random.default_rng(0)
    y = np.where(rng.random(400) < 0.8, 0, rng.integers(1, n_classes, 400))
    wrong = (y[:, None] + rng.integers(1, n_classes, (400, 5))) % n_classes
    L = np.where(rng.random((400, 5)) < 0.85, y[:, None], wrong)
    if inverted:
        L[:, 0] = wrong[:, 0]
    L[rng.random(L.shape) < 0.1] = -1 if n_classes == 2 else 0
    fit(L)


def test_a_marker_within_a_scale_warns():
    L = make_votes(80, 4, 5, coverage=1.0)[0] - 2
    with pytest.warns(UserWarning, match='-1 means "no vote" and lies between the votes -2 and 0'):
        fit(L)
    assert fit(L, abstain=None).classes_.tolist() == [-2, -1, 0, 1, 2]


def test_a_y_without_labels_is_no_accuracy():
    L, y = make_votes()
    model = fit(L)
    for nothing in (np.full(len(L), -1), [None] * len(L), np.full(len(L), np.nan)):
        with pytest.warns(UserWarning, match="y labels no row, so the score is the log-likelihood"):
            assert model.score(L, nothing) == model.score(L)
    assert 0 < model.score(L, np.where(np.arange(len(L)) < 1, y, -1)) <= 1


def test_summaries_read_votes_as_fit_does():
    L, _ = ratings(40)
    assert lf_summary(L)["coverage"].tolist() == [1.0] * 4


def test_judges_that_differ_in_spelling_are_told_of_spelling():
    judges = {
        "gpt": ["Yes", "No", "N/A"],
        "claude": ["yes", "no", "yes"],
        "llama": ["YES", "NO", "NO"],
    }
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        fit(pd.DataFrame(judges).loc[[0, 1, 2] * 9])
    assert any("normalize=True" in str(each.message) for each in told)


def test_some_lfs_of_many_sparse_ones_are_looked_at_alone():
    # As a table of all LFs, some rows alone would take half a gigabyte.
    rng = np.random.default_rng(0)
    n_lfs, n_votes = 500_000, 4000
    cells = (
        rng.choice([-2, -1, 1, 2], n_votes),
        (
            np.repeat(np.arange(1000), 4),
            rng.integers(n_lfs, size=n_votes),
        ),
    )
    L = sp.csr_array(cells, shape=(1000, n_lfs))
    L.sum_duplicates()
    votes = read_votes(L, abstain=-1)
    tracemalloc.start()
    warn_of_marker_between(votes)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 30e6


@pytest.mark.parametrize("stored_marker", [False, True])
def test_a_dense_matrix_that_was_made_sparse_has_lost_its_class_0(stored_marker):
    L = make_votes(200, 4, 3)[0]
    sparse = sp.csr_array(L if stored_marker else np.maximum(L, 0))
    told = "its votes for the class 0 are lost"
    with pytest.warns(UserWarning, match=told) if stored_marker else nullcontext():
        fit(sparse)
    fit(sparse, classes=[1, 2])
