"""One test for each rule by which votes, classes, gold labels and the prior are read."""

import random

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch
from helpers import FEW_EPOCHS, assert_same_model, make_votes
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_labelmodel import LabelModelClassifier

MISSING = [None, np.nan, pd.NA, pd.NaT]


# Votes --------------------------------------------------------------------------------------------


def test_stored_zeros_of_a_sparse_matrix_are_votes():
    L = sp.csr_array(([0, 0, 1, 1, 0, 1], ([0, 0, 1, 1, 2, 2], [0, 1, 1, 2, 0, 2])), shape=(3, 3))
    model = LabelModelClassifier(**FEW_EPOCHS).fit(L)
    assert model.symbols_.tolist() == [(0, 0), (1, 0), (1, 1), (2, 1)]
    assert_allclose(model.coverage_, [2 / 3] * 3)


@pytest.mark.parametrize("fractions", [1, 32])
def test_few_fractional_votes_beside_gold_labels_are_kept_with_a_warning(fractions):
    L = np.tile([0.0, 1.0, 0.0, 1.0] * 10, (3, 1)).T
    L[:fractions, 1] = 0.5 + np.arange(fractions)
    with (
        pytest.warns(UserWarning, match=r"LF 1, row 0: the vote 0\.5 is fractional"),
        pytest.warns(UserWarning, match="none of y's classes"),
    ):
        model = LabelModelClassifier(**FEW_EPOCHS).fit(L, L[:, 0])
    assert (1, 0.5) in model.symbols_.tolist()


def test_few_fractional_votes_in_each_lf_of_a_sparse_matrix_are_kept():
    L = np.tile([1.0, 2.0, 1.0, 2.0] * 10, (3, 1)).T
    L[:20] += 0.1 + np.arange(60).reshape(20, 3) / 100
    for votes in [L, sp.csr_array(L)]:
        with (
            pytest.warns(UserWarning, match="LF 2, row 0: .*20 distinct"),
            pytest.warns(UserWarning, match="LF 1, row 0: .*20 distinct"),
            pytest.warns(UserWarning, match="LF 0, row 0: .*20 distinct"),
            pytest.warns(UserWarning, match="none of y's classes"),
        ):
            model = LabelModelClassifier(**FEW_EPOCHS).fit(votes, np.rint(L[:, 0]) % 2)
        assert len(model.symbols_) == 66


def test_fractional_classes_may_be_named():
    L = [[0.5, 1.5, 0.5], [1.5, 1.5, 0.5]]
    with (
        pytest.warns(UserWarning, match="LF 2, row 0: .* fractional"),
        pytest.warns(UserWarning, match="LF 1, row 0: .* fractional"),
        pytest.warns(UserWarning, match="LF 0, row 0: .* fractional"),
    ):
        model = LabelModelClassifier(classes=[0.5, 1.5], **FEW_EPOCHS).fit(L)
    assert model.classes_.tolist() == [0.5, 1.5]


@pytest.mark.parametrize("dtype", [object, "string", "category"])
def test_the_marker_for_abstain_may_be_another_kind_than_the_votes(dtype):
    L = [["ham", -1, "spam"], [-1, "ham", "ham"], ["spam", "spam", -1]]
    missing = [[None if vote == -1 else vote for vote in row] for row in L]
    votes = pd.DataFrame(L, dtype=object) if dtype is object else pd.DataFrame(missing, dtype=dtype)
    model = LabelModelClassifier(**FEW_EPOCHS).fit(votes)
    assert_same_model(model, LabelModelClassifier(**FEW_EPOCHS).fit(missing))


# Classes ------------------------------------------------------------------------------------------


def test_given_classes_and_their_order_are_kept(binary):
    model = LabelModelClassifier(classes=[7, 1, 0]).fit(binary[0])
    ordered = LabelModelClassifier(classes=[0, 1, 7]).fit(binary[0])
    assert model.classes_.tolist() == [7, 1, 0]
    proba = ordered.predict_proba(binary[0])
    assert_allclose(model.predict_proba(binary[0]), proba[:, ::-1], rtol=1e-9)


