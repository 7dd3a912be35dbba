"""Soft labels that records make better: one round by itself, and within the estimator."""

import pickle
from itertools import permutations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from scipy.special import softmax
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, GroupKFold, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler

from sklearn_labelmodel import (
    DawidSkeneClassifier,
    LabelModelClassifier,
    MajorityVoteClassifier,
    WeakSupervisionClassifier,
)
from sklearn_labelmodel._votes.reader import read_votes
from sklearn_labelmodel.datasets import make_label_matrix
from sklearn_labelmodel.end_model._refine import (
    agreement,
    features_tell,
    log_prior_of,
    refine_once,
    sharpness,
)
from sklearn_labelmodel.end_model._shares import KnownShares

SHARES = np.array([0.6, 0.3, 0.1])
NONE = np.full(600, 3)


@pytest.fixture(scope="module")
def data():
    """Features that tell three classes well, poor votes on most rows, one LF of a single class, and the truth."""
    made = make_label_matrix(
        600, 5, 3, accuracy=0.6, coverage=0.5, class_balance=SHARES, random_state=5
    )
    X = np.random.default_rng(0).normal(size=(600, 3)) + 2.5 * np.eye(3)[made.y]
    L = np.array(made.L)
    L[L[:, 4] != 2, 4] = -1
    return X, L, np.asarray(made.y)


def refining(shares=SHARES, **params):
    label_model = LabelModelClassifier(class_balance=shares)
    return WeakSupervisionClassifier(label_model=label_model, refine="features", **params)


# One round ----------------------------------------------------------------------------------------


def test_votes_are_counted_in_rows_of_known_class(data):
    _, L, y = data
    model = LabelModelClassifier(class_balance=SHARES).fit(L).vote_model_
    certain = np.log(np.where(np.eye(3)[y] > 0, 1.0, 1e-12))
    learned, proba = refine_once(model, read_votes(L), NONE, certain, KnownShares(SHARES, np.inf))
    assert_array_equal(proba.argmax(axis=1), y)
    for at in np.flatnonzero(~model.table.joint[model.table.lf]):
        lf, vote = model.table.lf[at], model.table.vote[at]
        voted = (L[:, lf, None] >= 0) & (y[:, None] == np.arange(3))
        held = voted & (L[:, lf, None] == vote)
        before = model.mu[at] / model.mu[model.table.lf == lf].sum(axis=0)
        expected = (held.sum(axis=0) + 10 * before) / (voted.sum(axis=0) + 10)
        assert_allclose(np.exp(learned.table.log_p[at]), expected, rtol=1e-5)


def test_votes_of_an_lf_of_one_class_are_counted_in_all_rows(data):
    _, L, y = data
    model = LabelModelClassifier(class_balance=SHARES).fit(L).vote_model_
    certain = np.log(np.where(np.eye(3)[y] > 0, 1.0, 1e-12))
    learned, _ = refine_once(model, read_votes(L), NONE, certain, KnownShares(SHARES, np.inf))
    (at,) = np.flatnonzero(model.table.joint[model.table.lf])
    held = np.bincount(y[L[:, 4] == 2], minlength=3)
    rows = max(30, 10 / (held.sum() / 600))
    expected = (held + rows * model.mu[at]) / (np.bincount(y) + rows)
    assert_allclose(np.exp(learned.table.log_p[at]), expected, rtol=1e-5)


def test_refined_probabilities_have_the_known_shares_nearly(data):
    _, L, _ = data
    model = LabelModelClassifier(class_balance=SHARES).fit(L).vote_model_
    far = np.tile(np.log([0.2, 0.2, 0.6]), (600, 1))
    given, counted = (
        refine_once(model, read_votes(L), NONE, far, KnownShares(SHARES, n_labels))[1].mean(axis=0)
        for n_labels in (np.inf, 50)
    )
    assert_allclose(given, SHARES, atol=0.06)
    # Shares that few labels tell weigh less.
    assert np.abs(counted - SHARES).sum() > 1.5 * np.abs(given - SHARES).sum()


