"""Class shares of predictions: which are known, and the offsets that match them."""

import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import linprog
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    StratifiedKFold,
    TimeSeriesSplit,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

from sklearn_labelmodel import LabelModelClassifier
from sklearn_labelmodel.datasets import make_label_matrix
from sklearn_labelmodel.end_model import WeakSupervisionClassifier
from sklearn_labelmodel.end_model._shares import (
    matching_offsets,
    out_of_fold_scores,
    shares_of,
    within_chance,
)
from sklearn_labelmodel.end_model._soft_labels import Training

SHARES = [0.6, 0.3, 0.1]


def drawn_scores(n_samples, n_classes, seed=0):
    return np.random.default_rng(seed).normal(size=(n_samples, n_classes))


@pytest.fixture(scope="module")
def data():
    """Features that tell three classes of unequal frequency, votes, and the truth."""
    made = make_label_matrix(
        400, 6, 3, accuracy=0.7, coverage=0.5, class_balance=SHARES, random_state=5
    )
    X = np.random.default_rng(0).normal(size=(400, 3)) + 1.5 * np.eye(3)[made.y]
    return X, made.L, made.y


def given(shares=SHARES, **params):
    label_model = LabelModelClassifier(class_balance=shares)
    return WeakSupervisionClassifier(label_model=label_model, **params)


# Offsets ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.93, 1.0])
def test_two_classes_get_their_shares_exactly(share):
    scores = drawn_scores(1000, 2)
    offsets = matching_offsets(scores, np.array([1 - share, share]))
    assert_allclose(shares_of(scores + offsets), [1 - share, share], atol=1e-12)


@pytest.mark.parametrize("target", [SHARES, [0.9, 0.09, 0.01], [0.25] * 4, [0.7] + [0.03] * 10])
def test_more_classes_get_their_shares_to_a_row(target):
    scores = drawn_scores(1000, len(target))
    shares = shares_of(scores + matching_offsets(scores, np.array(target)))
    assert np.abs(shares - target).sum() < 0.01


def test_offsets_are_those_of_the_best_assignment_with_the_shares():
    scores, target = drawn_scores(60, 3), np.array([30, 20, 10]) / 60
    predicted = np.argmax(scores + matching_offsets(scores, target), axis=1)
    assert_array_equal(np.bincount(predicted), 60 * target)
    rows, columns = np.kron(np.eye(60), np.ones(3)), np.kron(np.ones(60), np.eye(3))
    best = linprog(
        -scores.ravel(),
        A_eq=np.vstack([rows, columns]),
        b_eq=np.concatenate([np.ones(60), 60 * target]),
    )
    assert_allclose(scores[np.arange(60), predicted].sum(), -best.fun)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_shares_that_are_there_need_no_offsets(n_classes):
    scores = drawn_scores(500, n_classes)
    assert_array_equal(matching_offsets(scores, shares_of(scores)), np.zeros(n_classes))


@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_offsets_add_up_to_nothing(n_classes):
    target = np.arange(1, n_classes + 1) / np.arange(1, n_classes + 1).sum()
    assert abs(matching_offsets(drawn_scores(300, n_classes), target).sum()) < 1e-9


def test_classes_that_tie_share_a_row():
    assert_allclose(shares_of(np.array([[1.0, 1.0, 0.0], [0.0, 2.0, 0.0]])), [0.25, 0.75, 0.0])


@pytest.mark.parametrize(("share", "nearest"), [(0.31, 0.3), (0.7, 0.6), (0.8, 0.9)])
def test_equal_rows_are_not_told_apart(share, nearest):
    # 60 of 100 rows are equal: they go to one class, or to both alike.
    scores = np.zeros((100, 2))
    scores[60:, 1] = np.concatenate([np.linspace(1, 2, 30), np.linspace(-2, -1, 10)])
    offsets = matching_offsets(scores, np.array([1 - share, share]))
    assert_allclose(shares_of(scores + offsets)[1], nearest)


