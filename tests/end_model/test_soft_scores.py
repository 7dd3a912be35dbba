"""Scores without labels, and which rows an estimator is trained on."""

import numpy as np
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.svm import LinearSVC

from sklearn_labelmodel import LabelModelClassifier, WeakSupervisionClassifier
from sklearn_labelmodel.datasets import make_label_matrix
from sklearn_labelmodel.end_model._training_rows import training_rows

GRID = {"estimator__C": [1e-5, 1.0]}


class LastColumns(TransformerMixin, BaseEstimator):
    """Votes are the last columns of the records."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X[:, 3:].astype(int)


@pytest.fixture(scope="module")
def data():
    made = make_label_matrix(300, 6, 3, accuracy=0.7, coverage=0.4, random_state=1)
    X = np.random.default_rng(0).normal(size=(300, 3)) + 2 * np.eye(3)[made.y]
    return X, made.L, made.y


@pytest.fixture(scope="module")
def records(data):
    """Features and votes side by side."""
    return np.hstack(data[:2])


@pytest.fixture(scope="module")
def model(records):
    return WeakSupervisionClassifier(LastColumns(), estimator=LogisticRegression()).fit(records)


def test_a_score_without_labels_is_the_cross_entropy_of_rows_with_votes(model, data, records):
    covered = (data[1] >= 0).any(axis=1)
    targets = model.label_model_.predict_proba(data[1])[covered]
    predicted = model.predict_proba(records)[covered]
    assert not covered.all()
    assert_allclose(model.score(records), (targets * np.log(predicted)).sum(axis=1).mean())


def test_weights_of_a_score_without_labels(model, records):
    first = np.arange(len(records)) < 100
    assert_allclose(model.score(records, sample_weight=first), model.score(records[:100]))


def test_votes_may_be_passed_to_score(data, model, records):
    X, L, _ = data
    passed = WeakSupervisionClassifier().fit(X, L=L)
    targets, covered = passed.label_model_.predict_proba(L), (L >= 0).any(axis=1)
    log_proba = np.log(passed.predict_proba(X))
    assert_allclose(passed.score(X, L=L), (targets * log_proba)[covered].sum(axis=1).mean())


def test_a_score_without_labels_looks_at_unshifted_probabilities(records):
    label_model = LabelModelClassifier(class_balance=[0.8, 0.1, 0.1])
    matched = WeakSupervisionClassifier(LastColumns(), label_model).fit(records)
    plain = WeakSupervisionClassifier(LastColumns(), label_model, match_shares=None).fit(records)
    assert (matched.predict(records) != plain.predict(records)).any()
    assert_allclose(matched.score(records), plain.score(records))


def test_labels_are_scored_by_accuracy_as_ever(model, data, records):
    assert model.score(records, data[2]) == (model.predict(records) == data[2]).mean()


@pytest.mark.parametrize(
    ("estimator", "rows", "message"),
    [
        (LinearSVC(), slice(None), "LinearSVC has no predict_proba"),
        (None, slice(0, 0), "None of 3 rows has a vote"),
    ],
)
def test_scores_without_labels_that_cannot_be(records, estimator, rows, message):
    fitted = WeakSupervisionClassifier(LastColumns(), estimator=estimator).fit(records)
    silent = np.hstack([records[:3, :3], np.full((3, 6), -1)])
    with pytest.raises(ValueError, match=message):
        fitted.score(silent if rows == slice(0, 0) else records)


def test_a_score_without_labels_or_votes(data):
    X, L, _ = data
    with pytest.raises(ValueError, match="Pass their votes as L"):
        WeakSupervisionClassifier().fit(X, L=L).score(X)


def test_a_search_without_labels_chooses_by_soft_labels(records):
    model = WeakSupervisionClassifier(LastColumns(), estimator=LogisticRegression())
    search = GridSearchCV(model, GRID, cv=KFold(3)).fit(records)
    scores = search.cv_results_["mean_test_score"]
    assert np.isfinite(scores).all()
    assert search.best_params_ == {"estimator__C": 1.0}
    train, test = next(KFold(3).split(records))
    by_hand = WeakSupervisionClassifier(LastColumns(), estimator=LogisticRegression())
    assert_allclose(
        search.cv_results_["split0_test_score"][1],
        by_hand.fit(records[train]).score(records[test]),
    )


def test_a_search_without_labels_with_votes_routed(data):
    X, L, _ = data
    with sklearn.config_context(enable_metadata_routing=True):
        model = WeakSupervisionClassifier(estimator=LogisticRegression()).set_fit_request(L=True)
        search = GridSearchCV(model, GRID, cv=3).fit(X, L=L)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


# Which rows ---------------------------------------------------------------------------------------

PROBA = np.array([[0.9, 0.1]] * 4 + [[0.8, 0.2]] * 4 + [[0.3, 0.7]] * 3 + [[0.4, 0.6]] * 1)
ALL = np.ones(len(PROBA), dtype=bool)
NAMES = np.array(["ham", "spam"])


@pytest.mark.parametrize(
    ("share", "kept"),
    [
        (1.0, range(12)),
        (0.5, [0, 1, 2, 3, 8, 9, 10]),
        (0.51, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        (0.76, range(12)),
        (0.01, [0, 1, 2, 3, 8, 9, 10]),
    ],
)
def test_of_each_class_the_most_certain_share_is_kept(share, kept):
    assert training_rows(PROBA, ALL, NAMES, None, share).tolist() == list(kept)


def test_shares_are_of_the_rows_that_may_be_trained_on():
    candidates = np.arange(len(PROBA)) >= 4
    assert training_rows(PROBA, candidates, NAMES, None, 0.5)[0] == 4


class Certain(ClassifierMixin, BaseEstimator):
    """A label model of known probabilities."""

    def fit(self, L, y=None):
        self.classes_ = NAMES
        return self

    def predict_proba(self, L):
        return PROBA


def test_a_share_is_kept_by_the_estimator_too():
    X = np.arange(len(PROBA), dtype=float)[:, None]
    L = np.zeros((len(PROBA), 1))
    half = WeakSupervisionClassifier(label_model=Certain(), keep_share=0.5).fit(X, L=L)
    rows = [0, 1, 2, 3, 8, 9, 10]
    y, weight = np.tile(NAMES, len(rows)), PROBA[rows].ravel()
    expected = LogisticRegression().fit(np.repeat(X[rows], 2, axis=0), y, sample_weight=weight)
    assert_allclose(half.predict_proba(X), expected.predict_proba(X), atol=1e-4)


@pytest.mark.parametrize("share", [0.0, 1.1])
def test_shares_outside_the_unit_interval(share):
    with pytest.raises(ValueError, match="keep_share"):
        WeakSupervisionClassifier(keep_share=share).fit([[0.0], [1.0]], L=[[0], [1]])


def test_a_class_that_a_limit_takes_away_is_named():
    with pytest.warns(UserWarning, match=r"leaves out 4 of 12 rows: 4 of 4 of 'spam'.*keep_share"):
        rows = training_rows(PROBA, ALL, NAMES, 0.75, None)
    assert_array_equal(rows, np.arange(8))


@pytest.mark.parametrize(("n_kept", "warns"), [(1, False), (0, True)])
def test_a_class_may_lose_three_quarters_of_its_rows_without_a_word(n_kept, warns, recwarn):
    proba = np.array([[0.95, 0.05]] * 4 + [[0.3, 0.7]] * (4 - n_kept) + [[0.1, 0.9]] * n_kept)
    training_rows(proba, np.ones(8, dtype=bool), NAMES, 0.8, None)
    assert bool(len(recwarn)) == warns
