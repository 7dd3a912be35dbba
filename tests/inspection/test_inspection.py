"""LF summaries, contributions, labels that abstain."""

import json
import tracemalloc

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from helpers import REFERENCE, make_votes
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import log_softmax, logsumexp, softmax
from sklearn.exceptions import NotFittedError

from sklearn_labelmodel import LabelModelClassifier
from sklearn_labelmodel.inspection import filter_unlabeled, lf_summary, probs_to_preds
from sklearn_labelmodel.inspection._lf_counts import pair_shares, read_inspected
from sklearn_labelmodel.inspection._page.frames import explain_row

SNORKEL = json.loads((REFERENCE / "lf_analysis.json").read_text())["cases"]
NAMES = ["link", "short", "caps", "regex", "length"]


SETTINGS = {
    "default": {},
    "independent": {"n_em_steps": 0, "tempering": 0},
    "dependent": {"dependencies": [(0, 1), (1, 4)], "tempering": 0.8},
    "known prior": {"class_balance": [0.6, 0.3, 0.1], "dependencies": None},
}


@pytest.fixture(scope="module", params=SETTINGS.values(), ids=SETTINGS)
def fitted(request, three_classes):
    return LabelModelClassifier(n_epochs=20, **request.param).fit(three_classes[0])


def explained(model, row, names=None):
    return explain_row(
        model._read_votes(row), model.contributions(row), model.classes_, names=names
    )


# Summary ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", SNORKEL, ids=[case["name"] for case in SNORKEL])
@pytest.mark.parametrize(
    "column", ["polarity", "coverage", "overlaps", "conflicts", "correct", "incorrect"]
)
def test_summary_equals_snorkels(case, column):
    summary = lf_summary(case["L"], case["y"])
    if column == "polarity":
        assert summary[column].tolist() == case[column]
    else:
        assert_allclose(summary[column], case[column], rtol=1e-14)


@pytest.mark.parametrize("case", SNORKEL, ids=[case["name"] for case in SNORKEL])
def test_empirical_accuracy_equals_snorkels_where_there_are_votes(case):
    summary = lf_summary(case["L"], case["y"])
    votes = summary["coverage"] > 0
    expected = np.array(case["empirical_accuracy"])[votes]
    assert_allclose(summary["empirical_accuracy"][votes], expected, rtol=1e-14)


def test_a_gold_label_that_is_no_class_is_met_by_no_vote():
    """Not even by the vote of that name, which leaves two classes open."""
    rows = [["cat", "cat", "cat"], ["animal", "cat", "dog"], ["bird", "dog", "dog"]]
    L = pd.DataFrame(rows * 5, columns=["a", "b", "c"])
    meanings = {"animal": ["cat", "dog"]}
    model = LabelModelClassifier(classes=["bird", "cat", "dog"], vote_meanings=meanings).fit(L)
    summary = lf_summary(L, ["cat", "animal", "dog"] * 5, model)
    assert summary["correct"].tolist() == [5, 10, 10]
    assert summary["incorrect"].tolist() == [10, 5, 5]


def test_empirical_accuracy_without_votes_is_unknown():
    summary = lf_summary([[1, -1], [0, -1], [1, -1]], [1, 0, 0])
    assert np.isnan(summary["empirical_accuracy"].iloc[1])


def containers(L):
    numbers = np.where(L < 0, np.nan, L)
    stored = sp.csr_array(np.where(L < 0, 0, L + 1))
    stored.data -= 1
    return {
        "list": L.tolist(),
        "int8": L.astype(np.int8),
        "float with NaN": numbers,
        "sparse": stored,
        "csc": stored.tocsc(),
        "dataframe": pd.DataFrame(L),
        "nullable": pd.DataFrame(numbers).astype("Int64"),
        "category": pd.DataFrame(L).astype("category"),
        "polars": pl.DataFrame(L, schema=[str(j) for j in range(L.shape[1])]),
        "object": np.where(L < 0, None, L.astype(object)),
    }


@pytest.mark.parametrize("container", containers(make_votes()[0]))
def test_summary_is_the_same_for_every_container(container, binary):
    L, y = binary
    expected = lf_summary(L, y)
    summary = lf_summary(containers(L)[container], y)
    pd.testing.assert_frame_equal(summary.reset_index(drop=True), expected.reset_index(drop=True))


def test_summary_of_strings(binary):
    L, y = binary
    words = np.array(["ham", "spam"], dtype=object)
    summary = lf_summary(np.where(L < 0, None, words[L]), words[y])
    expected = lf_summary(L, y)
    assert summary["polarity"].tolist() == [["ham", "spam"]] * L.shape[1]
    assert_array_equal(summary["correct"], expected["correct"])


