"""Votes that are counted part by part: whatever the parts, the same bits as one fit on all rows."""

import functools
import itertools
import operator
import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from helpers import make_votes
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

import sklearn_labelmodel._learning.observed as observed_module
import sklearn_labelmodel._votes.patterns as patterns_module
from sklearn_labelmodel import (
    DawidSkeneClassifier,
    LabelModelClassifier,
    MajorityVoteClassifier,
    VoteStatistics,
)

MODELS = [LabelModelClassifier(n_epochs=5), DawidSkeneClassifier(), MajorityVoteClassifier()]
each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
LEARNED = ("classes_", "class_prior_", "symbols_", "mu_", "coverage_", "lf_accuracies_")
pytestmark = [
    pytest.mark.filterwarnings("ignore:The votes cannot identify:UserWarning"),
    pytest.mark.filterwarnings("ignore:All votes name one class:UserWarning"),
]


def assert_same_model(model, other, L):
    for name in LEARNED:
        assert_array_equal(getattr(model, name), getattr(other, name))
    assert_array_equal(model.predict_proba(L), other.predict_proba(L))


def parts_of(n_samples, *bounds):
    ends = [0, *bounds, n_samples]
    return [slice(a, b) for a, b in itertools.pairwise(ends)]


def counted(L, y, parts, **settings):
    return [VoteStatistics(L[part], None if y is None else y[part], **settings) for part in parts]


def as_sparse(L):
    return sp.csr_array((L[L >= 0], np.nonzero(L >= 0)), shape=L.shape)


def in_descending_columns(L):
    """A sparse matrix whose rows hold their last LF first."""
    backwards = as_sparse(L[:, ::-1])
    entries = (backwards.data, L.shape[1] - 1 - backwards.indices, backwards.indptr)
    return sp.csr_array(entries, shape=L.shape)


@st.composite
def parted_votes(draw):
    """Votes, gold labels of some rows, and places to cut them."""
    shape = draw(st.tuples(st.integers(2, 12), st.integers(1, 4)))
    L = draw(hnp.arrays(np.int64, shape, elements=st.integers(-1, 2)))
    y = draw(hnp.arrays(np.int64, shape[0], elements=st.sampled_from([-1, -1, 0, 1, 2])))
    cuts = draw(st.lists(st.integers(1, shape[0] - 1), unique=True, max_size=4))
    order = draw(st.permutations(range(len(cuts) + 1)))
    return L, y, parts_of(shape[0], *sorted(cuts)), order


# Sums ---------------------------------------------------------------------------------------------


@given(parted_votes())
def test_any_parts_in_any_order_have_the_counts_of_all_rows(votes):
    L, y, parts, order = votes
    statistics = counted(L, y, parts)
    total = functools.reduce(operator.add, [statistics[place] for place in order])
    assert total == VoteStatistics(L, y)


WAYS_TO_WRITE = [
    np.asarray,
    lambda L: L.astype(object),
    lambda L: np.where(L < 0, np.nan, L),
    as_sparse,
    in_descending_columns,
]


@pytest.mark.slow
@pytest.mark.parametrize("most_kept", [8, 1 << 24])
@hypothesis_settings(max_examples=40)
@given(votes=parted_votes(), data=st.data())
def test_parts_of_any_container_and_weights_add_up_whatever_is_kept(votes, data, most_kept):
    L, y, parts, order = votes
    some = st.sampled_from([0.0, 0.25, 1.0, 3.0])
    weight = data.draw(hnp.arrays(np.float64, len(L), elements=some))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(patterns_module, "MOST_KEPT_VOTES", most_kept)
        counts = [
            VoteStatistics(
                data.draw(st.sampled_from(WAYS_TO_WRITE))(L[part]), y[part], weight[part]
            )
            for part in parts
        ]
        total = functools.reduce(operator.add, [counts[place] for place in order])
        assert total == VoteStatistics(L, y, weight)