@pytest.mark.parametrize("container", [list, tuple, np.array, pd.Series, pd.Index, range])
def test_classes_in_any_container(container, binary):
    classes = range(3) if container is range else container([0, 1, 2])
    model = LabelModelClassifier(classes=classes, **FEW_EPOCHS).fit(binary[0])
    assert model.classes_.tolist() == [0, 1, 2]


def test_a_y_that_labels_every_row_names_the_classes(binary):
    L, y = binary
    with pytest.warns(UserWarning, match=r"The votes \[1\] are none of y's classes \[0, 2\]"):
        model = LabelModelClassifier().fit(L, 2 * y)
    assert model.classes_.tolist() == [0, 2]
    assert set(model.symbols_["vote"].tolist()) == {0, 1}


def test_votes_that_are_no_class_learn_their_meaning():
    L, y = make_votes(2000, 4, 2, accuracy=0.9)
    votes = np.where(L == -1, -1, L + 10)
    with pytest.warns(UserWarning, match="none of y's classes"):
        model = LabelModelClassifier().fit(votes, y)
    assert model.score(votes, y) > 0.9


def test_a_y_that_labels_some_rows_adds_to_the_classes_of_the_votes(binary):
    L, _ = binary
    y = np.full(len(L), -1)
    y[:4] = [0, 5, 5, 0]
    assert LabelModelClassifier().fit(L, y).classes_.tolist() == [0, 1, 5]


def test_without_y_the_votes_are_the_classes(three_classes):
    assert LabelModelClassifier().fit(three_classes[0]).classes_.tolist() == [0, 1, 2]


def test_a_symbol_that_is_no_class_starts_without_opinion(binary):
    L, y = binary
    with pytest.warns(UserWarning, match="none of y's classes"):
        model = LabelModelClassifier(n_epochs=0, gold="ignore").fit(L, 2 * y)
    frequency = [(L[:, lf] == vote).mean() for lf, vote in model.symbols_.tolist()]
    other = model.symbols_["vote"] == 1
    assert_allclose(model.mu_[other], np.array(frequency)[other, None] * [1, 1])


def test_symbols_that_fit_never_saw_carry_no_evidence(binary):
    model = LabelModelClassifier().fit(binary[0])
    known = [[1, 0, -1, 1, 1]]
    assert_array_equal(model.predict_proba([[1, 0, 99, 1, 1]]), model.predict_proba(known))


def test_a_vote_that_only_other_lfs_gave_carries_no_evidence():
    L, _ = make_votes(100, 4, 2)
    L = np.where((L == 1) & (np.arange(4) == 0), -1, L)
    model = LabelModelClassifier().fit(L)
    assert_array_equal(model.predict_proba([[1, 0, 1, 1]]), model.predict_proba([[-1, 0, 1, 1]]))


def test_votes_of_one_class_only_label_every_row_with_a_warning():
    L = [[1, -1, 1], [1, 1, -1], [-1, 1, 1]]
    with pytest.warns(UserWarning, match="All votes name one class, 1, so every row gets it"):
        model = LabelModelClassifier().fit(L)
    assert_array_equal(model.predict_proba(L), np.ones((3, 1)))


def test_one_sided_lfs_keep_only_their_symbols():
    L, _ = make_votes(300, 6, 2)
    one_sided = np.where(np.arange(6) % 2 == L, L, -1)
    model = LabelModelClassifier().fit(one_sided)
    assert model.symbols_.tolist() == [(j, j % 2) for j in range(6)]
    assert model.mu_.shape == (6, 2)


# Gold labels --------------------------------------------------------------------------------------


@pytest.mark.parametrize("marker", [-1, *MISSING], ids=str)
def test_unlabelled_rows_are_marked_with_minus_one_or_a_missing_value(marker, binary):
    L, y = binary
    known = np.arange(len(y)) % 3 == 0
    marked = y.astype(object)
    marked[~known] = marker
    expected = LabelModelClassifier().fit(L, np.where(known, y, -1))
    assert_same_model(LabelModelClassifier().fit(L, marked), expected)
    assert_same_model(LabelModelClassifier().fit(L, marked.tolist()), expected)