def test_summary_of_more_rows_than_a_block(monkeypatch, binary):
    L, y = binary
    expected = lf_summary(L, y)
    monkeypatch.setattr("sklearn_labelmodel._votes.codes.SURVEY_CELLS", 35)
    pd.testing.assert_frame_equal(lf_summary(L, y), expected)


def test_summary_is_indexed_by_name(binary):
    L, _ = binary
    assert lf_summary(pd.DataFrame(L, columns=NAMES)).index.tolist() == NAMES


def test_summary_without_names_is_indexed_by_column(binary):
    L, _ = binary
    assert lf_summary(L).index.tolist() == [0, 1, 2, 3, 4]


def test_unlabelled_rows_count_neither_as_correct_nor_as_incorrect(binary):
    L, y = binary
    labelled = np.arange(len(y)) < 50
    summary = lf_summary(L, np.where(labelled, y, -1))
    expected = lf_summary(L[labelled], y[labelled])
    assert_array_equal(summary["incorrect"], expected["incorrect"])
    assert_allclose(summary["empirical_accuracy"], expected["empirical_accuracy"])


def test_y_without_a_label_leaves_accuracies_unknown(binary):
    L, _ = binary
    assert lf_summary(L, np.full(len(L), -1))["empirical_accuracy"].isna().all()


def test_minus_one_as_a_class(binary):
    L, y = binary
    signed = lf_summary(np.where(L < 0, 9, 2 * L - 1), 2 * y - 1, abstain=9)
    assert_array_equal(signed["correct"], lf_summary(L, y)["correct"])


def test_summary_with_a_label_model(binary):
    L, y = binary
    model = LabelModelClassifier(n_epochs=5).fit(L)
    summary = lf_summary(L, y, model)
    assert_allclose(summary["learned_accuracy"], model.lf_accuracies_)
    assert_allclose(
        summary["difference"], summary["learned_accuracy"] - summary["empirical_accuracy"]
    )


def test_summary_takes_names_and_abstain_from_the_label_model(binary):
    L, _ = binary
    frame = pd.DataFrame(np.where(L < 0, 9, L), columns=NAMES)
    model = LabelModelClassifier(n_epochs=5, abstain=9).fit(frame)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        summary = lf_summary(frame.to_numpy(), label_model=model)
    assert summary.index.tolist() == NAMES
    assert summary["polarity"].tolist() == [[0, 1]] * 5


def test_an_lf_that_never_voted_has_no_learned_accuracy(binary):
    L = binary[0].copy()
    L[:, 2] = -1
    model = LabelModelClassifier(n_epochs=5).fit(L)
    assert lf_summary(L, label_model=model)["learned_accuracy"].isna().tolist() == [
        False,
        False,
        True,
        False,
        False,
    ]


def test_summary_refuses_what_is_no_label_model(binary):
    with pytest.raises(TypeError, match="label_model is a str"):
        lf_summary(binary[0], label_model="model")


def test_summary_refuses_a_label_model_that_is_not_fitted(binary):
    with pytest.raises(NotFittedError):
        lf_summary(binary[0], label_model=LabelModelClassifier())


def test_summary_refuses_another_number_of_lfs(binary):
    L, _ = binary
    model = LabelModelClassifier(n_epochs=5).fit(L)
    with pytest.raises(ValueError, match="has 4 features"):
        lf_summary(L[:, 1:], label_model=model)


def test_summary_refuses_labels_of_another_kind(binary):
    L, y = binary
    with pytest.raises(ValueError, match="unlike kinds"):
        lf_summary(L, np.array(["ham", "spam"])[y])


def test_summary_names_the_lf_and_row_of_a_bad_vote():
    frame = pd.DataFrame({"link": [1, 0], "score": [0.25, 1.0]})
    with pytest.raises(ValueError, match=r"LF 'score', row 0: the vote 0\.25"):
        lf_summary(frame)


@pytest.mark.parametrize(("n_lfs", "n_classes"), [(6, 3), (60, 100)])
def test_pair_shares_by_counting(n_lfs, n_classes):
    L = np.array(make_votes(1000, n_lfs, n_classes, coverage=0.3)[0])
    L[:, 3] = -1
    overlap, conflict = pair_shares(read_inspected(L)[0])
    both = (L[:, :, None] >= 0) & (L[:, None, :] >= 0)
    assert_allclose(overlap, both.mean(axis=0))
    assert_allclose(conflict, (both & (L[:, :, None] != L[:, None, :])).mean(axis=0))


