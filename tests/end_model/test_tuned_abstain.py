"""Labels that are right as often as wanted, and abstains on the other rows."""

import math
import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from helpers import make_votes
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import binom, binomtest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import get_tags

from sklearn_labelmodel import (
    DawidSkeneClassifier,
    LabelModelClassifier,
    MajorityVoteClassifier,
    TunedAbstainClassifier,
    WeakSupervisionClassifier,
)
from sklearn_labelmodel.end_model import _threshold as _selective
from sklearn_labelmodel.end_model._threshold import (
    chance_of_rejection,
    critical_level,
    errors_allowed,
    laxest_threshold,
    least_rows,
    lower_bounds,
    precision_curve,
    why_none,
)

N_ROWS, N_GOLD = 600, 200
NO_THRESHOLD = "ignore:No threshold reaches:UserWarning"


@pytest.fixture(scope="module")
def votes():
    """Votes of which label models are unsure in part; the truth; and y with gold labels of the first rows."""
    L, truth = make_votes(N_ROWS, 6, accuracy=0.7, coverage=0.6, seed=4)
    return L, truth, np.where(np.arange(N_ROWS) < N_GOLD, truth, -1)


@pytest.fixture(scope="module")
def tuned(votes):
    L, _, y = votes
    return TunedAbstainClassifier(precision=0.8).fit(L, y)


def test_input_tags_are_the_estimators():
    assert get_tags(TunedAbstainClassifier()).input_tags.string
    assert not get_tags(TunedAbstainClassifier(LogisticRegression())).input_tags.string
    assert get_tags(TunedAbstainClassifier()).target_tags.required


# The guarantee ------------------------------------------------------------------------------------

GRID = np.linspace(0.5, 1, 2001)
CHANCE_OF_BEING_RIGHT = {
    "calibrated": lambda c: c,
    "nowhere quite good enough": lambda c: np.full_like(c, 0.89),
    "overconfident at the top": lambda c: np.where(c > 0.95, 0.85, np.where(c > 0.8, 0.97, 0.7)),
}


def laxest(curve, precision, confidence):
    return laxest_threshold(curve, lower_bounds(curve, precision, confidence), precision)


def chosen_threshold(rng, chance, n_gold, precision, confidence):
    certainty = rng.uniform(0.5, 1, n_gold)
    right = rng.random(n_gold) < chance(certainty)
    curve = precision_curve(certainty, right)
    position = laxest(curve, precision, confidence)
    return None if position is None else curve.threshold[position]


@pytest.mark.slow
@pytest.mark.parametrize("kind", CHANCE_OF_BEING_RIGHT)
def test_the_precision_is_missed_no_more_often_than_the_confidence_allows(kind):
    chance, rng, n_draws = CHANCE_OF_BEING_RIGHT[kind], np.random.default_rng(0), 120
    missed = 0
    for _ in range(n_draws):
        threshold = chosen_threshold(rng, chance, 200, 0.9, 0.8)
        missed += threshold is not None and chance(GRID[threshold <= GRID]).mean() < 0.9
    assert missed <= 0.2 * n_draws


def test_without_confidence_the_precision_is_missed_far_more_often():
    chance, rng, n_draws = CHANCE_OF_BEING_RIGHT["calibrated"], np.random.default_rng(0), 120
    thresholds = [chosen_threshold(rng, chance, 200, 0.9, None) for _ in range(n_draws)]
    missed = sum(t is not None and chance(GRID[t <= GRID]).mean() < 0.9 for t in thresholds)
    assert missed > 0.4 * n_draws


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "possible"), [("calibrated", 0.4), ("overconfident at the top", 0.48)]
)
def test_with_many_gold_rows_most_of_what_is_possible_is_answered(kind, possible):
    rng = np.random.default_rng(0)
    chance = CHANCE_OF_BEING_RIGHT[kind]
    thresholds = [chosen_threshold(rng, chance, 3000, 0.9, 0.9) for _ in range(20)]
    coverage = [0 if t is None else np.mean(t <= GRID) for t in thresholds]
    assert np.median(coverage) > 0.75 * possible