@pytest.mark.parametrize("dtype", ["float64", "Int64", "category", "Float32"])
def test_gold_labels_may_be_a_pandas_series(dtype, binary):
    L, y = binary
    known = np.arange(len(y)) % 3 == 0
    series = pd.Series(np.where(known, y, np.nan)).astype(dtype)
    expected = LabelModelClassifier().fit(L, np.where(known, y, -1))
    assert_same_model(LabelModelClassifier().fit(L, series), expected)


@pytest.mark.parametrize("marker", MISSING, ids=str)
def test_unlabelled_rows_of_strings_are_missing(marker, binary):
    L, y = binary
    texts = np.where(L == -1, None, np.array(["no", "yes", None], dtype=object)[L])
    gold = np.array(["no", "yes"], dtype=object)[y]
    gold[20:] = marker
    expected = LabelModelClassifier().fit(L, np.where(np.arange(len(y)) < 20, y, -1))
    model = LabelModelClassifier().fit(texts, gold.tolist())
    assert model.classes_.tolist() == ["no", "yes"]
    assert_allclose(model.mu_, expected.mu_, rtol=1e-12)


def test_minus_one_is_a_class_where_one_other_is_all_that_would_be_left():
    L, y = make_votes(100, 4, 2)
    model = LabelModelClassifier(abstain=None).fit(2 * np.where(L == -1, 0, L) - 1, 2 * y - 1)
    assert model.classes_.tolist() == [-1, 1]
    assert_allclose(model.class_prior_, np.bincount(y) / 100, atol=0.005)


def test_minus_one_is_a_class_where_classes_names_it():
    L = np.array([[-1, 0, 1], [1, -1, 0], [0, 0, -1]])
    model = LabelModelClassifier(classes=[-1, 0, 1], abstain=None, gold="prior")
    model.fit(L, [-1, 0, 1])
    assert_allclose(model.class_prior_, [1 / 3] * 3)


def test_minus_one_is_unlabelled_where_classes_does_not_name_it(binary):
    L, y = binary
    some = np.where((np.arange(len(y)) < 50) & (y == 1), 1, -1)
    model = LabelModelClassifier(classes=[0, 1]).fit(L, some)
    missing = LabelModelClassifier(classes=[0, 1]).fit(L, np.where(some == 1, 1.0, np.nan))
    assert_array_equal(model.class_prior_, missing.class_prior_)
    assert model.class_prior_[1] > 0.9


@pytest.mark.parametrize("value", [-1, np.nan])
def test_a_y_without_any_label_is_no_y(value, binary):
    L, _ = binary
    model = LabelModelClassifier().fit(L, np.full(len(L), value))
    assert_same_model(model, LabelModelClassifier().fit(L), rtol=0)


def test_gold_anchor_is_the_default():
    assert LabelModelClassifier().gold == "anchor"


def test_gold_prior_sets_the_class_prior_alone(binary):
    L, y = binary
    shares = np.bincount(y) / len(y)
    model = LabelModelClassifier(gold="prior").fit(L, y)
    assert_allclose(model.class_prior_, shares, rtol=1e-15)
    assert_same_model(model, LabelModelClassifier(class_balance=shares).fit(L), rtol=1e-12)


def test_gold_ignore_takes_from_y_the_classes_alone(binary):
    L, y = binary
    model = LabelModelClassifier(gold="ignore").fit(L, y)
    assert_same_model(model, LabelModelClassifier().fit(L), rtol=1e-14)
    wider = np.where(np.arange(len(y)) == 0, 4, y)
    assert LabelModelClassifier(gold="ignore").fit(L, wider).classes_.tolist() == [0, 1, 4]


def test_a_column_vector_of_labels_is_flattened_with_a_warning(binary):
    L, y = binary
    with pytest.warns(UserWarning, match="A column-vector y was passed"):
        model = LabelModelClassifier().fit(L, y[:, None])
    assert_same_model(model, LabelModelClassifier().fit(L, y), rtol=0)