def test_shares_move_by_one_standard_error_at_most():
    known, predicted = np.array([0.5, 0.5]), np.array([0.9, 0.1])
    error = np.sqrt(0.25 / 52)
    assert_allclose(within_chance(known, predicted, 50), [0.5 + error, 0.5 - error])


@pytest.mark.parametrize(("times", "stays"), [(0.99, True), (1.01, False)])
def test_predicted_shares_within_one_standard_error_stay(times, stays):
    known, error = np.array([0.8, 0.2]), np.sqrt(0.16 / 102)
    predicted = known + times * error * np.array([1, -1])
    assert np.allclose(within_chance(known, predicted, 100), predicted, atol=1e-12) == stays


def test_given_shares_do_not_move():
    known = np.array(SHARES)
    assert_allclose(within_chance(known, np.array([0.1, 0.1, 0.8]), np.inf), known)


# Rows out of their folds --------------------------------------------------------------------------


class Memory(ClassifierMixin, BaseEstimator):
    """Knows the rows that it was trained on, and is sure of class 0 where it meets one again."""

    def fit(self, X, y, sample_weight=None):
        self.classes_, self.seen_ = np.unique(y), set(np.asarray(X)[:, 0].tolist())
        return self

    def predict_proba(self, X):
        known = np.array([row in self.seen_ for row in np.asarray(X)[:, 0].tolist()])
        return np.column_stack([known, ~known]).astype(float)


@pytest.fixture
def rows():
    """Row numbers as records, and soft labels of two classes."""
    proba = np.random.default_rng(0).dirichlet([1, 1], size=40)
    return np.arange(40)[:, None], proba


def of_two_classes(estimator):
    return Training(estimator, np.arange(2), "soft")


def scores_out_of_fold(rows, cv, groups=None, trained=None):
    X, proba = rows
    train = np.arange(40) if trained is None else trained
    return out_of_fold_scores(of_two_classes(Memory()), X, proba, train, cv, groups)


@pytest.mark.parametrize("cv", [5, None, KFold(4, shuffle=True, random_state=0)])
def test_no_row_is_scored_by_an_estimator_that_saw_it(rows, cv):
    scores = scores_out_of_fold(rows, cv)
    assert scores.shape == (40, 2)
    assert (scores[:, 0] < scores[:, 1]).all()


def test_rows_that_follow_each_other_are_in_one_fold():
    # Every row is there twice, one copy after the other; who meets a twin of what it was trained on says class 0.
    twins, label = np.repeat(np.arange(60), 2)[:, None], np.repeat(np.arange(60) % 2, 2)
    training = of_two_classes(Memory())
    scores = out_of_fold_scores(training, twins, np.eye(2)[label], np.arange(120), 3)
    assert (scores[:, 0] < scores[:, 1]).all()


def test_a_class_with_fewer_rows_than_folds_is_no_reason_to_warn(rows):
    proba = np.where(np.arange(40)[:, None] == 7, [0.1, 0.9], [0.8, 0.2])
    assert len(scores_out_of_fold((rows[0], proba), 5)) == 40


def test_a_splitter_may_hold_out_some_rows_only(rows):
    scored = ~np.isnan(scores_out_of_fold(rows, TimeSeriesSplit(3))).any(axis=1)
    assert scored.tolist() == [False] * 10 + [True] * 30


def test_rows_that_may_not_be_trained_on_are_scored_all_the_same(rows):
    assert len(scores_out_of_fold(rows, 5, trained=np.arange(20))) == 40


def test_scores_are_in_the_order_of_the_rows(data):
    X, _, y = data
    proba, order = np.eye(3)[y], np.random.default_rng(0).permutation(len(y))
    folds = [(order[100:], order[:100]), (order[:100], order[100:])]
    training = Training(GaussianNB(), np.arange(3), "soft")
    scores = out_of_fold_scores(training, X, proba, np.arange(len(y)), folds)
    expected = GaussianNB().fit(X[order[100:]], y[order[100:]]).predict_log_proba(X[order[:100]])
    assert_allclose(scores[order[:100]], np.maximum(expected, np.log(1e-12)))