def test_pair_shares_without_a_vote():
    overlap, conflict = pair_shares(read_inspected(np.full((4, 3), -1))[0])
    assert_array_equal(overlap, np.zeros((3, 3)))
    assert_array_equal(conflict, np.zeros((3, 3)))


def test_pair_shares_of_many_symbols_stay_sparse():
    votes = read_inspected(make_votes(1000, 60, 100, coverage=0.2)[0])[0]
    tracemalloc.start()
    pair_shares(votes)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * (60 * 100) ** 2 / 5


# Contributions ------------------------------------------------------------------------------------


def test_contributions_add_up_to_the_posterior(fitted, three_classes):
    L, _ = three_classes
    terms = fitted.contributions(L)
    assert_allclose(softmax(terms.sum(axis=1), axis=1), fitted.predict_proba(L), atol=1e-12)


def test_contributions_of_independent_votes_add_up_to_the_log_joint(three_classes):
    L, _ = three_classes
    fitted = LabelModelClassifier(n_epochs=20, n_em_steps=0, tempering=0).fit(L)
    totals = fitted.contributions(L).sum(axis=1)
    by_hand = np.tile(np.log(fitted.class_prior_), (len(L), 1))
    for symbol, mu in zip(fitted.symbols_, fitted.mu_, strict=True):
        by_hand[L[:, symbol["lf"]] == symbol["vote"]] += np.log(mu)
    assert_allclose(totals, by_hand, rtol=1e-12)
    assert (logsumexp(totals, axis=1) <= 0).all()


def test_the_prior_is_the_last_contribution(fitted, three_classes):
    L, _ = three_classes
    terms = fitted.contributions(L)
    assert terms.shape == (len(L), L.shape[1] + 1, 3)
    few = (L != -1).sum(axis=1) <= 1
    voted = (L[few] != -1).any(axis=1, keepdims=True)
    prior = np.log(np.where(voted, fitted.voted_prior_, fitted.voteless_prior_))
    assert few.any()
    assert_allclose(log_softmax(terms[few, -1], axis=1), prior, rtol=1e-12)


def test_abstains_and_unseen_votes_contribute_nothing(fitted):
    terms = fitted.contributions([[-1, 7, -1, -1, -1, 0]])
    assert not terms[0, :5].any()
    assert terms[0, 5].any()


def test_explanation_of_a_row_adds_up_to_the_posterior(fitted, three_classes):
    row = three_classes[0][:1]
    table = explained(fitted, row)
    totals = table[[0, 1, 2]].to_numpy(dtype=float).sum(axis=0)
    assert_allclose(softmax(totals), fitted.predict_proba(row)[0], atol=1e-12)


def test_explanation_shows_the_prior_then_the_strongest_votes(fitted, three_classes):
    row = three_classes[0][1:2]
    names = np.array(list("abcdef"))
    table = explained(fitted, row, names)
    assert table.index[0] == "class prior"
    assert sorted(table.index[1:]) == names[row[0] >= 0].tolist()
    assert table["vote"].tolist()[1:] == [
        row[0, names.tolist().index(lf)] for lf in table.index[1:]
    ]
    strength = np.ptp(table.iloc[1:, 1:].to_numpy(dtype=float), axis=1)
    assert (np.diff(strength) <= 0).all()


def test_explanation_of_a_row_without_votes_is_the_prior(fitted):
    table = explained(fitted, [[-1] * 6])
    assert table.index.tolist() == ["class prior"]


def test_one_row_at_a_time_is_explained(fitted, three_classes):
    with pytest.raises(ValueError, match="got 2"):
        explained(fitted, three_classes[0][:2])


# Labels that may abstain --------------------------------------------------------------------------

PROBA = [[0.2, 0.8], [0.5, 0.5], [0.6, 0.4]]


@pytest.mark.parametrize(("tie_break", "expected"), [("abstain", [1, -1, 0]), ("first", [1, 0, 0])])
def test_ties(tie_break, expected):
    assert probs_to_preds(PROBA, [0, 1], tie_break).tolist() == expected


def test_random_ties_are_spread_over_the_tied_classes_only():
    proba = np.tile([0.4, 0.2, 0.4], (1000, 1))
    labels = probs_to_preds(proba, [0, 1, 2], "random", random_state=0)
    counts = np.bincount(labels, minlength=3)
    assert counts[1] == 0
    assert 400 < counts[0] < 600


def test_random_ties_leave_the_global_generator_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    probs_to_preds(PROBA, [0, 1], "random")
    assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_rounding_is_a_tie():
    assert probs_to_preds([[0.5 + 1e-15, 0.5 - 1e-15]], [0, 1]).tolist() == [-1]