# Class prior --------------------------------------------------------------------------------------


def test_class_balance_comes_before_gold_labels(binary):
    model = LabelModelClassifier(class_balance=[0.2, 0.8]).fit(*binary)
    assert_array_equal(model.class_prior_, [0.2, 0.8])


def test_gold_labels_come_before_the_uniform_prior():
    L, y = make_votes(90, 4, 2)
    y = np.where(np.arange(90) < 30, 0, y)
    model = LabelModelClassifier().fit(L, y)
    assert_allclose(model.class_prior_, np.bincount(y) / 90, atol=0.006)


def test_without_any_knowledge_the_prior_is_uniform(three_classes):
    assert_allclose(LabelModelClassifier().fit(three_classes[0]).class_prior_, [1 / 3] * 3)


def test_class_balance_may_be_a_dict_in_any_order(three_classes):
    L, _ = three_classes
    named = LabelModelClassifier(class_balance={2: 0.5, 0: 0.2, 1: 0.3}).fit(L)
    assert_same_model(named, LabelModelClassifier(class_balance=[0.2, 0.3, 0.5]).fit(L), rtol=0)


def test_a_class_without_gold_labels_keeps_a_prior(three_classes):
    L, y = three_classes
    few = np.where((np.arange(len(y)) < 30) & (y < 2), y, -1)
    prior = LabelModelClassifier().fit(L, few).class_prior_
    assert 0 < prior[2] < prior[:2].min()


# Predictions and score -------------------------------------------------------------------------------


def test_ties_go_to_the_first_class(binary):
    model = LabelModelClassifier(classes=[1, 0]).fit(binary[0])
    assert model.predict([[-1] * 5]).tolist() == [1]


def test_every_row_is_predicted(binary):
    L, _ = binary
    model = LabelModelClassifier().fit(L)
    predicted = model.predict(np.vstack([L, np.full((1, 5), -1)]))
    assert set(predicted.tolist()) == {0, 1}
    assert_array_equal(predicted[:-1], model.classes_[model.predict_proba(L).argmax(axis=1)])


def test_score_with_labels_is_accuracy(binary):
    L, y = binary
    model = LabelModelClassifier().fit(L)
    assert model.score(L, y) == (model.predict(L) == y).mean()


def test_score_with_some_labels_is_accuracy_on_those_rows(binary):
    L, y = binary
    model = LabelModelClassifier().fit(L)
    known = np.arange(len(y)) % 4 == 0
    for unlabelled in [-1, np.nan, None]:
        some = np.where(known, y.astype(object), unlabelled)
        assert model.score(L, some) == (model.predict(L) == y)[known].mean()


def test_score_against_a_single_class_does_not_count_unlabelled_rows(binary):
    L, y = binary
    model = LabelModelClassifier().fit(L)
    some = np.where(y == 1, 1, -1)
    assert model.score(L, some) == (model.predict(L)[y == 1] == 1).mean()


def test_score_without_any_label_is_the_likelihood(binary):
    L, _ = binary
    model = LabelModelClassifier().fit(L)
    with pytest.warns(UserWarning, match="y labels no row, so the score is the log-likelihood"):
        score = model.score(L, np.full(len(L), -1))
    assert model.score(L) == score < 0


def test_weights_in_the_likelihood_count_rows_as_often(binary):
    L = binary[0][:50]
    model = LabelModelClassifier().fit(*binary)
    weight = np.arange(50) % 4
    repeated = np.repeat(np.arange(50), weight)
    assert model.score(L, sample_weight=weight) == pytest.approx(
        model.score(L[repeated]), rel=1e-12
    )