def test_shares_that_the_label_model_was_not_told_are_told_once(data):
    _, L, _ = data
    shares = np.log(SHARES)
    untold = LabelModelClassifier().fit(L).vote_model_
    _, proba = refine_once(
        untold, read_votes(L), NONE, np.tile(shares, (600, 1)), KnownShares(SHARES, np.inf)
    )
    voteless = (L < 0).all(axis=1)
    assert_allclose(proba[voteless], np.tile(SHARES, (voteless.sum(), 1)), rtol=1e-9)


def test_gold_labels_are_certain(data):
    _, L, y = data
    gold = np.where(np.arange(600) < 30, (y + 1) % 3, 3)
    model = LabelModelClassifier(class_balance=SHARES).fit(L).vote_model_
    prior = np.tile(np.log(SHARES), (600, 1))
    _, proba = refine_once(model, read_votes(L), gold, prior, KnownShares(SHARES, np.inf))
    assert_array_equal(proba[:30], np.eye(3)[gold[:30]])


def test_rows_that_no_fold_held_out_have_the_class_shares():
    scores = np.array([[np.nan] * 3, [1.0, 1.0, 1.0]])
    assert_allclose(log_prior_of(scores, SHARES), np.log([SHARES, [1 / 3] * 3]), rtol=1e-12)


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_scores_are_sharpened_until_they_say_what_soft_labels_say(factor):
    scores = np.random.default_rng(0).normal(size=(50, 3))
    assert_allclose(sharpness(scores, softmax(factor * scores, axis=1)), factor, rtol=1e-4)


def test_scores_that_soft_labels_contradict_are_made_flat():
    scores = np.random.default_rng(0).normal(size=(50, 3))
    assert sharpness(scores, softmax(-scores, axis=1)) < 1e-4


def test_the_error_of_agreement_is_that_over_all_orders_of_the_rows():
    rng = np.random.default_rng(0)
    told, voted = (rng.dirichlet(SHARES, size=6) for _ in range(2))
    found = np.array([agreement(told[list(order)], voted) for order in permutations(range(6))])
    assert_allclose(found[:, 0].mean(), 0, atol=1e-12)
    assert_allclose(found[:, 1], found[:, 0].std(), rtol=1e-9)


def test_agreement_on_two_classes_is_pearsons():
    told, voted = np.random.default_rng(0).uniform(size=(2, 50))
    found = agreement(np.column_stack([told, 1 - told]), np.column_stack([voted, 1 - voted]))
    assert_allclose(found, [np.corrcoef(told, voted)[0, 1], 1 / 7], rtol=1e-9)


@pytest.mark.parametrize(("n_agree", "tells"), [(65, False), (66, True)])
def test_agreement_hardly_above_chance(n_agree, tells, recwarn):
    # Pearson's correlation is .30 or .32, and three of its standard errors are 3 / sqrt(99) = .3015.
    truth = np.tile([0, 1], 50)
    told = np.where(np.arange(100) < n_agree, truth, 1 - truth)
    scores = np.log(np.maximum(np.eye(2)[told], 1e-12))
    assert features_tell(scores, np.eye(2)[truth]) == tells
    assert len(recwarn) == (not tells)


def test_a_classifier_that_says_the_same_of_all_rows_tells_nothing(data):
    proba = np.eye(3)[data[2]]
    with pytest.warns(UserWarning, match="correlate by 0, which could be chance"):
        assert not features_tell(np.tile(np.log(SHARES), (600, 1)), proba)


def test_rows_that_no_fold_holds_out_tell_nothing(data):
    X, L, _ = data
    voteless = np.flatnonzero((L < 0).all(axis=1))
    folds = [(np.flatnonzero((L >= 0).any(axis=1)), voteless)]
    with pytest.warns(UserWarning, match="correlate by 0, which could be chance"):
        assert refining(cv=folds).fit(X, L=L).refined_proba_ is None


class Timid(LogisticRegression):
    """Sure of nothing, though it tells classes as well."""

    def predict_proba(self, X):
        return softmax(0.2 * np.log(super().predict_proba(X)), axis=1)


def test_how_sure_a_classifier_is_of_itself_does_not_matter(data):
    X, L, _ = data
    timid, plain = (refining(estimator=e).fit(X, L=L) for e in (Timid(), LogisticRegression()))
    assert_allclose(timid.refined_proba_, plain.refined_proba_, atol=0.02)