def test_threshold():
    assert probs_to_preds(PROBA, [0, 1], "first", threshold=0.6).tolist() == [1, -1, 0]


@pytest.mark.parametrize(
    ("classes", "abstain", "dtype"),
    [
        ([0, 1], -1, np.int64),
        ([0, 1], np.nan, np.float64),
        ([0, 1], None, object),
        (["ham", "spam"], "unsure", "<U6"),
        (["ham", "spam"], -1, object),
    ],
)
def test_dtype_of_labels_depends_on_classes_and_abstain_only(classes, abstain, dtype):
    assert probs_to_preds(PROBA, classes, abstain=abstain).dtype == dtype
    assert probs_to_preds(PROBA[:1], classes, abstain=abstain).dtype == dtype


def test_abstain_is_written_as_given():
    assert probs_to_preds(PROBA, ["ham", "spam"], abstain="unsure").tolist() == [
        "spam",
        "unsure",
        "ham",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[0.2, 0.8]], [0, 1, 2]), "one class for each column"),
        (([[0.2, 1.8]], [0, 1]), "row 0, class 1: 1.8"),
        (([[-0.2, 0.8]], ["ham", "spam"]), "class 'ham': -0.2"),
        ((PROBA, [0, 1], "last"), "tie_break is 'last'"),
        ((PROBA, [0, 1], "first", 2), "threshold is 2"),
    ],
)
def test_probabilities_that_cannot_be_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        probs_to_preds(*arguments)


# Filtering ----------------------------------------------------------------------------------------

VOTES = np.array([[1, -1], [-1, -1], [0, 0]])


@pytest.mark.parametrize(
    "X",
    [
        ["a", "b", "c"],
        np.array(["a", "b", "c"]),
        pd.Series(["a", "b", "c"], index=[7, 8, 9]),
        pd.DataFrame({"text": ["a", "b", "c"]}),
        pl.DataFrame({"text": ["a", "b", "c"]}),
        sp.coo_array(np.eye(3)),
    ],
    ids=["list", "array", "series", "dataframe", "polars", "sparse"],
)
def test_filter_keeps_the_container(X):
    kept, votes = filter_unlabeled(X, VOTES)
    assert type(kept) is type(X) or sp.issparse(X)
    assert (kept.shape[0] if hasattr(kept, "shape") else len(kept)) == 2
    assert votes.tolist() == [[1, -1], [0, 0]]


def test_filter_takes_more_arrays_along():
    _, _, proba = filter_unlabeled(["a", "b", "c"], VOTES, np.arange(6).reshape(3, 2))
    assert proba.tolist() == [[0, 1], [4, 5]]


def test_filter_knows_missing_votes():
    kept, _ = filter_unlabeled([1, 2], pd.DataFrame({"a": [None, "x"], "b": [None, None]}))
    assert kept == [2]


def test_filter_refuses_unlike_numbers_of_rows():
    with pytest.raises(ValueError, match="X has 2 rows and L has 3"):
        filter_unlabeled(["a", "b"], VOTES)


# Scores without a label model ---------------------------------------------------------------------


RATED = pd.DataFrame(
    {
        "vote": [1, 0, -1, 1, -1, 0, 1, 0],
        "proba": [0.9, 0.1, np.nan, 0.8, np.nan, 0.3, 0.7, 0.2],
        "rating": [5, 1, 4, 4, np.nan, 2, 5, 1],
    }
)


@pytest.mark.parametrize("as_container", [pd.DataFrame, np.asarray, sp.csr_array])
def test_rows_with_a_score_are_kept(as_container):
    L = (
        RATED.iloc[:, 1:]
        if as_container is not sp.csr_array
        else sp.csr_array([[0.5, 0], [0, 0], [0, 2]])
    )
    rows = list(range(L.shape[0]))
    kept = [0, 2] if as_container is sp.csr_array else [0, 1, 2, 3, 5, 6, 7]
    assert filter_unlabeled(rows, as_container(L), scores="all")[0] == kept


def test_rows_are_kept_as_a_label_model_reads_them():
    votes = RATED.assign(vote=RATED.vote + 1).to_numpy()
    model = LabelModelClassifier(scores=[1, 2], abstain=[-1, 0], classes=[1, 2]).fit(votes)
    L = np.array([[0, np.nan, np.nan], [0, np.nan, 3], [1, np.nan, np.nan]])
    assert filter_unlabeled(["a", "b", "c"], L, label_model=model)[0] == ["b", "c"]
    with pytest.raises(ValueError, match="expecting 3 features"):
        filter_unlabeled(range(3), L[:, :2], label_model=model)