# Few LFs ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n_lfs", "named"), [(1, "1 LF;"), (2, "2 LFs;")])
def test_fewer_than_three_lfs_fit_with_a_warning(n_lfs, named):
    L, _ = make_votes(100, n_lfs)
    with pytest.warns(UserWarning, match=f"cannot identify the accuracies of {named} the start"):
        model = LabelModelClassifier().fit(L)
    alone = (L[:, 0] != -1) & (L[:, 1:] == -1).all(axis=1)
    assert_array_equal(model.predict(L)[alone], L[alone, 0])


def test_lfs_that_never_overlap_fit_with_a_warning():
    L = np.full((40, 4), -1)
    L[np.arange(40), np.arange(40) % 4] = np.arange(40) // 4 % 2
    with pytest.warns(UserWarning, match=r"share no row with another \(LF 0, LF 1, LF 2, LF 3\)"):
        model = LabelModelClassifier(n_epochs=1000).fit(L)
    voted = L.max(axis=1)
    assert_array_equal(model.predict(L), voted)


def test_the_warning_names_only_the_lfs_that_stand_alone():
    L, _ = make_votes(100, 4)
    apart = np.full((110, 5), -1)
    apart[:100, :4], apart[100:, 4] = L, np.arange(10) % 2
    frame = pd.DataFrame(apart, columns=["a", "b", "c", "d", "lonely"])
    with pytest.warns(UserWarning, match=r"share no row with another \('?LF 'lonely'\)"):
        LabelModelClassifier().fit(frame)


def test_an_lf_that_never_votes_is_no_reason_to_warn(binary):
    L = np.insert(binary[0], 0, -1, axis=1)
    model = LabelModelClassifier().fit(L)
    assert model.coverage_[0] == 0
    assert_array_equal(model.conditional_probs_[0, 1:], np.full((2, 2), 0.001))


def test_prec_init_decides_where_votes_cannot():
    L = np.array([[0], [1], [1], [0]])
    with pytest.warns(UserWarning, match="cannot identify"):
        model = LabelModelClassifier(prec_init=0.9, n_epochs=0).fit(L)
    assert_allclose(model.predict_proba(L)[:2], [[0.9, 0.1], [0.1, 0.9]])


def test_one_row_works():
    model = LabelModelClassifier(classes=[0, 1]).fit([[1, 1, 0]])
    assert model.predict([[1, 1, 1]]).tolist() == [1]


# Settings -----------------------------------------------------------------------------------------


def test_prec_init_may_differ_from_lf_to_lf(binary):
    L = binary[0]
    model = LabelModelClassifier(prec_init=[0.9, 0.7, 0.5, 0.7, 0.7], n_epochs=0, n_em_steps=0)
    model.fit(L)
    coverage = (L != -1).mean(axis=0)
    assert_array_equal(np.argsort(model.lf_accuracies_[:3]), [2, 1, 0])
    assert_allclose(model.lf_accuracies_[2], 0.5, rtol=1e-12)
    assert_allclose(model.coverage_, coverage)


@pytest.mark.parametrize(
    ("n_samples", "floor"), [(1, 0.01), (100, 0.01), (101, 1e-3), (1000, 1e-3)]
)
def test_mu_eps_falls_with_the_number_of_rows(n_samples, floor):
    L = np.zeros((n_samples, 3), dtype=int)
    model = LabelModelClassifier(classes=[0, 1], init="snorkel", n_epochs=0).fit(L)
    assert model.mu_.min() == pytest.approx(floor, rel=1e-12)


def test_mu_eps_bounds_mu():
    L = np.repeat([[0, 0, 0], [1, 1, 1]], [90, 10], axis=0)
    model = LabelModelClassifier(mu_eps=0.2).fit(L)
    assert model.mu_.min() == 0.2
    assert model.mu_.max() == 0.8


def test_defaults_are_those_of_the_field():
    assert LabelModelClassifier().get_params() == {
        "n_epochs": 100, "lr": 0.01, "l2": 0.0, "optimizer": "sgd", "optimizer_params": None,
        "lr_scheduler": "constant", "lr_scheduler_params": None, "prec_init": 0.7,
        "init": "precision", "mu_eps": None, "class_balance": None, "classes": None,
        "abstain": -1, "gold": "anchor", "tol": None, "random_state": None, "device": "cpu",
        "verbose": 0, "log_freq": 10, "n_em_steps": 5, "tempering": 0.5, "dependencies": "auto",
        "scores": None, "vote_meanings": None,
    }  # fmt: skip


