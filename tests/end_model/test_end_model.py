"""From votes to a trained classifier."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
import sklearn
from helpers import make_votes
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_selector
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_labelmodel import LabelModelClassifier
from sklearn_labelmodel.end_model import WeakSupervisionClassifier, soft_label_expand

PROBA = np.array([[0.25, 0.75], [1.0, 0.0], [0.5, 0.5]])


class AboveMean(TransformerMixin, BaseEstimator):
    """Votes 1 where a feature is above its mean, else 0."""

    def fit(self, X, y=None):
        self.mean_ = validate_data(self, X, dtype=float).mean(axis=0)
        return self

    def transform(self, X):
        check_is_fitted(self)
        return (validate_data(self, X, reset=False, dtype=float) > self.mean_).astype(int)

    def get_feature_names_out(self, input_features=None):
        return np.array([f"above_{j}" for j in range(self.n_features_in_)], dtype=object)


class Recorder(ClassifierMixin, BaseEstimator):
    """Keeps what it was trained on."""

    def fit(self, X, y, sample_weight=None):
        self.X_, self.y_, self.weight_ = X, np.asarray(y), sample_weight
        self.classes_ = np.unique(self.y_)
        return self

    def predict(self, X):
        return np.repeat(self.classes_[:1], len(X))


class Native(Recorder):
    """Says that it takes probabilities, and predicts their mean."""

    accepts_soft_labels = True

    def fit(self, X, y):
        self.proba_ = y
        return self

    def predict_proba(self, X):
        return np.tile(self.proba_.mean(axis=0), (len(X), 1))


@pytest.fixture(scope="module")
def data():
    """Features that tell three classes apart, votes, and the truth."""
    L, y = make_votes(n_samples=300, n_lfs=6, n_classes=3, coverage=0.3, seed=3)
    X = np.random.default_rng(0).normal(size=(300, 3)) + 3 * np.eye(3)[y]
    return X, L, y


@pytest.fixture(scope="module")
def soft_labels(data):
    return LabelModelClassifier().fit(data[1]).predict_proba(data[1])


# Soft labels --------------------------------------------------------------------------------------


def test_expanded_weights_add_up_to_the_probabilities():
    rows, y, weight = soft_label_expand(np.arange(3), PROBA, [0, 1])
    total = np.zeros_like(PROBA)
    np.add.at(total, (rows, y), weight)
    assert_array_equal(total, PROBA)


def test_copies_of_zero_weight_are_left_out():
    rows, y, weight = soft_label_expand(np.arange(3), PROBA, ["ham", "spam"])
    assert rows.tolist() == [0, 0, 1, 2, 2]
    assert y.tolist() == ["ham", "spam", "ham", "ham", "spam"]
    assert (weight > 0).all()


@pytest.mark.parametrize(
    "X",
    [
        ["a", "b", "c"],
        np.array([["a"], ["b"], ["c"]]),
        pd.Series(["a", "b", "c"]),
        pd.DataFrame({"text": ["a", "b", "c"]}),
        pl.DataFrame({"text": ["a", "b", "c"]}),
        sp.csr_array(np.eye(3)),
    ],
    ids=["list", "array", "series", "dataframe", "polars", "sparse"],
)
def test_expansion_keeps_the_container(X):
    expanded, _, _ = soft_label_expand(X, PROBA, [0, 1])
    assert type(expanded) is type(X)
    assert (expanded.shape[0] if hasattr(expanded, "shape") else len(expanded)) == 5


def test_expanded_dataframe_says_which_row_each_copy_is_of():
    frame = pd.DataFrame({"text": ["a", "b", "c"]}, index=[7, 8, 9])
    assert soft_label_expand(frame, PROBA, [0, 1])[0].index.tolist() == [7, 7, 8, 9, 9]


def test_expansion_refuses_unlike_numbers_of_rows():
    with pytest.raises(ValueError, match="X has 2 rows and proba has 3"):
        soft_label_expand(["a", "b"], PROBA, [0, 1])


def test_soft_labels_are_learned_by_cross_entropy(data, soft_labels):
    X, L, _ = data
    model = WeakSupervisionClassifier(uncovered="prior").fit(X, L=L)
    expected = LogisticRegression().fit(
        np.repeat(X, 3, axis=0), np.tile([0, 1, 2], len(X)), sample_weight=soft_labels.ravel()
    )
    assert_allclose(model.predict_proba(X), expected.predict_proba(X), atol=1e-6)


# Which rows ---------------------------------------------------------------------------------------


def trained_on(X, L, y=None, **params):
    """Probabilities by row of X that an estimator was trained on."""
    rows = np.arange(len(X))[:, None]
    model = WeakSupervisionClassifier(estimator=Recorder(), **params).fit(rows, y, L=L)
    proba = np.zeros((len(X), len(model.classes_)))
    np.add.at(proba, (model.estimator_.X_[:, 0], model.estimator_.y_), model.estimator_.weight_)
    return proba


def test_rows_without_a_vote_are_dropped(data, soft_labels):
    X, L, _ = data
    covered = (L >= 0).any(axis=1)
    assert not covered.all()
    assert_allclose(trained_on(X, L), np.where(covered[:, None], soft_labels, 0), atol=1e-5)


def test_rows_without_a_vote_get_the_prior(data):
    X, L, _ = data
    silent = ~(L >= 0).any(axis=1)
    assert_allclose(trained_on(X, L, uncovered="prior")[silent], 1 / 3)


def test_rows_without_enough_confidence_are_dropped(data, soft_labels):
    X, L, _ = data
    proba = trained_on(X, L, min_confidence=0.8)
    assert_array_equal(proba.any(axis=1), soft_labels.max(axis=1) >= 0.8)


def test_gold_labels_are_certain(data):
    X, L, y = data
    gold = np.where(np.arange(len(y)) < 40, y, -1)
    assert_array_equal(trained_on(X, L, gold, match_shares=None)[:40], np.eye(3)[y[:40]])


def test_a_labelled_row_without_a_vote_is_trained_on(data):
    X, L, y = data
    silent = np.flatnonzero(~(L >= 0).any(axis=1))[0]
    gold = np.where(np.isin(np.arange(len(y)), [0, 1, 2, silent]), y, -1)
    assert (
        trained_on(X, L, gold, match_shares=None)[silent].tolist() == np.eye(3)[y[silent]].tolist()
    )


@pytest.mark.parametrize(
    "prefitted",
    [
        lambda L: FrozenEstimator(LabelModelClassifier().fit(L)),
        lambda L: make_pipeline(FrozenEstimator(LabelModelClassifier().fit(L))),
    ],
    ids=["frozen", "in a pipeline"],
)
def test_labels_of_one_class_are_read_by_a_fitted_label_models_classes(binary, prefitted):
    L, truth = binary
    gold = np.where((np.arange(len(L)) < 30) & (truth == 1), 1, -1)
    proba = trained_on(np.arange(len(L)), L, gold, label_model=prefitted(L))
    assert_array_equal(proba[gold == 1], np.eye(2)[gold[gold == 1]])
    assert ((proba > 0).sum(axis=1)[gold == -1] == 2).any()


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda y: np.where(y == 1, 7, -1), r"row {row}: the gold label 7 .* \[0, 1\]. Correct it"),
        (lambda y: np.where(y == 1, "spam", "ham"), "labels of y .* are of unlike kinds"),
    ],
    ids=["another class", "another kind"],
)
def test_labels_that_a_fitted_label_model_does_not_know_are_refused(binary, write, message):
    L, truth = binary
    model = WeakSupervisionClassifier(label_model=FrozenEstimator(LabelModelClassifier().fit(L)))
    with pytest.raises(ValueError, match=message.format(row=np.argmax(truth == 1))):
        model.fit(np.arange(len(L))[:, None], write(truth), L=L)


def test_minus_one_is_a_class_beside_a_single_other_one(binary):
    L, truth = binary
    signed = np.where(L < 0, None, np.where(L == 1, 1, -1))
    parts = {"label_model": LabelModelClassifier(abstain=None), "estimator": Recorder()}
    for gold in (2 * truth - 1, np.where(np.arange(len(L)) < 50, 2.0 * truth - 1, np.nan)):
        model = WeakSupervisionClassifier(**parts, match_shares=None)
        model.fit(np.arange(len(L))[:, None], gold, L=signed)
        rows, certain = model.estimator_.X_[:, 0], model.estimator_.weight_ == 1
        assert model.classes_.tolist() == [-1, 1]
        assert_array_equal(model.estimator_.y_[certain & (rows < 50)], 2 * truth[:50] - 1)


def test_minus_one_among_other_labels_marks_rows_as_unlabelled_as_for_the_label_model(data):
    _, L, truth = data
    votes = np.where(L < 0, None, L - 1)
    label_model = LabelModelClassifier(abstain=None, gold="ignore")
    model = WeakSupervisionClassifier(label_model=label_model, estimator=Recorder())
    model.fit(np.arange(len(L))[:, None], truth - 1, L=votes)
    unlabelled = np.isin(model.estimator_.X_[:, 0], np.flatnonzero(truth == 0))
    assert model.classes_.tolist() == [-1, 0, 1]
    assert (model.estimator_.weight_[~unlabelled] == 1).all()
    assert (model.estimator_.weight_[unlabelled] < 1).all()


def test_gold_labels_anchor_the_label_model(data):
    X, L, y = data
    model = WeakSupervisionClassifier().fit(X, y, L=L)
    assert_allclose(model.label_model_.mu_, LabelModelClassifier().fit(L, y).mu_)


def test_hard_labels_are_the_most_probable_classes(data, soft_labels):
    X, L, _ = data
    model = WeakSupervisionClassifier(estimator=Recorder(), labels="hard").fit(X, L=L)
    ordered = np.sort(soft_labels, axis=1)
    kept = (ordered[:, -1] - ordered[:, -2] > 1e-9) & (L >= 0).any(axis=1)
    assert_array_equal(model.estimator_.y_, soft_labels[kept].argmax(axis=1))


@pytest.mark.parametrize(
    ("uncovered", "which"),
    [("drop", "rows with a vote or a gold label has"), ("prior", "300 rows has")],
)
def test_where_no_row_is_certain_enough_the_error_says_what_would_do(
    data, soft_labels, uncovered, which
):
    X, L, _ = data
    model = WeakSupervisionClassifier(uncovered=uncovered, min_confidence=1.0)
    with pytest.raises(ValueError, match=f"{which} a class of probability min_conf") as refused:
        model.fit(X, L=L)
    assert "uncovered=" not in str(refused.value)
    reachable = float(str(refused.value).split("Lower min_confidence, to ")[1].split()[0])
    assert soft_labels.max() - 1e-4 < reachable <= soft_labels.max()
    with pytest.warns(UserWarning, match="leaves out"):
        model.set_params(min_confidence=reachable).fit(X, L=L)


@pytest.mark.parametrize("min_confidence", [None, 0.9])
def test_where_no_row_has_a_vote_the_error_does_not_ask_for_less_confidence(data, min_confidence):
    X, L, _ = data
    frozen = FrozenEstimator(LabelModelClassifier().fit(L))
    model = WeakSupervisionClassifier(label_model=frozen, min_confidence=min_confidence)
    with pytest.raises(ValueError, match=r"none of 300 rows has a vote .* uncovered='prior'") as no:
        model.fit(X, L=np.full_like(L, -1))
    assert "min_confidence" not in str(no.value)


# Sources of votes ---------------------------------------------------------------------------------


def test_votes_of_a_labeler(data):
    X, _, _ = data
    model = WeakSupervisionClassifier(labeler=AboveMean()).fit(X)
    votes = AboveMean().fit_transform(X)
    assert_array_equal(model.predict(X), WeakSupervisionClassifier().fit(X, L=votes).predict(X))


def test_the_label_model_knows_the_labelers_names(data):
    model = WeakSupervisionClassifier(labeler=AboveMean()).fit(data[0])
    assert model.label_model_.feature_names_in_.tolist() == ["above_0", "above_1", "above_2"]


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_votes_of_columns(frame, data):
    X, L, _ = data
    columns = {f"x{j}": X[:, j] for j in range(3)} | {f"lf{j}": L[:, j] for j in range(6)}
    names = [f"lf{j}" for j in range(6)]
    model = WeakSupervisionClassifier(vote_columns=names).fit(frame(columns))
    records = frame({name: columns[name] for name in ("x0", "x1", "x2")})
    assert_array_equal(model.predict(frame(columns)), model.predict(records))


def test_vote_columns_by_a_selector(data):
    X, L, _ = data
    frame = pd.DataFrame(X, columns=list("abc")).join(pd.DataFrame(L).add_prefix("lf"))
    selector = make_column_selector(pattern="^lf")
    model = WeakSupervisionClassifier(vote_columns=selector).fit(frame)
    assert model.vote_columns_ == [f"lf{j}" for j in range(6)]
    assert model.feature_names_in_.tolist() == ["a", "b", "c"]
    assert model.n_features_in_ == 3


@pytest.mark.parametrize(
    ("params", "passed", "message"),
    [
        ({}, False, "There are no votes to learn from"),
        ({"labeler": AboveMean()}, True, "labeler and L both give votes"),
        ({"vote_columns": ["a"]}, False, "X is a ndarray"),
    ],
)
def test_exactly_one_source_of_votes(data, params, passed, message):
    X, L, _ = data
    with pytest.raises(ValueError, match=message):
        WeakSupervisionClassifier(**params).fit(X, L=L if passed else None)


def test_unknown_vote_column():
    frame = pd.DataFrame({"a": [0.0, 1.0], "lf": [0, 1]})
    with pytest.raises(ValueError, match="'vote', which is no column of X"):
        WeakSupervisionClassifier(vote_columns=["vote"]).fit(frame)


def test_votes_of_other_rows_are_refused(data):
    X, L, _ = data
    with pytest.raises(ValueError, match="X has 300 rows and the votes have 299"):
        WeakSupervisionClassifier().fit(X, L=L[1:])


def test_a_frozen_label_model_is_used_as_it_is(data):
    X, L, _ = data
    label_model = LabelModelClassifier().fit(L)
    model = WeakSupervisionClassifier(label_model=FrozenEstimator(label_model)).fit(
        X[:50], L=L[:50]
    )
    assert_array_equal(model.label_model_.mu_, label_model.mu_)


# Estimators ---------------------------------------------------------------------------------------


def test_only_the_last_step_of_a_pipeline_sees_copies(data):
    X, L, _ = data
    pipeline = make_pipeline(StandardScaler(), Recorder())
    model = WeakSupervisionClassifier(estimator=pipeline).fit(X, L=L)
    covered = (L >= 0).any(axis=1)
    assert_allclose(model.estimator_[0].mean_, X[covered].mean(axis=0))
    assert len(model.estimator_[1].X_) > covered.sum()


def test_supervised_steps_of_a_pipeline_see_the_most_probable_class(data):
    X, L, _ = data
    noisy = np.hstack([np.random.default_rng(1).normal(size=(len(X), 20)), X])
    pipeline = make_pipeline(SelectKBest(f_classif, k=3), LogisticRegression())
    model = WeakSupervisionClassifier(estimator=pipeline).fit(noisy, L=L)
    assert model.estimator_[0].get_support(indices=True).tolist() == [20, 21, 22]


def test_pipeline_with_memory(data, tmp_path):
    X, L, _ = data
    cached = make_pipeline(StandardScaler(), LogisticRegression(), memory=str(tmp_path))
    plain = make_pipeline(StandardScaler(), LogisticRegression())
    predictions = [
        WeakSupervisionClassifier(estimator=e).fit(X, L=L).predict(X) for e in (cached, plain)
    ]
    assert_array_equal(*predictions)


def test_pipeline_with_metadata_routing(data):
    X, L, _ = data
    model = WeakSupervisionClassifier(
        estimator=make_pipeline(StandardScaler(), LogisticRegression())
    )
    expected = model.fit(X, L=L).predict_proba(X)
    with sklearn.config_context(enable_metadata_routing=True):
        assert_allclose(clone(model).fit(X, L=L).predict_proba(X), expected)


def test_the_users_estimator_stays_unfitted(data):
    X, L, _ = data
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    WeakSupervisionClassifier(estimator=pipeline).fit(X, L=L)
    assert not hasattr(pipeline[0], "mean_")


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (KNeighborsClassifier(), r"KNeighborsClassifier .* labels='hard'"),
        (make_pipeline(KNeighborsClassifier()), r"KNeighborsClassifier .* labels='hard'"),
        (GridSearchCV(LogisticRegression(), {"C": [1]}), "put the search outside"),
        (CalibratedClassifierCV(KNeighborsClassifier()), "inner KNeighborsClassifier"),
        (make_pipeline(StandardScaler(), "passthrough"), "ends in a transformer"),
    ],
)
def test_estimators_that_cannot_learn_soft_labels(data, estimator, message):
    X, L, _ = data
    with pytest.raises(ValueError, match=message):
        WeakSupervisionClassifier(estimator=estimator).fit(X, L=L)


def test_estimators_without_weights_learn_hard_labels(data):
    X, L, y = data
    model = WeakSupervisionClassifier(estimator=KNeighborsClassifier(), labels="hard")
    assert model.fit(X, L=L).score(X, y) > 0.85


def test_an_estimator_that_says_so_gets_the_probabilities(data, soft_labels):
    X, L, _ = data
    model = WeakSupervisionClassifier(estimator=Native()).fit(X, L=L)
    assert_allclose(model.estimator_.proba_, soft_labels[(L >= 0).any(axis=1)])
    assert_array_equal(model.predict(X), model.classes_[model.predict_proba(X).argmax(axis=1)])


def test_a_regressor_learns_probabilities(data):
    X, L, y = data
    model = WeakSupervisionClassifier(estimator=Ridge(), labels="native").fit(X, L=L)
    assert model.score(X, y) > 0.9
    assert not hasattr(model, "predict_proba")


# As a classifier ----------------------------------------------------------------------------------


def test_texts_without_labels():
    texts = ["subscribe now", "win a prize now", "lovely song", "what a song"] * 5
    votes = [["spam", None], ["spam", "spam"], [None, "ham"], ["ham", "ham"]] * 5
    pipeline = make_pipeline(CountVectorizer(), LogisticRegression())
    model = WeakSupervisionClassifier(
        estimator=pipeline, label_model=LabelModelClassifier(n_epochs=0)
    )
    with pytest.warns(UserWarning, match="cannot identify"):
        model.fit(texts, L=votes)
    assert model.predict(["prize", "song"]).tolist() == ["spam", "ham"]
    assert not hasattr(model, "n_features_in_")


def test_classes_in_the_label_models_order(data):
    X, L, _ = data
    names = np.array(["b", "a", "c"], dtype=object)
    label_model = LabelModelClassifier(classes=["c", "b", "a"])
    model = WeakSupervisionClassifier(label_model=label_model)
    model.fit(X, L=np.where(L < 0, None, names[L]))
    assert model.classes_.tolist() == ["c", "b", "a"]
    assert_array_equal(model.classes_[model.predict_proba(X).argmax(axis=1)], model.predict(X))
    assert_array_equal(model.classes_[model.decision_function(X).argmax(axis=1)], model.predict(X))


def test_two_classes_in_the_label_models_order(binary):
    L, y = binary
    X = y[:, None] + np.random.default_rng(0).normal(size=(len(y), 1))
    label_model = LabelModelClassifier(classes=[1, 0])
    model = WeakSupervisionClassifier(label_model=label_model).fit(X, L=L)
    assert_array_equal(model.decision_function(X) > 0, model.predict(X) == 0)


def test_a_class_without_examples_has_probability_zero(data):
    X, L, _ = data
    label_model = LabelModelClassifier(classes=[0, 1, 2, 3])
    model = WeakSupervisionClassifier(label_model=label_model, labels="hard").fit(X, L=L)
    assert not model.predict_proba(X)[:, 3].any()


def test_score_counts_labelled_rows_only(data):
    X, L, y = data
    model = WeakSupervisionClassifier().fit(X, L=L)
    labelled = np.arange(len(y)) < 50
    assert model.score(X, np.where(labelled, y, -1)) == model.score(X[:50], y[:50])


def test_score_needs_labels(data):
    X, L, y = data
    model = WeakSupervisionClassifier().fit(X, L=L)
    with pytest.raises(ValueError, match="needs gold labels"):
        model.score(X, np.full(len(y), -1))


def scores_of_halves(model, X, L, y):
    """Accuracy on each half of a model that was fitted to the other."""
    return [
        clone(model).fit(X[train], y[train], L=L[train]).score(X[test], y[test])
        for train, test in StratifiedKFold(2).split(X, y)
    ]


def test_search_over_nested_parameters(data):
    X, L, y = data
    model = WeakSupervisionClassifier(LabelModelClassifier(), label_model=LabelModelClassifier())
    model.set_params(labeler=None, estimator=make_pipeline(StandardScaler(), LogisticRegression()))
    grid = {"estimator__logisticregression__C": [1e-6, 1.0], "label_model__gold": ["ignore"]}
    search = GridSearchCV(model, grid, cv=2).fit(X, y, L=L)
    scores = [
        np.mean(scores_of_halves(clone(model).set_params(**params), X, L, y))
        for params in search.cv_results_["params"]
    ]
    assert_allclose(search.cv_results_["mean_test_score"], scores, rtol=1e-12)
    assert scores[0] < scores[1]


def test_search_with_metadata_routing(data):
    X, L, y = data
    with sklearn.config_context(enable_metadata_routing=True):
        model = WeakSupervisionClassifier().set_fit_request(L=True)
        search = GridSearchCV(model, {"uncovered": ["drop", "prior"]}, cv=2).fit(X, y, L=L)
    scores = [
        np.mean(scores_of_halves(WeakSupervisionClassifier(uncovered=uncovered), X, L, y))
        for uncovered in ["drop", "prior"]
    ]
    assert_allclose(search.cv_results_["mean_test_score"], scores, rtol=1e-12)


def test_pickle(data):
    X, L, _ = data
    model = WeakSupervisionClassifier().fit(X, L=L)
    assert_array_equal(pickle.loads(pickle.dumps(model)).predict_proba(X), model.predict_proba(X))


def test_a_failed_fit_changes_nothing(data):
    X, L, _ = data
    model = WeakSupervisionClassifier().fit(X, L=L)
    before = model.predict_proba(X)
    with pytest.raises(ValueError, match="row i of both"):
        model.fit(X, L=L[1:])
    assert_array_equal(model.predict_proba(X), before)


def test_methods_are_those_of_the_estimator(data):
    svm = WeakSupervisionClassifier(estimator=LinearSVC())
    assert hasattr(svm, "decision_function")
    assert not hasattr(svm, "predict_proba")


def test_not_fitted(data):
    with pytest.raises(NotFittedError):
        WeakSupervisionClassifier().predict(data[0])


@pytest.mark.parametrize("container", [list, np.array, pd.Series], ids=lambda c: c.__name__)
def test_texts_need_an_estimator_that_reads_them(container):
    texts = container(["subscribe to me", "win a prize", "lovely song", "what a voice"])
    with pytest.raises(ValueError, match=r"X holds texts.* estimator=make_pipeline"):
        WeakSupervisionClassifier().fit(texts, L=[[1, 1, 1], [1, 1, -1], [0, 0, 0], [0, -1, 0]])