@pytest.mark.slow
@each_model
@given(votes=parted_votes())
def test_a_fit_of_counts_is_the_fit_on_all_rows(model, votes):
    L, y, parts, _ = votes
    L = np.vstack([L, [[0] * L.shape[1], [1] * L.shape[1]]])
    y = np.append(y, [0, 1])
    parts = [*parts, slice(len(y) - 2, len(y))]
    settings = {"classes": [0, 1, 2]}
    direct = clone(model).set_params(**settings).fit(L, y)
    summed = clone(model).set_params(**settings).fit(sum(counted(L, y, parts)))
    assert_same_model(summed, direct, L)


@each_model
def test_the_order_of_rows_changes_no_bit(model):
    L, y = make_votes(300, 5, 3, seed=1)
    gold = np.where(np.arange(300) < 40, y, -1)
    order = np.random.default_rng(0).permutation(300)
    assert_same_model(clone(model).fit(L[order], gold[order]), clone(model).fit(L, gold), L)


@each_model
@pytest.mark.parametrize("most_kept", [1 << 24, 600])
def test_samples_of_many_distinct_rows_are_the_same_whatever_the_parts(
    monkeypatch, model, most_kept
):
    monkeypatch.setattr(patterns_module, "MOST_KEPT_VOTES", most_kept)
    monkeypatch.setattr(observed_module, "MOST_VOTES", 500)
    monkeypatch.setattr(observed_module, "VOTES_PER_LF", 1)
    L, y = make_votes(600, 8, 3, seed=2)
    gold = np.where(np.arange(600) % 9, -1, y)
    a, b, c = counted(L, gold, parts_of(600, 100, 350))
    assert (a + (b + c)).complete == (most_kept > 600)
    assert a + (b + c) == (c + a) + b
    assert_same_model(clone(model).fit(c + a + b), clone(model).fit(L, gold), L)


@each_model
@pytest.mark.parametrize("gold", ["ignored", "no label", "a class"])
def test_samples_are_the_same_where_labels_are_set_aside_after_counting(monkeypatch, model, gold):
    monkeypatch.setattr(patterns_module, "MOST_KEPT_VOTES", 300)
    L, y = make_votes(900, 9, seed=4)
    settings = {"gold": "ignore"} if gold == "ignored" else {}
    if gold == "a class":
        L, y, settings = np.where(L < 0, 0, 2 * L - 1), 2.0 * y - 1, {"abstain": 0}
    else:
        y = np.where(np.arange(900) % 3 == 0, y, -1.0)
    # Of the rows of a part, some have the label -1 and some have none.
    y[np.arange(900) % 4 == 1] = np.nan
    marker = {"abstain": 0} if "abstain" in settings else {}
    total = sum(counted(L, y, parts_of(900, 200, 550), **marker))
    assert not total.complete
    model = clone(model).set_params(**settings)
    assert_same_model(clone(model).fit(total), clone(model).fit(L, y), L)


@each_model
def test_votes_that_no_kept_row_holds_are_learned(monkeypatch, model):
    monkeypatch.setattr(patterns_module, "MOST_KEPT_VOTES", 48)
    L, y = make_votes(120, 6, seed=5)
    L = np.where(np.arange(120)[:, None] == 20 * np.arange(6), 2, L)
    for settings in ({"classes": [0, 1, 2]}, {"classes": [0, 1, 2], "gold": "ignore"}):
        fitted = clone(model).set_params(**settings).fit(L, y)
        assert np.count_nonzero(fitted.symbols_["vote"] == 2) == 6
        counts = clone(model).set_params(**settings).fit(VoteStatistics(L, y))
        assert_same_model(counts, fitted, L)


def test_what_is_kept_does_not_grow_with_the_rows(monkeypatch):
    monkeypatch.setattr(patterns_module, "MOST_KEPT_VOTES", 1 << 10)
    few, many = (VoteStatistics(make_votes(n, 12, seed=n)[0]) for n in (2000, 8000))
    assert max(few.n_distinct, many.n_distinct) < 1 << 8