def test_groups_stay_together(rows):
    groups = np.arange(40) // 4

    class Grouped(Memory):
        def fit(self, X, y, sample_weight=None):
            return super().fit(np.asarray(X) // 4, y)

        def predict_proba(self, X):
            return super().predict_proba(np.asarray(X) // 4)

    X, proba = rows
    asked = (of_two_classes(Grouped()), X, proba, np.arange(40))
    apart = out_of_fold_scores(*asked, GroupKFold(5), groups)
    mixed = out_of_fold_scores(*asked, KFold(5, shuffle=True, random_state=0))
    assert (apart[:, 0] < apart[:, 1]).all()
    assert not (mixed[:, 0] < mixed[:, 1]).all()


def test_folds_of_the_estimator_are_those_of_cv(data):
    X, L, _ = data
    groups = np.arange(len(X)) // 8
    grouped = given(cv=GroupKFold(4)).fit(X, L=L, groups=groups).class_offsets_
    listed = given(cv=list(GroupKFold(4).split(X, groups=groups))).fit(X, L=L).class_offsets_
    assert_array_equal(grouped, listed)
    assert (grouped != given().fit(X, L=L).class_offsets_).any()


def test_groups_of_a_search_are_kept_together_within(data):
    X, L, y = data
    groups = np.arange(len(X)) // 8
    with sklearn.config_context(enable_metadata_routing=True):
        model = given(cv=GroupKFold(4)).set_fit_request(L=True)
        search = GridSearchCV(model, {"labels": ["soft"]}, cv=GroupKFold(2))
        found = search.fit(X, y, L=L, groups=groups).best_estimator_
    expected = given(cv=GroupKFold(4)).fit(X, y, L=L, groups=groups)
    assert_array_equal(found.class_offsets_, expected.class_offsets_)


# The estimator ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "estimator",
    [
        None,
        GaussianNB(),
        make_pipeline(StandardScaler(), LogisticRegression(C=0.1)),
        LinearSVC(C=0.1),
        SVC(),
    ],
    ids=lambda e: type(e).__name__,
)
def test_predictions_have_the_known_shares(data, estimator):
    X, L, _ = data
    model = given(estimator=estimator).fit(X, L=L)
    shares = np.bincount(model.predict(X), minlength=3) / len(X)
    assert_allclose(model.class_shares_, SHARES)
    assert np.abs(shares - SHARES).max() < 0.03


def test_a_rare_class_is_found(data):
    X, L, y = data
    recall = [
        (given(match_shares=match).fit(X, L=L).predict(X)[y == 2] == 2).mean()
        for match in (None, "auto")
    ]
    assert recall[1] > recall[0] + 0.2


@pytest.mark.parametrize("shares", [SHARES, dict(enumerate(SHARES)), np.array(SHARES)])
def test_shares_of_ones_own(data, shares):
    X, L, _ = data
    model = WeakSupervisionClassifier(match_shares=shares).fit(X, L=L)
    assert_allclose(model.class_shares_, SHARES)


def test_shares_by_name_in_the_label_models_order(data):
    X, L, _ = data
    votes = np.where(L < 0, None, np.array(["a", "b", "c"], dtype=object)[L])
    model = WeakSupervisionClassifier(
        label_model=LabelModelClassifier(classes=["c", "a", "b"]),
        match_shares={"a": 0.6, "b": 0.3, "c": 0.1},
    ).fit(X, L=votes)
    assert_allclose(model.class_shares_, [0.1, 0.6, 0.3])
    assert_array_equal(model.classes_[model.predict_proba(X).argmax(axis=1)], model.predict(X))


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ([0.5, 0.5], r"match_shares has shape \(2,\)"),
        ([0.5, 0.4, 0.3], "match_shares sums to 1.2"),
        ({0: 0.5, 1: 0.3, 7: 0.2}, "match_shares names 7"),
        ([0.5, 0.5, 0.0], "prior 0 in match_shares"),
    ],
)
def test_shares_that_are_none(data, shares, message):
    X, L, _ = data
    with pytest.raises(ValueError, match=message):
        WeakSupervisionClassifier(match_shares=shares).fit(X, L=L)