# In the estimator ---------------------------------------------------------------------------------


def test_labels_are_refined_by_features_that_tell(data):
    X, L, y = data
    model = refining().fit(X, L=L)
    before, voted = model.label_model_.predict(L), (L >= 0).any(axis=1)
    after = model.refined_proba_.argmax(axis=1)
    assert np.mean(after == y, where=voted) > np.mean(before == y, where=voted) + 0.05
    assert_allclose(model.refined_proba_.sum(axis=1), 1, rtol=1e-12)
    assert clone(model).set_params(refine=None).fit(X, L=L).refined_proba_ is None


def test_the_estimator_is_trained_on_the_refined_labels(data):
    X, L, _ = data
    model = refining().fit(X, L=L)

    class Fixed(LabelModelClassifier):
        def predict_proba(self, L):
            return model.refined_proba_

    again = WeakSupervisionClassifier(label_model=Fixed(class_balance=SHARES)).fit(X, L=L)
    assert_allclose(again.predict_proba(X), model.predict_proba(X), rtol=1e-12)


def test_rounds_follow_each_other(data):
    X, L, _ = data
    one, two = (refining(n_refine=n).fit(X, L=L).refined_proba_ for n in (1, 2))
    assert np.abs(two - one).max() > 0.001


def test_rounds_of_labels_that_are_not_refined_are_told(data):
    X, L, _ = data
    with pytest.warns(UserWarning, match=r"n_refine=2 has no effect.*Pass refine='features' too"):
        WeakSupervisionClassifier(n_refine=2).fit(X, L=L)


def test_features_that_tell_nothing_change_nothing(data):
    _, L, _ = data
    X = np.random.default_rng(1).normal(size=(600, 5))
    with pytest.warns(UserWarning, match="Labels are not refined: out of fold"):
        model = refining().fit(X, L=L)
    assert model.refined_proba_ is None
    plain = clone(model).set_params(refine=None).fit(X, L=L)
    assert_array_equal(model.predict_proba(X), plain.predict_proba(X))


def test_features_may_tell_a_class_that_is_too_rare_ever_to_lead():
    made = make_label_matrix(2000, 8, class_balance=[0.97, 0.03], accuracy=0.75, random_state=0)
    X = np.random.default_rng(0).normal(size=(2000, 2)) + 1.5 * made.y[:, None]
    model = refining([0.97, 0.03]).fit(X, L=made.L)
    plain = clone(model).set_params(refine=None).fit(X, L=made.L)
    assert plain.unshifted_proba(X)[:, 1].max() < 0.5
    by_votes, by_both = model.label_model_.predict_proba(made.L)[:, 1], model.refined_proba_[:, 1]
    assert roc_auc_score(made.y, by_both) > roc_auc_score(made.y, by_votes) + 0.01


def test_shares_of_gold_labels_and_of_ones_own_will_do(data):
    X, L, y = data
    gold = np.where(np.arange(600) < 60, y, -1)
    model = WeakSupervisionClassifier(refine="features").fit(X, gold, L=L)
    assert_array_equal(model.refined_proba_[:60], np.eye(3)[y[:60]])
    own = WeakSupervisionClassifier(refine="features", match_shares=dict(enumerate(SHARES)))
    assert own.fit(X, L=L).refined_proba_ is not None


@pytest.mark.parametrize(
    "params",
    [{}, {"match_shares": None, "label_model": LabelModelClassifier(class_balance=SHARES)}],
)
def test_shares_that_nobody_knows_are_refused(data, params):
    X, L, _ = data
    with pytest.raises(ValueError, match=r"needs known class shares.*class_balance=.*gold labels"):
        WeakSupervisionClassifier(refine="features", **params).fit(X, L=L)


@pytest.mark.parametrize("label_model", [MajorityVoteClassifier, DawidSkeneClassifier])
def test_other_label_models_are_refused(data, label_model):
    X, L, _ = data
    model = WeakSupervisionClassifier(
        label_model=label_model(class_balance=SHARES), refine="features"
    )
    with pytest.raises(ValueError, match=f"label_model is a {label_model.__name__}"):
        model.fit(X, L=L)