def test_few_labelled_rows_are_kept_among_many(monkeypatch):
    monkeypatch.setattr(patterns_module, "MOST_KEPT_VOTES", 1 << 8)
    L, y = make_votes(3000, 12, seed=3)
    gold = np.where(np.arange(3000) < 10, y, -1)
    assert_array_equal(
        np.isin(VoteStatistics(L[:10], gold[:10])._counted.found.identity,
                VoteStatistics(L, gold)._counted.found.identity),
        True,
    )  # fmt: skip


@pytest.mark.parametrize(
    "write",
    [
        lambda L: L.astype(object),
        lambda L: np.where(L < 0, np.nan, L),
        as_sparse,
        in_descending_columns,
    ],
    ids=["objects", "floats", "sparse", "sparse, unsorted"],
)
def test_parts_may_come_in_unlike_containers(write):
    L, _ = make_votes(100, 4)
    total = VoteStatistics(L[:40]) + VoteStatistics(
        write(L[40:]).to_numpy() if write is pd.DataFrame else write(L[40:])
    )
    assert total == VoteStatistics(L)


def test_a_part_without_any_vote_counts_its_rows():
    L, _ = make_votes(50, 4)
    silent = np.full((10, 4), np.nan)
    total = VoteStatistics(L) + VoteStatistics(silent)
    assert total == VoteStatistics(np.vstack([L, silent]))
    assert total.n_samples == 60


# Weights ------------------------------------------------------------------------------------------


@each_model
def test_a_weight_of_three_is_the_row_three_times(model):
    L, y = make_votes(200, 5, 3, seed=4)
    gold = np.where(np.arange(200) % 7, -1, y)
    times = np.random.default_rng(0).integers(0, 4, 200)
    weighed = clone(model).fit(L, gold, sample_weight=times)
    repeated = clone(model).fit(np.repeat(L, times, axis=0), np.repeat(gold, times))
    assert_same_model(weighed, repeated, L)


@each_model
def test_distinct_rows_and_counts_are_the_votes(model):
    L, _ = make_votes(400, 4, seed=5)
    grouped = pd.DataFrame(L).value_counts().reset_index()
    model = clone(model)
    weighed = clone(model).fit(grouped[[0, 1, 2, 3]].to_numpy(), sample_weight=grouped["count"])
    assert_same_model(weighed, model.fit(L), L)


def test_weights_of_scores_are_repeated_scores():
    rng = np.random.default_rng(0)
    scores, times = rng.random((150, 4)).round(1), rng.integers(0, 4, 150)
    model = LabelModelClassifier(scores="all", classes=[0, 1])
    repeated = clone(model).fit(np.repeat(scores, times, axis=0))
    assert_same_model(clone(model).fit(scores, sample_weight=times), repeated, scores)


@each_model
@pytest.mark.parametrize("write", [np.asarray, as_sparse], ids=["array", "sparse"])
def test_a_part_whose_rows_weigh_nothing_adds_nothing(model, write):
    L, y = make_votes(120, 4)
    weight = np.where(np.arange(120) < 50, 0, 2)
    parts = parts_of(120, 50, 80)
    statistics = [VoteStatistics(write(L[part]), y[part], weight[part]) for part in parts]
    assert statistics[0].n_samples == 0
    assert sum(statistics) == sum(statistics[1:])
    assert_same_model(clone(model).fit(sum(statistics)), clone(model).fit(L, y, weight), L)
    with pytest.raises(ValueError, match="All weights in sample_weight are zero"):
        clone(model).fit(statistics[0])


@each_model
def test_a_label_that_only_rows_of_no_weight_have_is_no_class(model):
    L, y = make_votes(120, 4)
    gold, weight = np.append(y, 2), np.append(np.ones(120), 0)
    rows = np.vstack([L, L[:1]])
    expected = clone(model).fit(L, y)
    for fitted in (
        clone(model).fit(rows, gold, weight),
        clone(model).fit(VoteStatistics(rows, gold, weight)),
    ):
        assert_same_model(fitted, expected, L)