@pytest.mark.parametrize(
    "label_model",
    [
        LabelModelClassifier(),
        LabelModelClassifier(class_balance="estimate"),
        FrozenEstimator(LabelModelClassifier().fit([[0, 1, 2], [1, 1, 2], [2, 0, 0], [0, 0, 0]])),
    ],
    ids=["uniform", "estimated", "frozen"],
)
def test_what_votes_say_of_the_shares_is_not_matched(data, label_model):
    X, L, _ = data
    model = WeakSupervisionClassifier(label_model=label_model).fit(X, L=L[:, :3])
    assert model.class_shares_ is None
    assert_array_equal(model.class_offsets_, np.zeros(3))
    assert_array_equal(model.predict_proba(X), model.estimator_.predict_proba(X))


def test_a_frozen_label_model_knows_the_shares_that_it_was_given(data):
    X, L, _ = data
    fitted = LabelModelClassifier(class_balance=SHARES).fit(L)
    frozen = WeakSupervisionClassifier(label_model=FrozenEstimator(fitted)).fit(X, L=L)
    assert_array_equal(frozen.class_offsets_, given().fit(X, L=L).class_offsets_)


def test_gold_labels_tell_the_shares(data):
    X, L, y = data
    gold = np.where(np.arange(len(y)) < 60, y, -1)
    model = WeakSupervisionClassifier().fit(X, gold, L=L)
    counted = (np.bincount(y[:60]) + 0.5) / 61.5
    error = np.sqrt(counted * (1 - counted) / 63)
    assert (np.abs(model.class_shares_ - counted) <= 1.1 * error).all()
    assert model.class_offsets_.any()


@pytest.mark.parametrize(
    ("label_model", "labelled"),
    [
        (LabelModelClassifier(gold="ignore"), slice(60)),
        (LabelModelClassifier(), slice(None)),
    ],
    ids=["ignored", "all rows"],
)
def test_gold_labels_that_do_not_tell_the_shares(data, label_model, labelled):
    X, L, y = data
    gold = np.full(len(y), -1)
    gold[labelled] = y[labelled]
    model = WeakSupervisionClassifier(label_model=label_model).fit(X, gold, L=L)
    assert model.class_shares_ is None


def test_gold_labels_of_one_class_do_not_tell_the_shares(data):
    X, L, y = data
    gold = np.where((np.arange(len(y)) < 100) & (y == 1), 1, -1)
    frozen = FrozenEstimator(LabelModelClassifier().fit(L))
    assert WeakSupervisionClassifier(label_model=frozen).fit(X, gold, L=L).class_shares_ is None


def test_given_shares_count_more_than_gold_labels(data):
    X, L, y = data
    gold = np.where(np.arange(len(y)) < 60, y, -1)
    assert_allclose(given().fit(X, gold, L=L).class_shares_, SHARES)


def scarce(n_rows):
    """Votes in which class 2 is certain of n_rows rows, and impossible elsewhere."""
    y = np.arange(200) % 2
    y[:n_rows] = 2
    X = np.random.default_rng(0).normal(size=(200, 2)) + y[:, None]
    return X, y


@pytest.mark.parametrize("labels", ["soft", "hard"])
@pytest.mark.parametrize("n_rows", [4, 5])
def test_classes_with_fewer_than_five_rows(n_rows, labels):
    X, y = scarce(n_rows)

    class Certain(ClassifierMixin, BaseEstimator):
        def fit(self, L, y=None):
            self.classes_ = np.arange(3)
            return self

        def predict_proba(self, L):
            return np.eye(3)[np.asarray(L)[:, 0]]

    model = WeakSupervisionClassifier(
        label_model=Certain(), match_shares=[0.48, 0.48, 0.04], labels=labels
    )
    if n_rows == 5:
        assert_allclose(model.fit(X, L=y[:, None]).class_shares_, [0.48, 0.48, 0.04])
        return
    with pytest.warns(UserWarning, match="the class 2 has only 4 of 200 rows"):
        model.fit(X, L=y[:, None])
    assert model.class_shares_ is None