@pytest.mark.slow
@pytest.mark.filterwarnings(NO_THRESHOLD)
def test_a_label_models_labels_are_right_as_often_as_wanted_in_enough_draws_of_gold_rows():
    L, truth = make_votes(4000, 6, accuracy=0.7, coverage=0.5, seed=5)
    model = FrozenEstimator(LabelModelClassifier().fit(L))
    certainty = model.predict_proba(L).max(axis=1)
    right = model.predict(L) == truth
    missed, coverage, n_draws = 0, [], 60
    for seed in range(n_draws):
        gold = np.full(len(L), -1)
        rows = np.random.default_rng(seed).choice(len(L), 300, replace=False)
        gold[rows] = truth[rows]
        tuned = TunedAbstainClassifier(model, precision=0.8, confidence=0.8).fit(L, gold)
        answered = certainty >= tuned.threshold_
        coverage.append(answered.mean())
        missed += answered.any() and right[answered].mean() < 0.8
    assert missed <= 0.2 * n_draws
    assert np.median(coverage) > 0.6


# Steps of the choice ------------------------------------------------------------------------------


def test_curve_against_counting():
    rng = np.random.default_rng(0)
    certainty, right = rng.integers(5, 10, 60) / 10, rng.random(60) < 0.8
    curve = precision_curve(certainty, right)
    assert_array_equal(curve.n_answered, [(certainty >= t).sum() for t in curve.threshold])
    assert_allclose(curve.precision, [right[certainty >= t].mean() for t in curve.threshold])
    assert_allclose(curve.coverage, curve.n_answered / 60)
    assert_allclose(curve.threshold, [0.85, 0.75, 0.65, 0.55, 0.0])


def test_bounds_are_clopper_and_pearsons_at_the_critical_level():
    rng = np.random.default_rng(0)
    certainty, right = rng.random(40), rng.random(40) < 0.5
    curve = precision_curve(certainty, right)
    level = critical_level(np.arange(least_rows(0.6, 0.1), 41), 0.6, 0.1)
    expected = [
        binomtest(int(right[certainty >= t].sum()), n, alternative="greater")
        .proportion_ci(1 - level)
        .low
        for t, n in zip(curve.threshold, curve.n_answered.tolist(), strict=True)
    ]
    assert_allclose(lower_bounds(curve, 0.6, 0.9), expected, atol=1e-12)


def test_as_many_right_labels_as_are_needed_at_least_are_enough():
    n_rows = least_rows(0.95, 0.1)
    curve = precision_curve(np.full(n_rows, 0.7), np.ones(n_rows, dtype=bool))
    assert laxest(curve, 0.95, 0.9) == 0
    curve = precision_curve(np.full(n_rows - 1, 0.7), np.ones(n_rows - 1, dtype=bool))
    assert laxest(curve, 0.95, 0.9) is None


def test_thresholds_lie_between_neighbours_that_differ_by_the_last_bit():
    levels = np.array([np.nextafter(0.9, 1), 0.9])
    threshold = precision_curve(levels, np.ones(2, bool)).threshold
    assert levels[1] < threshold[0] <= levels[0]


@pytest.mark.parametrize(
    ("precision", "level"), [(0.95, 0.1), (0.9, 0.1), (0.99, 0.05), (0.5, 0.5)]
)
def test_least_number_of_rows_that_can_be_enough(precision, level):
    least = least_rows(precision, level)
    assert precision**least <= level * (1 + 1e-9)
    assert precision ** (least - 1) > level


@pytest.mark.parametrize("critical", [0.001, 0.05, 0.1, 0.9**22])
def test_errors_allowed_are_the_most_that_reject(critical):
    counts = np.arange(1, 200)
    errors = errors_allowed(counts, 0.9, critical)
    assert (binom.cdf(errors, counts, 0.1) <= critical * (1 + 1e-9)).all()
    assert (binom.cdf(errors + 1, counts, 0.1) > critical).all()


def test_chance_of_any_rejection_against_all_sequences():
    chance_wrong, counts, errors = 0.3, np.array([2, 3, 6, 9]), np.array([-1, 0, 1, 2])
    expected = 0.0
    for code in range(2**9):
        wrong = np.array([code >> bit & 1 for bit in range(9)])
        if (np.cumsum(wrong)[counts - 1] <= errors).any():
            expected += np.prod(np.where(wrong, chance_wrong, 1 - chance_wrong))
    increments = np.diff(counts, prepend=0)
    steps = [binom.pmf(np.arange(n + 1), n, chance_wrong) for n in increments]
    assert_allclose(chance_of_rejection(steps, errors), expected)