@each_model
def test_labels_of_rows_of_no_weight_do_not_tell_whether_minus_one_is_a_class(model):
    L, y = make_votes(120, 4)
    signs, gold = np.where(L < 0, 0, 2 * L - 1), 2 * y - 1
    rows, labels = np.vstack([signs, signs[:1]]), np.append(gold, 7)
    weight = np.append(np.ones(120), 0)
    model = clone(model).set_params(abstain=0)
    expected = clone(model).fit(signs, gold)
    assert expected.classes_.tolist() == [-1, 1]
    for fitted in (
        clone(model).fit(rows, labels, weight),
        clone(model).fit(VoteStatistics(rows, labels, weight, abstain=0)),
    ):
        assert_same_model(fitted, expected, signs)


def in_three_forms(L, y):
    """Rows that are there ten times, distinct rows that weigh ten, and their counts."""
    tens = np.repeat(L, 10, axis=0), np.repeat(y, 10)
    return [tens, (L, y, np.full(len(L), 10)), (VoteStatistics(*tens),)]


def test_labels_of_one_class_are_counted_by_their_rows():
    L, _ = make_votes(40, 3)
    for rows in in_three_forms(L, np.where(np.arange(40) < 2, 0, np.nan)):
        with pytest.warns(UserWarning, match="All 20 gold labels are 0"):
            LabelModelClassifier().fit(*rows)