class Mute(ClassifierMixin, BaseEstimator):
    """Predicts, and scores nothing."""

    def fit(self, X, y, sample_weight=None):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.repeat(self.classes_[:1], len(X))


def test_an_estimator_that_scores_no_classes(data):
    X, L, _ = data
    with pytest.warns(UserWarning, match="not matched: Mute has neither predict_proba nor"):
        assert given(estimator=Mute()).fit(X, L=L).class_shares_ is None
    with pytest.raises(ValueError, match="Mute has neither predict_proba nor decision_function"):
        given(estimator=Mute(), match_shares=SHARES).fit(X, L=L)


def test_a_decision_function_of_pairs_of_classes_is_refused(data):
    X, L, _ = data
    four = np.where(np.arange(len(X))[:, None] % 8 == 7, 3, L)
    pairs = SVC(decision_function_shape="ovo")
    with pytest.raises(
        ValueError, match=r"gives 6 scores for 4 classes.*decision_function_shape='ovr'"
    ):
        given([0.5, 0.2, 0.15, 0.15], estimator=pairs).fit(X, L=four)


def test_hard_labels_are_matched_too(data):
    X, L, _ = data
    model = given(estimator=KNeighborsClassifier(20), labels="hard").fit(X, L=L)
    shares = np.bincount(model.predict(X), minlength=3) / len(X)
    assert np.abs(shares - SHARES).max() < 0.06


def test_a_regressor_is_matched_by_what_it_predicts(data):
    X, L, _ = data
    model = given(estimator=Ridge(), labels="native").fit(X, L=L)
    shares = np.bincount(model.predict(X), minlength=3) / len(X)
    assert np.abs(shares - SHARES).max() < 0.03


@pytest.mark.parametrize("n_classes", [2, 3])
def test_all_predictions_agree(data, n_classes):
    X, L, _ = data
    L = np.where(n_classes <= L, 0, L)
    shares = [0.85, 0.15] if n_classes == 2 else SHARES
    model = given(shares).fit(X, L=L)
    proba, labels = model.predict_proba(X), model.predict(X)
    assert_allclose(proba.sum(axis=1), 1)
    assert_array_equal(proba.argmax(axis=1), labels)
    assert_allclose(np.exp(model.predict_log_proba(X)), proba)
    decision = model.decision_function(X)
    assert_array_equal((decision > 0) if n_classes == 2 else decision.argmax(axis=1), labels)


def test_probabilities_are_shifted_by_the_offsets(data):
    X, L, _ = data
    model = given().fit(X, L=L)
    own = model.unshifted_proba(X)
    assert_allclose(own, model.estimator_.predict_proba(X))
    shifted = own * np.exp(model.class_offsets_)
    assert_allclose(model.predict_proba(X), shifted / shifted.sum(axis=1, keepdims=True))


def test_without_matching_all_is_as_before(data):
    X, L, _ = data
    model = given(match_shares=None).fit(X, L=L)
    assert_array_equal(model.predict(X), model.estimator_.predict(X))
    assert_array_equal(model.decision_function(X), model.estimator_.decision_function(X))


def test_offsets_survive_pickling_and_cloning_forgets_them(data):
    X, L, _ = data
    model = given().fit(X, L=L)
    assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.predict(X))
    assert not hasattr(clone(model), "class_offsets_")


def test_frames_are_split_by_position(data):
    X, L, _ = data
    frame = pd.DataFrame(X, columns=list("abc"), index=np.arange(len(X))[::-1])
    by_frame = given(cv=StratifiedKFold(3)).fit(frame, L=L)
    assert_allclose(
        by_frame.class_offsets_, given(cv=StratifiedKFold(3)).fit(X, L=L).class_offsets_
    )
