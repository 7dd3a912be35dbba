"""Input at the edges of what the rules for votes, labels and parameters allow."""

import numpy as np
import pandas as pd
import pytest
import torch
from helpers import make_votes
from sklearn.base import clone

from sklearn_labelmodel import LabelModelClassifier, TunedAbstainClassifier
from sklearn_labelmodel.end_model import WeakSupervisionClassifier

L = np.array([[0, 0, 1], [1, 1, 1], [0, 1, 0], [1, -1, 1]])


@pytest.mark.parametrize("vote", [1e20, -1e300, 2.0**63])
def test_a_vote_too_large_for_a_label_is_refused(vote):
    votes = L.astype(float)
    votes[2, 1] = vote
    with pytest.raises(ValueError, match=r"LF 1, row 2: the vote .* too large for a class label"):
        LabelModelClassifier().fit(votes)


def test_a_series_of_shares_is_read_by_its_index():
    by_label = pd.Series({1: 0.8, 0: 0.2})
    assert LabelModelClassifier(class_balance=by_label).fit(L).class_prior_.tolist() == [0.2, 0.8]


def test_a_series_of_shares_without_labels_is_read_by_position():
    votes = np.array(["b", "a"], dtype=object)[L]
    shares = pd.Series([0.3, 0.7])
    assert LabelModelClassifier(class_balance=shares).fit(votes).class_prior_.tolist() == [0.3, 0.7]


def test_the_marker_abstains_where_numpy_wrote_it_as_a_string():
    votes = np.array([["a", -1, "b"], ["b", "b", "b"], ["a", "a", "a"]])
    assert LabelModelClassifier().fit(votes).classes_.tolist() == ["a", "b"]


def test_a_number_marks_abstains_among_strings():
    votes = pd.DataFrame({"x": ["a", -1, "b"], "y": ["a", "b", -1], "z": [-1, "b", "b"]})
    assert LabelModelClassifier().fit(votes).coverage_ == pytest.approx([2 / 3] * 3)


@pytest.fixture(
    params=[
        LabelModelClassifier(),
        TunedAbstainClassifier(precision=0.6),
        WeakSupervisionClassifier(),
    ],
    ids=lambda model: type(model).__name__,
)
def scored(request):
    """Each estimator with a score, fitted to votes with gold labels, and these."""
    votes, y = make_votes()
    labels = {"L": votes} if isinstance(request.param, WeakSupervisionClassifier) else {}
    return clone(request.param).fit(votes, y, **labels), votes, y


def test_every_score_refuses_labels_of_another_kind(scored):
    model, votes, y = scored
    with pytest.raises(ValueError, match=r"classes .* and the labels of y .* are of unlike kinds"):
        model.score(votes, np.array(["ham", "spam"])[y])


@pytest.mark.parametrize("weight", [-1.0, 0.0])
def test_every_score_refuses_weights_that_leave_nothing(scored, weight):
    model, votes, y = scored
    labelled = np.arange(len(y)) < 50
    with pytest.raises(ValueError, match="sample_weight must not be negative, nor zero"):
        model.score(votes, np.where(labelled, y, -1), np.where(labelled, weight, 1.0))


def test_every_score_counts_rows_as_often_as_their_weight_says(scored):
    model, votes, y = scored
    weight = np.arange(len(y)) % 3
    repeated = np.repeat(np.arange(len(y)), weight)
    weighted = model.score(votes, y, sample_weight=weight)
    assert weighted == pytest.approx(model.score(votes[repeated], y[repeated]), rel=1e-12)


def test_minus_one_marks_a_row_without_label_among_strings():
    votes = np.array(["ham", "spam"], dtype=object)[L]
    marked = LabelModelClassifier().fit(votes, ["spam", -1, "ham", -1])
    missing = LabelModelClassifier().fit(votes, ["spam", None, "ham", None])
    np.testing.assert_array_equal(marked.mu_, missing.mu_)


def test_a_class_that_is_the_abstain_marker_is_warned_of():
    votes = np.array([[-1, 1, 1], [1, 1, -1], [-1, -1, 1]])
    with pytest.warns(UserWarning, match="-1 is a class of y, but a vote of -1 is an abstain"):
        LabelModelClassifier().fit(votes, [-1, 1, -1])


def test_a_set_of_classes_has_no_order():
    with pytest.raises(ValueError, match=r"array-like|has no order"):
        LabelModelClassifier(classes={0, 1}).fit(L)


def test_an_optimizer_without_weight_decay_cannot_take_l2():
    with pytest.raises(ValueError, match="LBFGS has no weight decay, which l2 needs"):
        LabelModelClassifier(optimizer=torch.optim.LBFGS, l2=0.1).fit(L)


@pytest.mark.parametrize(
    ("params", "message"),
    [({"gamma": "x"}, "is not a number"), ({"step_size": 2.5}, "is not a whole number")],
)
def test_scheduler_parameters_of_the_wrong_kind(params, message):
    with pytest.raises(ValueError, match=message):
        LabelModelClassifier(lr_scheduler="step", lr_scheduler_params=params).fit(L)


def test_the_learning_rate_has_one_place():
    with pytest.raises(ValueError, match="'lr'; it is a parameter of its own"):
        LabelModelClassifier(optimizer="adam", optimizer_params={"lr": 1.0}).fit(L)


def test_precisions_that_are_no_numbers():
    with pytest.raises(ValueError, match="prec_init holds something that is no number"):
        LabelModelClassifier(prec_init=["a", "b", "c"]).fit(L)


def test_shares_that_are_no_numbers():
    with pytest.raises(ValueError, match="class_balance holds something that is no number"):
        LabelModelClassifier(class_balance=["a", "b"]).fit(L)


@pytest.mark.parametrize("row", [[1, -1, 0], np.array([1, -1, 0]), [[1, -1, 0]]])
def test_one_row_is_explained(row):
    explanation = LabelModelClassifier().fit(L).explain(row)
    assert explanation["vote"].tolist()[0] is None
    assert sorted(explanation["vote"].tolist()[1:]) == [0, 1]


def test_a_row_of_a_dataframe_is_explained_by_name():
    frame = pd.DataFrame(L, columns=["x", "y", "z"])
    explanation = LabelModelClassifier().fit(frame).explain(frame.loc[3])
    assert set(explanation.index) == {"class prior", "x", "z"}


def test_anchored_accuracies_are_those_of_the_anchored_table():
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=600)
    votes = np.where(rng.random((600, 4)) < [0.95, 0.9, 0.6, 0.75], y[:, None], 1 - y[:, None])
    gold = np.where(np.arange(600) < 60, y, -1)
    anchored = LabelModelClassifier(classes=[0, 1], n_em_steps=0).fit(votes, gold)
    said = anchored.mu_ @ anchored.class_prior_
    right = anchored.mu_[np.arange(8), np.arange(8) % 2] * anchored.class_prior_[np.arange(8) % 2]
    expected = right.reshape(4, 2).sum(axis=1) / said.reshape(4, 2).sum(axis=1)
    np.testing.assert_allclose(anchored.lf_accuracies_, expected)