def test_scores_are_told_by_all_rows_whose_labels_they_miss():
    # A third of the votes are labels: of two rows that is no wonder, of twenty it is one.
    L = np.column_stack([np.arange(36) % 6, np.arange(36) // 2 % 6])
    y = np.where(np.arange(36) < 2, np.arange(36), -1)
    assert_array_equal(LabelModelClassifier().fit(L, y).classes_, np.arange(6))
    for rows in in_three_forms(L, y):
        with pytest.raises(ValueError, match=r"of the 20 labels in y all are \[0, 1\]"):
            LabelModelClassifier().fit(*rows)


def test_votes_of_many_rows_are_no_identifiers():
    L = np.column_stack([np.arange(240), np.roll(np.arange(240), 1)])
    for rows in in_three_forms(L, np.full(240, -1)):
        assert len(MajorityVoteClassifier().fit(*rows).classes_) == 240
    with pytest.raises(ValueError, match="casts 240 different votes in 240 rows"):
        MajorityVoteClassifier().fit(VoteStatistics(L))


def test_a_few_distinct_rows_are_no_transposed_matrix():
    L = (np.arange(4)[:, None] + np.arange(12) // 3) % 2
    for rows in in_three_forms(L, np.full(4, -1)):
        LabelModelClassifier().fit(*rows)
    with pytest.warns(UserWarning, match="L has 4 rows and 12 LFs"):
        LabelModelClassifier().fit(VoteStatistics(L))


def test_votes_with_meanings_stand_in_no_row_of_counts():
    L, y = make_votes(60, 3)
    L = np.where(np.arange(180).reshape(60, 3) == 22, 5, L)
    settings = {"classes": [0, 1], "vote_meanings": {6: [0, 1]}}
    with pytest.raises(ValueError, match=r"^LF 1: the vote 5 is none of the classes"):
        LabelModelClassifier(**settings).fit(VoteStatistics(L, y))


def test_sums_of_fractional_weights_have_no_rounding_error():
    L, _ = make_votes(90, 4)
    weight = np.random.default_rng(0).random(90)
    parts = [VoteStatistics(L[part], None, weight[part]) for part in parts_of(90, 20, 55)]
    assert parts[0] + parts[1] + parts[2] == parts[2] + (parts[0] + parts[1])
    assert sum(parts) == VoteStatistics(L, None, weight)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([1.0] * 9, r"expected \(10,\)"),
        ([1.0] * 9 + [-1.0], r"sample_weight, row 9: -1.0 is no weight"),
        ([1.0] * 9 + [np.nan], r"sample_weight, row 9: nan"),
        (np.ma.masked_equal([1.0] * 9 + [5.0], 5.0), r"sample_weight, row 9: nan"),
        ([1.0] * 9 + [pd.NA], r"sample_weight holds <NA>, which is no weight"),
        ([1.0] * 9 + ["two"], r"sample_weight holds 'two'|holds '1.0', which is no weight"),
        (pd.date_range("2020", periods=10), "which is no weight"),
        ([1j] * 10, "sample_weight holds 1j, which is no weight"),
        ([0.0] * 10, "are zero"),
        ([2.0**-26] * 10, "are zero"),
    ],
)
def test_weights_that_are_none_are_refused(weight, message):
    L, _ = make_votes(10, 4)
    with pytest.raises(ValueError, match=message):
        LabelModelClassifier().fit(L, sample_weight=weight)


# Rows a part at a time ----------------------------------------------------------------------------


@pytest.mark.slow
@each_model
@given(votes=parted_votes())
def test_partial_fits_end_as_one_fit(model, votes):
    L, y, parts, _ = votes
    L, y = np.vstack([L, np.eye(2, L.shape[1], dtype=int)]), np.append(y, [0, 1])
    direct = clone(model).set_params(classes=[0, 1, 2]).fit(L, y)
    streamed = clone(model).set_params(classes=[0, 1, 2])
    for part in [slice(len(y) - 2, len(y)), *parts]:
        streamed.partial_fit(L[part], y[part])
    assert_same_model(streamed, direct, L)


@each_model
def test_a_vote_that_comes_later_is_learned(model):
    L, _ = make_votes(200, 4, 3)
    first, later = L[(L < 2).all(axis=1)], L[(L == 2).any(axis=1)]
    streamed = clone(model).partial_fit(first)
    assert streamed.classes_.tolist() == [0, 1]
    streamed.partial_fit(later)
    assert_same_model(streamed, clone(model).fit(np.vstack([first, later])), L)


def test_an_lf_that_comes_later_is_an_error_and_nothing_is_lost():
    L, _ = make_votes(100, 4)
    model = LabelModelClassifier().partial_fit(L[:50])
    before = model.predict_proba(L)
    with pytest.raises(
        ValueError, match="X has 5 features, but LabelModelClassifier is expecting 4"
    ):
        model.partial_fit(np.column_stack([L[50:], L[50:, 0]]))
    assert_array_equal(model.predict_proba(L), before)
    assert_same_model(model.partial_fit(L[50:]), LabelModelClassifier().fit(L), L)


def test_a_bad_vote_of_a_part_is_named_and_nothing_is_lost():
    L, _ = make_votes(100, 4)
    model = LabelModelClassifier(classes=[0, 1]).partial_fit(L[:50])
    before, bad = model.vote_model_, L[50:].copy()
    bad[7, 2] = 9
    with pytest.raises(ValueError, match="LF 2, row 7: the vote 9 is none of the classes"):
        model.partial_fit(bad)
    assert model.vote_model_ is before


def test_fit_forgets_what_partial_fit_counted():
    L, _ = make_votes(100, 4)
    model = LabelModelClassifier().partial_fit(L[:50])
    assert_same_model(model.fit(L[50:]), LabelModelClassifier().fit(L[50:]), L)
    with pytest.warns(UserWarning, match="partial_fit starts anew"):
        model.partial_fit(L[:50])
    assert_same_model(model, LabelModelClassifier().fit(L[:50]), L)


def test_rows_are_added_to_counts_that_were_fitted():
    L, _ = make_votes(100, 4)
    model = LabelModelClassifier().fit(VoteStatistics(L[:50])).partial_fit(L[50:])
    assert_same_model(model, LabelModelClassifier().fit(L), L)


def test_minus_one_is_a_class_or_no_label_as_all_rows_tell():
    L, y = make_votes(100, 4)
    signs, silent = np.where(L < 0, 0, 2 * L - 1), np.where(np.arange(100) < 10, y, -1)
    signed = LabelModelClassifier(abstain=0).fit(
        sum(counted(signs, 2 * y - 1, parts_of(100, 50), abstain=0))
    )
    assert signed.classes_.tolist() == [-1, 1]
    sparse = LabelModelClassifier().fit(sum(counted(L, silent, parts_of(100, 5, 50))))
    assert_same_model(sparse, LabelModelClassifier().fit(L, silent), L)


# Bad sums, files ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (np.zeros((3, 3), int), "Votes of 4 LFs and of 3 LFs do not add up"),
        (pd.DataFrame(np.zeros((3, 4), int), columns=list("abcd")), "Some parts have names"),
        (np.array([["a", "b", "a", "b"]]), "numbers and those of another strings"),
    ],
)
def test_what_does_not_add_up_is_said(other, message):
    with pytest.raises(ValueError, match=message):
        VoteStatistics(make_votes(20, 4)[0]) + VoteStatistics(other)