def test_an_estimator_without_probabilities_is_refused(data):
    X, L, _ = data
    with pytest.raises(ValueError, match="RidgeClassifier has no predict_proba"):
        refining(estimator=RidgeClassifier()).fit(X, L=L)


@pytest.mark.parametrize("params", [{"refine": True}, {"refine": "votes"}, {"n_refine": 0}])
def test_parameters_that_are_none(data, params):
    X, L, _ = data
    with pytest.raises(ValueError, match=f"The '{next(iter(params))}' parameter"):
        WeakSupervisionClassifier(**params).fit(X, L=L)


def test_labels_of_all_rows_leave_nothing_to_refine(data):
    X, L, y = data
    assert refining().fit(X, y, L=L).refined_proba_ is None


def test_a_class_of_few_rows_is_neither_matched_nor_refined(data):
    X, L, _ = data
    rows = np.flatnonzero((L != 2).all(axis=1) | (np.arange(600) < 8))
    model = refining([0.599, 0.4, 0.001])
    with pytest.warns(UserWarning, match="known but not matched, nor labels refined: the class 2"):
        model.fit(X[rows], L=L[rows])
    assert model.refined_proba_ is None


def test_a_frozen_label_model_is_refined_and_stays(data):
    X, L, _ = data
    frozen = LabelModelClassifier(class_balance=SHARES).fit(L)
    before = frozen.predict_proba(L)
    params = {"label_model": FrozenEstimator(frozen), "refine": "features"}
    model = WeakSupervisionClassifier(**params).fit(X, L=L)
    assert_array_equal(model.refined_proba_, refining().fit(X, L=L).refined_proba_)
    assert_array_equal(frozen.predict_proba(L), before)


@pytest.mark.parametrize("labels", ["soft", "hard"])
def test_sparse_records_and_pipelines(data, labels):
    X, L, _ = data
    estimator = make_pipeline(MaxAbsScaler(), LogisticRegression())
    dense = refining(estimator=estimator, labels=labels).fit(X, L=L)
    sparse = refining(estimator=estimator, labels=labels).fit(csr_array(X), L=L)
    assert_allclose(sparse.refined_proba_, dense.refined_proba_, rtol=1e-3, atol=1e-4)


def test_rows_are_chosen_by_the_refined_labels(data):
    X, L, _ = data
    seen = []

    class Watched(LogisticRegression):
        def fit(self, X, y, sample_weight=None):
            seen.append(len(np.unique(X, axis=0)))
            return super().fit(X, y, sample_weight)

    model = refining(estimator=Watched(), min_confidence=0.5, uncovered="prior", cv=2)
    model.fit(X, L=L)
    # Two folds before, the estimator, and two folds after.
    assert len(seen) == 5
    assert seen[2] == (model.refined_proba_.max(axis=1) >= 0.5).sum() < 600


def test_folds_that_hold_out_some_rows_only(data):
    X, L, _ = data
    model = refining(cv=TimeSeriesSplit(3)).fit(X, L=L)
    assert np.isfinite(model.refined_proba_).all()


def test_groups_stay_together_in_every_round(data):
    X, L, _ = data
    groups = np.arange(600) // 10
    model = refining(cv=GroupKFold(3)).fit(X, L=L, groups=groups)
    own = refining(cv=list(GroupKFold(3).split(X, groups=groups))).fit(X, L=L)
    assert_array_equal(model.refined_proba_, own.refined_proba_)


def test_a_search_over_refinement(data):
    X, L, y = data
    X, L, y = X[:200], L[:200], np.where(np.arange(200) % 2, y[:200], -1)
    search = GridSearchCV(refining(), {"refine": [None, "features"]}, cv=2, error_score="raise")
    assert search.fit(X, y, L=L).best_score_ > 0.5


def test_refined_labels_survive_pickling_and_cloning_forgets_them(data):
    X, L, _ = data
    model = refining().fit(X, L=L)
    loaded = pickle.loads(pickle.dumps(model))
    assert_array_equal(loaded.refined_proba_, model.refined_proba_)
    assert not hasattr(clone(model), "refined_proba_")