def test_no_error_allowed_means_no_rejection():
    assert chance_of_rejection([np.array([0.5, 0.5])] * 2, np.array([-1, -1])) == 0


@pytest.mark.parametrize(("precision", "level"), [(0.95, 0.1), (0.9, 0.2), (0.6, 0.01)])
def test_the_critical_level_is_the_laxest_that_holds_for_all_tests_together(precision, level):
    counts = np.arange(10, 301)
    critical = critical_level(counts, precision, level)
    assert level / len(counts) < critical < level
    rng, n_draws = np.random.default_rng(0), 2000
    n_wrong = np.cumsum(rng.random((n_draws, 300)) >= precision, axis=1)[:, counts - 1]
    missed = np.mean((n_wrong <= errors_allowed(counts, precision, critical)).any(axis=1))
    assert missed <= level + 3 * np.sqrt(level / n_draws)
    assert missed >= 0.7 * level


def test_a_single_test_is_at_the_whole_level():
    assert_allclose(critical_level(np.array([50]), 0.9, 0.1), 0.1)


def test_of_very_many_thresholds_some_are_kept_the_laxest_included():
    certainty = np.random.default_rng(0).permutation(np.linspace(0.5, 1, 20_000))
    curve = precision_curve(certainty, np.ones(20_000, dtype=bool))
    assert 300 < len(curve.threshold) <= 500
    assert curve.n_answered[-1] == 20_000
    assert_array_equal(curve.n_answered, [(certainty >= t).sum() for t in curve.threshold])


def test_without_bounds_the_precision_itself_is_compared():
    curve = precision_curve(np.array([0.9, 0.8, 0.7, 0.6]), np.array([1, 1, 0, 0], dtype=bool))
    assert [laxest(curve, precision, None) for precision in (1, 0.6, 0.5)] == [1, 2, 3]
    assert laxest(precision_curve(np.ones(2), np.zeros(2, dtype=bool)), 0.5, None) is None


# Why no threshold will do -------------------------------------------------------------------------


def judged(n_rows, share, confidence, precision=0.95):
    rng = np.random.default_rng(0)
    certainty = rng.uniform(0.5, 1, n_rows).round(1)
    curve = precision_curve(certainty, rng.random(n_rows) < share)
    curve.bound = lower_bounds(curve, precision, confidence)
    return curve


@pytest.mark.parametrize("confidence", [0.9, None])
@pytest.mark.parametrize("n_rows", [60, 300])
def test_the_precision_said_to_be_reachable_is_the_greatest(n_rows, confidence):
    curve = judged(n_rows, 0.8, confidence)
    reached = {h: laxest(curve, h / 100, confidence) for h in range(50, 95)}
    greatest = max(h for h, position in reached.items() if position is not None)
    coverage = curve.coverage[reached[greatest]]
    assert why_none(curve, 0.95, confidence).endswith(
        f" About {greatest / 100:g} could be reached, on {coverage:.0%} of the rows."
    )


def test_what_could_be_reached_takes_few_critical_levels(monkeypatch):
    curve, levels = judged(200, 0.6, 0.9), []

    def counted(*args):
        levels.append(args)
        return critical_level(*args)

    monkeypatch.setattr(_selective, "critical_level", counted)
    assert "could be reached" in why_none(curve, 0.95, 0.9)
    assert len(levels) <= 6


def test_where_nothing_can_be_reached_nothing_is_promised():
    message = why_none(judged(200, 0.2, 0.9), 0.95, 0.9)
    assert message.endswith("or lower `precision` or `confidence`.")


def test_too_few_gold_rows_are_said_to_be_too_few():
    one = why_none(judged(1, 1.0, 0.9), 0.95, 0.9)
    assert one.startswith("1 gold row cannot assure precision=0.95 with confidence=0.9: that takes")
    assert "at least 45, all of them labelled right. So every row abstains." in one
    assert why_none(judged(44, 1.0, 0.9), 0.95, 0.9).startswith("44 gold rows cannot")
    assert why_none(judged(45, 0.5, 0.9), 0.95, 0.9).startswith("No threshold reaches")