@pytest.mark.parametrize("first", [0, 1])
def test_bools_beside_numbers_are_numbers_in_either_order(first):
    L, _ = make_votes(60, 3)
    parts = [VoteStatistics(L[:9] == 1), VoteStatistics(L[9:])]
    total = parts[first] + parts[1 - first]
    model = MajorityVoteClassifier().fit(total)
    assert model.classes_.dtype.kind == "i"
    assert total == VoteStatistics(np.vstack([L[:9] == 1, L[9:]]))


def test_fractions_name_no_classes():
    with pytest.warns(UserWarning, match="fractional"):
        counts = VoteStatistics(make_votes(60, 3)[0] + 0.5, abstain=-0.5)
    with pytest.raises(ValueError, match=r"LF 0: the vote 0.5 is not a class label"):
        LabelModelClassifier(abstain=-0.5).fit(counts)
    model = MajorityVoteClassifier(abstain=-0.5, classes=[0.5, 1.5]).fit(counts)
    assert model.classes_.tolist() == [0.5, 1.5]


def test_columns_in_another_order_do_not_add_up():
    frame = pd.DataFrame(make_votes(20, 3)[0], columns=list("abc"))
    with pytest.raises(ValueError, match="Column 1 is 'b' in one part and 'c' in another"):
        VoteStatistics(frame) + VoteStatistics(frame[["a", "c", "b"]])


def test_counts_of_other_markers_do_not_add_up_or_fit():
    L, _ = make_votes(20, 4)
    with pytest.raises(ValueError, match=r"abstain=\[-1\] and with abstain=\[0\] do not add up"):
        VoteStatistics(L) + VoteStatistics(L, abstain=0)
    with pytest.raises(ValueError, match="the label model has abstain=-1"):
        LabelModelClassifier().fit(VoteStatistics(L, abstain=0))


def test_counts_hold_their_labels():
    L, y = make_votes(20, 4)
    with pytest.raises(ValueError, match="VoteStatistics hold their labels"):
        LabelModelClassifier().fit(VoteStatistics(L), y)


def test_scores_cannot_be_counted_apart():
    model = LabelModelClassifier(scores="all", classes=[0, 1])
    with pytest.raises(ValueError, match="quantiles of all rows"):
        model.partial_fit(np.random.default_rng(0).random((20, 4)))


