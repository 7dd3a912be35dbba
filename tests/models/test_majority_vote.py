"""MajorityVoteClassifier, and the label models side by side in scikit-learn's tools."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from helpers import make_votes, posterior_by_formula
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.ensemble import VotingClassifier
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_labelmodel import DawidSkeneClassifier, LabelModelClassifier, MajorityVoteClassifier
from sklearn_labelmodel._learning.baselines import shared_precision
from sklearn_labelmodel._votes.codes import no_gold
from sklearn_labelmodel._votes.patterns import read_patterns
from sklearn_labelmodel._votes.reader import read_votes

WORDS = np.array(["eggs", "ham", "spam", None], dtype=object)


def shares_by_formula(L, n_classes):
    votes = np.sum(L[:, :, None] == np.arange(n_classes), axis=1, dtype=float)
    votes[votes.sum(axis=1) == 0] = 1.0
    return votes / votes.sum(axis=1, keepdims=True)


# Votes --------------------------------------------------------------------------------------------


def test_probabilities_are_shares_of_the_votes(three_classes):
    L, _ = three_classes
    proba = MajorityVoteClassifier().fit(L).predict_proba(L)
    assert_allclose(proba, shares_by_formula(L, 3), atol=1e-12)


@pytest.mark.parametrize("kind", ["strings", "missing", "sparse", "float"])
def test_containers_do_not_matter(three_classes, kind):
    L, _ = three_classes
    present = L >= 0
    votes = {
        "strings": pd.DataFrame(WORDS[L]),
        "missing": pd.DataFrame(L).where(present).astype("Int64"),
        "sparse": sp.csr_array((L[present], np.nonzero(present)), shape=L.shape),
        "float": np.where(present, L, np.nan),
    }[kind]
    model = MajorityVoteClassifier().fit(votes)
    assert_allclose(model.predict_proba(votes), shares_by_formula(L, 3), atol=1e-12)
    assert set(model.predict(votes)) <= set(model.classes_)


def test_ties_go_to_the_first_class():
    L = [[2, 1, -1], [1, 2, -1]]
    assert MajorityVoteClassifier().fit(L).predict(L).tolist() == [1, 1]
    assert MajorityVoteClassifier(classes=[2, 1]).fit(L).predict(L).tolist() == [2, 2]


def test_complete_class_labels_leave_votes_as_they_are(three_classes):
    L, y = three_classes
    proba = MajorityVoteClassifier().fit(L, y).predict_proba(L)
    voted = (L >= 0).any(axis=1)
    assert_allclose(proba[voted], shares_by_formula(L, 3)[voted], atol=1e-12)


def test_a_vote_never_seen_counts_for_the_class_that_it_names():
    model = MajorityVoteClassifier().fit([[0, 1], [0, 0], [0, 1]])
    assert_allclose(model.predict_proba([[1, 1]]), [[0, 1]])


def test_a_vote_that_names_no_class_counts_for_none():
    model = MajorityVoteClassifier().fit([[0, 1], [0, 0], [0, 1]])
    assert_allclose(model.predict_proba([[5, 1]]), [[0, 1]])


def test_no_vote_at_all_is_an_error():
    with pytest.raises(ValueError, match="L holds no vote: every cell is the abstain marker"):
        MajorityVoteClassifier().fit(np.full((5, 3), -1))


# Rows without a vote ------------------------------------------------------------------------------


def test_rows_without_votes_are_undecided(binary):
    model = MajorityVoteClassifier().fit(binary[0])
    assert_allclose(model.predict_proba([[-1] * 5]), [[0.5, 0.5]])


def test_rows_without_votes_get_the_class_balance(binary):
    model = MajorityVoteClassifier(class_balance={0: 0.2, 1: 0.8}).fit(binary[0])
    assert_allclose(model.predict_proba([[-1] * 5]), [[0.2, 0.8]])


def test_rows_without_votes_get_the_shares_of_the_gold_labels(binary):
    gold = np.full(200, -1)
    gold[:9] = [1] * 7 + [0] * 2
    model = MajorityVoteClassifier().fit(binary[0], gold)
    assert_allclose(model.predict_proba([[-1] * 5]), [[0.25, 0.75]])


def test_ignored_gold_labels_only_name_the_classes(binary):
    L, y = binary
    model = MajorityVoteClassifier(gold="ignore").fit(L, np.where(y == 1, 1, 0))
    assert_allclose(model.class_prior_, [0.5, 0.5])


# Votes that are no class --------------------------------------------------------------------------


def test_votes_that_are_no_class_are_shared_out_as_gold_shows():
    L = [[7, 1], [7, 0], [7, 0], [9, 1], [9, 0]]
    with pytest.warns(UserWarning, match=r"The votes \[7, 9\] are none of y's classes \[0, 1\]"):
        model = MajorityVoteClassifier().fit(L, [0, 0, 1, 1, 1])
    assert_allclose(
        model.predict_proba([[7, -1], [9, -1], [9, 0]]), [[2 / 3, 1 / 3], [0, 1], [0.5, 0.5]]
    )


def test_an_lf_with_a_vote_that_is_no_class_is_translated_altogether():
    with pytest.warns(UserWarning, match="none of y's classes"):
        model = MajorityVoteClassifier().fit([[1, 0], [1, 0], [7, 1]], [0, 0, 1])
    assert_allclose(model.predict_proba([[1, -1], [-1, 1]]), [[1, 0], [0, 1]])


def test_without_gold_votes_that_are_no_class_count_for_none():
    with pytest.warns(UserWarning, match="none of y's classes"):
        model = MajorityVoteClassifier(gold="ignore").fit([[7, 0], [7, 1], [1, 1]], [0, 1, 1])
    assert_allclose(model.predict_proba([[7, 0], [7, -1]]), [[1, 0], [0.5, 0.5]])


# The generative reading ---------------------------------------------------------------------------


@pytest.mark.parametrize("n_classes", [2, 3, 10])
@pytest.mark.parametrize("precision", [0.75, 0.9])
def test_precision_is_found_from_agreement(n_classes, precision):
    agreement = precision**2 + (1 - precision) ** 2 / (n_classes - 1)
    assert shared_precision(agreement, n_classes) == pytest.approx(precision)


def test_precision_of_generated_votes():
    L, _ = make_votes(n_samples=5000, n_classes=4, accuracy=0.8)
    assert MajorityVoteClassifier().fit(L).precision_ == pytest.approx(0.8, abs=0.02)


def test_precision_is_assumed_where_no_votes_meet():
    model = MajorityVoteClassifier().fit([[0, -1], [-1, 1], [1, -1]])
    assert model.precision_ == 0.7


@pytest.mark.filterwarnings("ignore:The votes .* are none of y's classes:UserWarning")
def test_distinct_rows_are_counted_as_rows_are():
    """Votes never seen count for the class that they name, but where gold labels translate the LF."""
    model = MajorityVoteClassifier().fit([[7, 0], [7, 0], [1, 0], [-1, -1]], [0, 0, 1, 1])
    L = np.array([[7, 1], [1, 1], [0, 1], [0, -1], [-1, 1], [-1, 9], [-1, -1]])
    patterns = read_patterns(read_votes(L), no_gold(len(L)))
    learned = model.vote_model_.on(patterns.lf, patterns.vote)
    (rows,) = learned.rows(patterns)
    place = {tuple(rows.indicators[[at]].indices): at for at in range(len(rows.weight))}
    symbols = list(zip(patterns.lf, patterns.vote, strict=True))
    held = [tuple(u for u, (lf, vote) in enumerate(symbols) if row[lf] == vote) for row in L]
    proba = learned.posterior(rows).T[[place[symbols] for symbols in held]]
    assert_allclose(proba, model.predict_proba(L), atol=1e-12)


def test_agreement_below_chance_is_precision_at_chance():
    assert shared_precision(0.2, 4) == 0.25


def test_majority_vote_is_the_bayes_decision_of_its_reading():
    L, _ = make_votes(n_samples=300, n_lfs=7, n_classes=3, coverage=1.0)
    model = MajorityVoteClassifier().fit(L)
    proba = posterior_by_formula(model, L)
    winner = np.argmax(shares_by_formula(L, 3), axis=1)
    assert_allclose(proba[np.arange(300), winner], proba.max(axis=1))


def test_score_without_labels_is_that_of_the_untrained_label_model(three_classes):
    L, _ = three_classes
    model = MajorityVoteClassifier().fit(L)
    settings = {"n_epochs": 0, "n_em_steps": 0, "prec_init": model.precision_}
    untrained = LabelModelClassifier(**settings).fit(L)
    assert model.score(L) == pytest.approx(untrained.score(L))


def test_scores_without_labels_rank_the_models():
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=2000)
    right = rng.random((2000, 6)) < [0.95, 0.9, 0.6, 0.6, 0.55, 0.55]
    L = np.where(right, y[:, None], 1 - y[:, None])
    majority, dawid_skene = MajorityVoteClassifier().fit(L), DawidSkeneClassifier().fit(L)
    assert majority.score(L) < dawid_skene.score(L)
    assert majority.score(L, y) < dawid_skene.score(L, y)


# scikit-learn -------------------------------------------------------------------------------------


def label_models():
    return [
        LabelModelClassifier(n_epochs=5),
        MajorityVoteClassifier(),
        DawidSkeneClassifier(),
    ]


@pytest.fixture
def frame():
    """Votes in words with missing values, and the truth in words."""
    L, y = make_votes(n_samples=300, n_lfs=6, n_classes=3)
    return pd.DataFrame(WORDS[L], columns=[f"lf_{j}" for j in range(6)]), WORDS[y].astype(str)


@pytest.mark.parametrize("labelled", [False, True])
def test_grid_search_over_a_step_of_a_pipeline(frame, labelled):
    L, y = frame
    pipeline = Pipeline([("as_is", FunctionTransformer()), ("model", MajorityVoteClassifier())])
    search = GridSearchCV(pipeline, {"model": label_models()}, cv=3, error_score="raise")
    y = y if labelled else None
    search.fit(L, y)
    scores = [cross_val_score(model, L, y, cv=3).mean() for model in label_models()]
    assert_allclose(search.cv_results_["mean_test_score"], scores, rtol=1e-12)
    assert type(search.best_params_["model"]) is type(label_models()[np.argmax(scores)])


def test_grid_search_over_parameters_by_the_likelihood(frame):
    grid = {"one_coin": [False, True], "informative_abstain": [False, True], "gold": ["ignore"]}
    search = GridSearchCV(DawidSkeneClassifier(), grid, cv=3, error_score="raise").fit(frame[0])
    assert len(np.unique(search.cv_results_["mean_test_score"])) == 4


def test_soft_voting_is_the_mean_of_three_label_models(three_classes):
    L, y = three_classes
    frame = pd.DataFrame(L).where(L >= 0)
    models = [(type(model).__name__, model) for model in label_models()]
    vote = VotingClassifier(models, voting="soft").fit(frame, y)
    mean = np.mean([model.fit(frame, y).predict_proba(frame) for _, model in models], axis=0)
    assert_allclose(vote.predict_proba(frame), mean, rtol=1e-12)


def test_hard_voting_is_the_majority_of_three_label_models(three_classes):
    L, y = three_classes
    models = [(type(model).__name__, model) for model in label_models()]
    vote = VotingClassifier(models, voting="hard").fit(L, y)
    labels = np.stack([model.fit(L, y).predict(L) for _, model in models])
    counts = [(labels == label).sum(axis=0) for label in range(3)]
    assert_array_equal(vote.predict(L), np.argmax(counts, axis=0))


def test_voting_classifier_learns_what_words_mean(frame):
    """It numbers the labels, so that votes in words are no longer classes."""
    L, y = frame
    models = [(type(model).__name__, model) for model in label_models()]
    with pytest.warns(UserWarning, match="none of y's classes"):
        vote = VotingClassifier(models, voting="soft").fit(L, y)
    assert_array_equal(vote.classes_, ["eggs", "ham", "spam"])
    assert vote.score(L, y) > 0.8