def test_the_best_threshold_is_told_with_its_counts():
    curve = precision_curve(np.repeat([0.9, 0.6], 50), np.arange(100) < 48)
    curve.bound = lower_bounds(curve, 0.95, 0.9)
    assert (
        "At the best one, 0.75, 48 of 50 gold rows (96.0%) are labelled right, too few to be sure of it."
    ) in why_none(curve, 0.95, 0.9)
    curve.bound = lower_bounds(curve, 0.97, None)
    assert why_none(curve, 0.97, None).startswith(
        "No threshold reaches precision=0.97. At the best one, 0.75, 48 of 50 gold rows (96.0%) are labelled right. So"
    )


# What is chosen, predicted and stored -------------------------------------------------------------


def test_the_rows_at_or_above_the_threshold_are_labelled_and_no_others(tuned, votes):
    L, labels = votes[0], tuned.predict(votes[0])
    answered = tuned.predict_proba(L).max(axis=1) >= tuned.threshold_
    assert 0 < answered.sum() < N_ROWS
    assert_array_equal(labels != -1, answered)
    assert_array_equal(labels[answered], tuned.estimator_.predict(L)[answered])


def test_what_is_stored_of_the_chosen_threshold(tuned):
    chosen = np.flatnonzero(tuned.curve_.threshold == tuned.threshold_)
    assert tuned.gold_precision_ == tuned.curve_.precision[chosen] >= 0.8
    assert tuned.gold_coverage_ == tuned.curve_.coverage[chosen]
    assert tuned.precision_bound_ == tuned.curve_.bound[chosen] >= 0.8
    assert (tuned.curve_.bound[chosen[0] + 1 :] < 0.8).all()
    assert tuned.n_gold_ == tuned.curve_.n_answered[-1] == N_GOLD


def test_a_higher_precision_never_labels_more_rows(votes):
    L, _, y = votes
    coverage = [
        TunedAbstainClassifier(precision=precision, confidence=None).fit(L, y).gold_coverage_
        for precision in [0.5, 0.8, 0.9, 0.95]
    ]
    assert coverage == sorted(coverage, reverse=True)
    assert coverage[0] == 1 > coverage[-1] > 0


def test_everything_is_labelled_where_all_gold_rows_may_be(votes):
    L, _, y = votes
    model = TunedAbstainClassifier(precision=0.6).fit(L, y)
    assert model.threshold_ == 0
    assert_array_equal(model.predict(L), model.estimator_.predict(L))


def test_score_counts_an_abstain_as_not_right(tuned, votes):
    L, truth, y = votes
    assert tuned.score(L, truth) == np.mean(tuned.predict(L) == truth)
    assert tuned.score(L, y) == np.mean(tuned.predict(L[:N_GOLD]) == truth[:N_GOLD])
    weight = np.arange(N_ROWS)
    assert_allclose(
        tuned.score(L, truth, sample_weight=weight),
        np.average(tuned.predict(L) == truth, weights=weight),
    )


def test_score_without_gold_labels_is_refused(tuned, votes):
    with pytest.raises(ValueError, match="needs gold labels"):
        tuned.score(votes[0], np.full(N_ROWS, -1))


def test_log_probabilities(tuned, votes):
    assert_allclose(np.exp(tuned.predict_log_proba(votes[0])), tuned.predict_proba(votes[0]))


# Gold labels are not judged by a model that saw them -----------------------------------------------