@pytest.mark.parametrize("labels", [None, ["ham", None, "spam"], [0, 1, -1]], ids=str)
def test_a_file_of_counts_gives_them_back(tmp_path, labels):
    words = np.array(["ham", "spam", None], dtype=object)
    L, _ = make_votes(60, 4)
    frame = pd.DataFrame(words[L], columns=["x", "y z", "ü", "<b>"])
    if labels is not None and 0 in labels:
        frame = pd.DataFrame(L, columns=[("a", 1), ("a", 2), ("b", 1), ("b", 2)])
    gold = (
        None if labels is None else np.array([labels[c] for c in np.arange(60) % 3], dtype=object)
    )
    statistics = VoteStatistics(frame, gold)
    statistics.save(tmp_path / "counts")
    again = VoteStatistics.load(tmp_path / "counts")
    assert again == statistics
    assert_array_equal(again.lf_names, statistics.lf_names)
    model, other = (LabelModelClassifier().fit(one) for one in (statistics, again))
    assert_array_equal(model.predict_proba(frame), other.predict_proba(frame))


def test_texts_in_a_file_keep_the_zeros_that_they_end_in(tmp_path):
    L = np.array([["a\0", "a"], ["", "\0"]], dtype=object)
    statistics = VoteStatistics(L, np.array(["a\0", "a"], dtype=object))
    statistics.save(tmp_path / "counts")
    again = VoteStatistics.load(tmp_path / "counts")
    assert again == statistics
    assert again._counted.pairs.vote.tolist() == ["", "a\0", "\0", "a"]
    assert again._counted.pairs.gold_values.tolist() == ["a", "a\0"]
    assert statistics != VoteStatistics(L, np.array(["a\0\0", "a"], dtype=object))


def test_no_votes_are_of_no_kind(tmp_path):
    silent = VoteStatistics(np.full((4, 2), np.nan), sample_weight=np.zeros(4))
    assert silent == VoteStatistics(np.full((4, 2), "a", dtype=object), sample_weight=np.zeros(4))
    silent.save(tmp_path / "counts")
    texts = VoteStatistics(np.array([["a", None]], dtype=object), ["a"])
    assert VoteStatistics.load(tmp_path / "counts") + texts == texts + silent


def test_errors_of_counts_from_a_file_name_the_lf(tmp_path):
    frame = pd.DataFrame({"good": [0, 1] * 200, "worse": range(400)})
    VoteStatistics(frame).save(tmp_path / "counts")
    with pytest.raises(ValueError, match="LF 'worse' casts 400 different votes"):
        LabelModelClassifier().fit(VoteStatistics.load(tmp_path / "counts"))


def test_another_file_is_refused_by_name(tmp_path):
    path = tmp_path / "other.npz"
    path.write_bytes(b"no counts")
    with pytest.raises(ValueError, match=r"other\.npz holds no vote statistics"):
        VoteStatistics.load(path)
    VoteStatistics(make_votes(10, 3)[0]).save(path)
    held = dict(np.load(path))
    np.savez(path, **{**held, "format": np.array(99)})
    with pytest.raises(ValueError, match="format 99, and this version reads formats up to"):
        VoteStatistics.load(path)


def test_counts_are_pickled_and_shown():
    statistics = VoteStatistics(make_votes(60, 3)[0])
    assert pickle.loads(pickle.dumps(statistics)) == statistics
    assert repr(statistics).startswith("VoteStatistics(n_samples=60, n_lfs=3, n_distinct=")


def test_counts_equal_those_by_hand():
    statistics = VoteStatistics([[0, 1], [0, 1], [1, -1], [-1, -1]], [1, -1, 0, 1])
    pairs = statistics._counted.pairs
    assert pairs.lf.tolist() == [0, 0, 1]
    assert pairs.vote.tolist() == [0, 1, 1]
    assert_array_equal(pairs.cooccurrence, [[2, 0, 2], [0, 1, 0], [2, 0, 2]])
    assert pairs.gold_values.tolist() == [-1, 0, 1]
    assert_array_equal(pairs.gold_counts, [[1, 0, 1], [0, 1, 0], [1, 0, 1]])
    assert_allclose(pairs.gold_voteless, [0, 0, 1])
    assert statistics.n_distinct == 4