def test_parameters_are_keyword_only():
    with pytest.raises(TypeError, match="positional argument"):
        LabelModelClassifier(100)


FITTED = {
    "vote_model_", "classes_", "class_prior_", "mu_", "symbols_", "conditional_probs_", "lf_accuracies_", "coverage_",
    "vote_evidence_", "vote_weights_", "voted_prior_", "voteless_prior_", "dependencies_", "report_", "score_bins_",
    "loss_curve_", "n_iter_", "loss_", "converged_", "n_features_in_", "feature_names_in_",
}  # fmt: skip


def test_fitted_attributes_are_there_and_no_others(binary):
    model = LabelModelClassifier().fit(pd.DataFrame(binary[0], columns=list("abcde")))
    public = {name for name in dir(model) if name.endswith("_") and not name.startswith("_")}
    assert public == FITTED


def test_fitted_arrays_are_numpy_float64(three_classes):
    model = LabelModelClassifier().fit(three_classes[0])
    for name in ["class_prior_", "mu_", "conditional_probs_", "lf_accuracies_", "coverage_"]:
        assert getattr(model, name).dtype == np.float64
    assert model.loss_curve_.dtype == np.float64
    assert type(model.loss_) is float
    assert type(model.n_iter_) is int


def test_shapes_of_the_fitted_arrays(three_classes):
    model = LabelModelClassifier(n_epochs=7).fit(three_classes[0])
    assert model.classes_.shape == model.class_prior_.shape == (3,)
    assert model.symbols_.shape == (18,)
    assert model.mu_.shape == (18, 3)
    assert model.conditional_probs_.shape == (6, 4, 3)
    assert model.lf_accuracies_.shape == model.coverage_.shape == (6,)
    assert model.loss_curve_.shape == (model.n_iter_,) == (7,)


# Randomness ---------------------------------------------------------------------------------------


def global_generators():
    numpy_state = np.random.get_state()[1:3]  # noqa: NPY002
    return random.getstate(), str(numpy_state), torch.get_rng_state().tolist()


@pytest.mark.parametrize("random_state", [None, 0])
def test_global_generators_are_never_touched(random_state, binary):
    before = global_generators()
    model = LabelModelClassifier(init="snorkel", random_state=random_state)
    model.fit(*binary).predict(binary[0])
    assert global_generators() == before


@pytest.mark.parametrize("parameters", [{}, {"init": "snorkel"}, {"optimizer": "adam"}], ids=str)
def test_the_same_input_gives_the_same_bits(parameters, three_classes):
    models = [
        LabelModelClassifier(random_state=3, **parameters).fit(*three_classes) for _ in range(2)
    ]
    assert_array_equal(models[0].mu_, models[1].mu_)
    assert_array_equal(*(model.predict_proba(three_classes[0]) for model in models))


def test_the_default_start_is_not_random(binary):
    models = [LabelModelClassifier(random_state=seed).fit(binary[0]) for seed in (0, 1)]
    assert_array_equal(models[0].mu_, models[1].mu_)


def test_snorkel_start_depends_on_random_state_alone(binary):
    first, same, other = (
        LabelModelClassifier(init="snorkel", random_state=seed).fit(binary[0]).mu_
        for seed in (0, 0, 1)
    )
    assert_array_equal(first, same)
    assert not np.array_equal(first, other)


def test_a_random_state_instance_is_drawn_from(binary):
    generator = np.random.RandomState(0)
    model = LabelModelClassifier(init="snorkel", random_state=generator)
    fits = [model.fit(binary[0]).mu_ for _ in range(2)]
    seeded = LabelModelClassifier(init="snorkel", random_state=0).fit(binary[0])
    assert_array_equal(fits[0], seeded.mu_)
    assert not np.array_equal(fits[0], fits[1])