class Memory(LogisticRegression):
    """Knows by heart the rows that it was fitted with, and is certain of class 0 elsewhere."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.known_ = dict(zip(X[:, 0].tolist(), y.tolist(), strict=True))
        return self

    def predict_proba(self, X):
        labels = [self.known_.get(x, self.classes_[0]) for x in X[:, 0].tolist()]
        return (np.array(labels)[:, None] == self.classes_) * 1.0


@pytest.mark.filterwarnings(NO_THRESHOLD)
@pytest.mark.parametrize("cv", [3, StratifiedKFold(4), None])
def test_what_was_learned_by_heart_does_not_count(cv):
    X, y = np.arange(200.0)[:, None], np.arange(200) % 2
    model = TunedAbstainClassifier(Memory(), precision=0.9, cv=cv).fit(X, y)
    assert model.threshold_ == math.inf
    assert_allclose(model.curve_.precision, 0.5)


def test_folds_of_a_label_model_hide_the_labels_and_keep_the_votes(votes):
    L, truth, y = votes
    fold = np.arange(N_GOLD) % 2
    splits = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(2)]
    model = TunedAbstainClassifier(precision=0.8, cv=splits).fit(L, y)
    certainty, right = np.empty(N_GOLD), np.empty(N_GOLD, dtype=bool)
    for k in range(2):
        hidden = np.flatnonzero(fold == k)
        masked = y.copy()
        masked[hidden] = -1
        proba = LabelModelClassifier().fit(L, masked).predict_proba(L[hidden])
        certainty[hidden], right[hidden] = proba.max(axis=1), proba.argmax(axis=1) == truth[hidden]
    expected = precision_curve(certainty, right)
    assert_allclose(model.curve_.threshold, expected.threshold)
    assert_array_equal(model.curve_.precision, expected.precision)
    assert_allclose(
        model.predict_proba(L), LabelModelClassifier().fit(L, y).predict_proba(L), rtol=1e-12
    )


def test_a_classifier_that_requires_labels_is_fitted_on_labelled_rows_alone(votes):
    L, _, y = votes
    search = GridSearchCV(LogisticRegression(), {"C": [0.1]}, cv=2)
    for estimator in [
        LogisticRegression(),
        make_pipeline(FunctionTransformer(), LogisticRegression()),
        search,
    ]:
        model = TunedAbstainClassifier(estimator, precision=0.6, confidence=None).fit(L, y)
        assert model.classes_.tolist() == [0, 1]
        alone = clone(estimator).fit(L[:N_GOLD], y[:N_GOLD])
        assert_array_equal(model.predict_proba(L), alone.predict_proba(L))


def test_ignore_fits_without_labels(votes):
    L, _, y = votes
    model = TunedAbstainClassifier(precision=0.8, cv="ignore").fit(L, y)
    assert_array_equal(model.predict_proba(L), LabelModelClassifier().fit(L).predict_proba(L))
    assert model.n_gold_ == N_GOLD


def test_a_frozen_estimator_is_not_fitted_again(votes):
    L, _, y = votes
    fitted = LabelModelClassifier(n_epochs=3).fit(L[::2])
    frozen = FrozenEstimator(fitted)
    model = TunedAbstainClassifier(frozen, precision=0.8, confidence=None).fit(L, y)
    assert model.estimator_.estimator is fitted
    assert_array_equal(model.predict_proba(L), fitted.predict_proba(L))


@pytest.mark.parametrize("model", [MajorityVoteClassifier(), DawidSkeneClassifier()])
def test_other_label_models(model, votes):
    L, truth, y = votes
    tuned = TunedAbstainClassifier(model, precision=0.8).fit(L, y)
    labels = tuned.predict(L)
    assert 0.2 < np.mean(labels != -1) < 1
    assert np.mean((labels == truth)[labels != -1]) > 0.8


@pytest.mark.slow
def test_within_a_search_it_is_scored_with_labels_that_no_fit_saw(votes):
    L, truth, _ = votes
    search = GridSearchCV(
        TunedAbstainClassifier(LabelModelClassifier(), precision=0.8),
        {"estimator__n_epochs": [5, 50]},
        cv=2,
    ).fit(L, truth)
    assert search.best_params_["estimator__n_epochs"] in (5, 50)
    assert 0.3 < search.best_score_ < 1


def test_records_and_their_votes(votes):
    L, truth, y = votes
    X = pd.DataFrame(L, columns=[f"rule_{j}" for j in range(L.shape[1])])
    X["measure"] = truth + np.random.default_rng(0).normal(size=N_ROWS)
    weak = WeakSupervisionClassifier(vote_columns=[f"rule_{j}" for j in range(L.shape[1])])
    model = TunedAbstainClassifier(weak, precision=0.7, confidence=None).fit(X, y)
    assert 0.2 < np.mean(model.predict(X[["measure"]]) != -1) <= 1


# What users bring ---------------------------------------------------------------------------------


def named(codes):
    return np.array(["ham", "spam", None], dtype=object)[codes]


@pytest.mark.parametrize("marker", [None, np.nan, -1])
def test_strings_in_a_dataframe(votes, tuned, marker):
    L, _, y = votes
    frame = pd.DataFrame(named(L)).add_prefix("rule_")
    gold = pd.Series(np.where(y == -1, marker, named(y)))
    model = TunedAbstainClassifier(precision=0.8).fit(frame, gold)
    assert model.abstain_ is None
    assert_array_equal(model.predict(frame), named(tuned.predict(L)))
    assert model.feature_names_in_.tolist() == frame.columns.tolist()


@pytest.mark.parametrize(
    "write",
    [
        lambda y: np.where(y == -1, np.nan, y),
        lambda y: [None if label == -1 else label for label in y.tolist()],
        lambda y: pd.Series(y, dtype="Int64").mask(y == -1),
    ],
    ids=["nan", "None", "pandas.NA"],
)
def test_every_way_to_mark_unlabelled_rows_is_the_same(votes, tuned, write):
    L, _, y = votes
    model = TunedAbstainClassifier(precision=0.8).fit(L, write(y))
    assert model.threshold_ == tuned.threshold_
    assert_array_equal(model.predict(L), tuned.predict(L))


def test_sparse_votes(votes, tuned):
    L, _, y = votes
    rows, columns = np.nonzero(L != -1)
    sparse = sp.coo_array((L[rows, columns], (rows, columns)), shape=L.shape)
    model = TunedAbstainClassifier(precision=0.8).fit(sparse, y)
    assert_array_equal(model.predict(sparse), tuned.predict(L))


def test_pickle_and_clone(tuned, votes):
    L, _, y = votes
    again = pickle.loads(pickle.dumps(tuned))
    assert_array_equal(again.predict(L), tuned.predict(L))
    assert_array_equal(clone(tuned).fit(L, y).predict(L), tuned.predict(L))


@pytest.mark.parametrize(
    ("abstain", "written", "kind"),
    [("auto", -1, "i"), (9, 9, "i"), (None, None, "O"), ("unsure", "unsure", "O")],
)
def test_the_marker_is_written_for_abstains(votes, tuned, abstain, written, kind):
    L, _, y = votes
    labels = TunedAbstainClassifier(precision=0.8, abstain=abstain).fit(L, y).predict(L)
    silent = tuned.predict(L) == -1
    assert set(labels[silent].tolist()) == {written}
    assert labels.dtype.kind == kind


def test_where_minus_one_is_a_class_none_is_written():
    X = np.linspace(-1, 1, 400)[:, None]
    y = np.where(np.random.default_rng(0).random(400) < 0.5 + X[:, 0] / 2, 1, -1)
    labels = TunedAbstainClassifier(LogisticRegression(), precision=0.8).fit(X, y).predict(X)
    assert set(labels.tolist()) == {-1, None, 1}


def test_a_second_fit_forgets_the_names_of_the_first(votes):
    L, _, y = votes
    model = TunedAbstainClassifier(precision=0.6)
    model.fit(pd.DataFrame(L).add_prefix("rule_"), y).fit(L, y)
    assert not hasattr(model, "feature_names_in_")


# Not enough, or not right -------------------------------------------------------------------------


def test_three_gold_rows_assure_nothing_and_a_warning_says_how_many_would(votes):
    L, truth, _ = votes
    y = np.where(np.arange(N_ROWS) < 3, truth, -1)
    with pytest.warns(UserWarning, match="3 gold rows cannot assure .* at least 45, all of them"):
        model = TunedAbstainClassifier().fit(L, y)
    assert model.threshold_ == math.inf
    assert model.gold_coverage_ == 0
    assert math.isnan(model.gold_precision_)
    assert set(model.predict(L).tolist()) == {-1}


def test_where_no_threshold_will_do_a_warning_says_what_would(votes):
    L, _, y = votes
    with pytest.warns(
        UserWarning, match=r"No threshold .* About (0\.\d+) could be reached"
    ) as said:
        model = TunedAbstainClassifier(precision=0.97).fit(L, y)
    assert set(model.predict(L).tolist()) == {-1}
    reachable = float(str(said[0].message).split("About ")[1].split()[0])
    assert TunedAbstainClassifier(precision=reachable).fit(L, y).gold_coverage_ > 0


def test_without_confidence_the_warning_names_the_best_precision():
    X = np.arange(40.0)[:, None]
    y = np.tile([0, 1, 1, 0], 10)
    with pytest.warns(UserWarning, match=r"No threshold reaches precision=1\. At the best one"):
        TunedAbstainClassifier(LogisticRegression(), precision=1, confidence=None).fit(X, y)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "requires y to be passed, but the target y is None"),
        (np.full(N_ROWS, -1), "no gold label in y"),
        (np.full(N_ROWS, np.nan), "no gold label in y"),
        (np.arange(N_ROWS - 1) % 2, "inconsistent numbers of samples"),
    ],
    ids=["None", "-1", "NaN", "short"],
)
def test_a_y_without_gold_labels_is_refused(votes, y, message):
    with pytest.raises(ValueError, match=message):
        TunedAbstainClassifier().fit(votes[0], y)


@pytest.mark.filterwarnings("ignore:-1 is a class of y:UserWarning")
def test_gold_rows_of_one_class_need_the_classes_named(votes):
    L, truth, _ = votes
    y = np.where((np.arange(N_ROWS) < 100) & (truth == 1), 1, -1)
    with (
        pytest.warns(UserWarning, match="-1 counts as a class"),
        pytest.raises(ValueError, match="Name the classes"),
    ):
        TunedAbstainClassifier(precision=0.5).fit(L, y)
    model = TunedAbstainClassifier(LabelModelClassifier(classes=[0, 1]), precision=0.5).fit(L, y)
    assert model.n_gold_ == (y == 1).sum()


def test_gold_rows_of_one_class_beside_missing_values_are_clear(votes):
    L, truth, _ = votes
    y = np.where((np.arange(N_ROWS) < 100) & (truth == 1), 1, np.nan)
    with pytest.warns(UserWarning, match=r"All \d+ gold labels are 1"):
        model = TunedAbstainClassifier(precision=0.5).fit(L, y)
    assert model.classes_.tolist() == [0, 1]
    assert model.n_gold_ == np.sum(y == 1)


def test_a_gold_row_of_its_own_class_may_be_hidden_in_a_fold(votes):
    L, truth, _ = votes
    y = np.full(N_ROWS, -1)
    y[np.flatnonzero(truth == 1)[:60]] = 1
    y[np.flatnonzero(truth == 0)[0]] = 0
    with pytest.warns(UserWarning, match="All 48 gold labels are 1"):
        model = TunedAbstainClassifier(precision=0.5).fit(L, y)
    assert model.n_gold_ == 61


def test_one_gold_row_makes_no_folds(votes):
    L, truth, _ = votes
    y = np.where(np.arange(N_ROWS) < 1, truth, np.nan)
    with pytest.raises(ValueError, match="Only 1 sample"):
        TunedAbstainClassifier().fit(L, y)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (TunedAbstainClassifier(precision=1), "precision=1 cannot be assured"),
        (TunedAbstainClassifier(precision=0), "'precision' parameter"),
        (TunedAbstainClassifier(confidence=1), "'confidence' parameter"),
        (TunedAbstainClassifier(cv="prefit"), "'cv' parameter"),
        (TunedAbstainClassifier(abstain=1), r"abstain=1 is one of the classes \[0, 1\]"),
        (TunedAbstainClassifier(LogisticRegression(), cv="ignore"), "LogisticRegression requires"),
    ],
)
def test_parameters_that_cannot_be_meant(votes, model, message):
    L, _, y = votes
    with pytest.raises(ValueError, match=message):
        model.fit(L, y)


def test_labels_of_another_kind_than_the_votes_are_refused(votes):
    L, _, y = votes
    with pytest.raises(ValueError, match="unlike kinds"):
        TunedAbstainClassifier(cv="ignore").fit(L, named(y))


def test_a_failed_fit_leaves_the_model_as_it_was(votes):
    L, _, y = votes
    model = TunedAbstainClassifier(precision=0.6)
    with pytest.raises(ValueError, match="inconsistent"):
        model.fit(L, y[:-1])
    with pytest.raises(NotFittedError):
        model.predict(L)
