"""DawidSkeneClassifier: crowd-kit's answers, its steps against plain formulae, and its rules."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from helpers import REFERENCE, assert_same_model, make_votes, posterior_by_formula
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning

import sklearn_labelmodel._votes.codes as codes_module
import sklearn_labelmodel._votes.patterns as patterns_module
from sklearn_labelmodel import DawidSkeneClassifier
from sklearn_labelmodel._votes.gold import read_gold
from sklearn_labelmodel._votes.patterns import read_patterns
from sklearn_labelmodel._votes.reader import read_votes
from sklearn_labelmodel.datasets import make_label_matrix

PAPER = {"prior_strength": 0, "informative_abstain": False}
CROWDKIT = np.load(REFERENCE / "crowdkit_dawid_skene.npz")
CASES = ["binary", "four_classes", "sparse_votes"]


def patterns_of(L, y=None):
    votes = read_votes(L)
    return read_patterns(votes, read_gold(y, votes.n_samples))


def one_hot(L, lf, vote):
    """Indicators (n_samples, n_symbols) of each symbol."""
    return (L[:, lf] == vote).astype(float)


def row_by_row(patterns):
    """Every pattern as often as it occurs: its symbols and its gold code, sorted."""
    rows = []
    for row, weight, gold in zip(
        patterns.indicators.toarray(), patterns.weight, patterns.gold, strict=True
    ):
        rows += [(*row.tolist(), int(gold))] * int(weight)
    return sorted(rows)


# crowd-kit ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_iter", [1, 2, 10])
@pytest.mark.parametrize("setting", ["plain", "gold", "one_coin"])
@pytest.mark.parametrize("case", CASES)
def test_same_answer_as_crowdkit(case, setting, n_iter):
    expected = {
        name: CROWDKIT[f"{case}/{setting}/{n_iter}/{name}"]
        for name in ["prior", "errors", "symbols", "rows", "proba"]
    }
    L, gold = CROWDKIT[f"{case}/L"], CROWDKIT[f"{case}/gold"].astype(int)
    # crowd-kit never sees tasks without a vote, labelled or not.
    gold[(L < 0).all(axis=1)] = -1
    model = DawidSkeneClassifier(max_iter=n_iter, one_coin=setting == "one_coin", **PAPER)
    model.fit(L, gold if setting == "gold" else None)
    assert_array_equal([list(symbol) for symbol in model.symbols_.tolist()], expected["symbols"])
    table = model.mu_ / model.coverage_[model.symbols_["lf"]][:, None]
    assert_allclose(table, expected["errors"], atol=1e-6)
    assert_allclose(model.class_prior_, expected["prior"], atol=1e-6)
    free = gold[expected["rows"]] < 0 if setting == "gold" else slice(None)
    proba = model.predict_proba(L[expected["rows"][free]])
    assert_allclose(proba, expected["proba"][free], atol=1e-6)


# Patterns -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("chunk_cells", [1 << 24, 60])
@pytest.mark.parametrize("n_lfs", [2, 5, 60])
def test_patterns_are_the_rows(monkeypatch, n_lfs, chunk_cells):
    monkeypatch.setattr(codes_module, "CHUNK_CELLS", chunk_cells * n_lfs)
    L, y = make_votes(n_samples=100, n_lfs=n_lfs, n_classes=3)
    gold = np.where(np.arange(100) % 3, -1, y)
    patterns = patterns_of(L, gold)
    cells = one_hot(L, patterns.lf, patterns.vote)
    expected = [(*row, 3 if g < 0 else int(g)) for row, g in zip(cells.tolist(), gold, strict=True)]
    assert row_by_row(patterns) == sorted(expected)


def test_alike_rows_are_one_pattern_even_in_different_chunks(monkeypatch):
    monkeypatch.setattr(codes_module, "CHUNK_CELLS", 300)
    L, _ = make_votes(n_samples=500, n_lfs=3)
    assert len(patterns_of(L).weight) == len(np.unique(L, axis=0))


def test_more_patterns_than_integers_are_told_apart():
    L, _ = make_votes(n_samples=30, n_lfs=200)
    patterns = patterns_of(np.vstack([L, L, L]))
    assert len(patterns.weight) == 30
    assert_array_equal(patterns.weight, 3)


def test_counts_and_coverage_of_patterns(three_classes):
    L, _ = three_classes
    patterns = patterns_of(L)
    assert_array_equal(patterns.counts(), one_hot(L, patterns.lf, patterns.vote).sum(axis=0))
    assert_allclose(patterns.coverage(), (L >= 0).mean(axis=0))


def test_patterns_overlap_where_two_lfs_vote():
    L = np.array([[0, 1, -1, -1], [-1, -1, 1, -1], [1, -1, -1, -1]])
    assert_array_equal(patterns_of(L).overlaps(), [True, True, False, False])


def test_blocks_change_nothing(monkeypatch):
    L, y = make_votes(n_samples=300, n_lfs=8, n_classes=3)
    gold = np.where(np.arange(300) % 5, -1, y)
    whole = DawidSkeneClassifier().fit(L, gold)
    monkeypatch.setattr(patterns_module, "BLOCK_CELLS", 1)
    parts = DawidSkeneClassifier().fit(L, gold)
    assert_same_model(whole, parts)
    assert_allclose(whole.log_likelihood_curve_, parts.log_likelihood_curve_)


# Steps --------------------------------------------------------------------------------------------


def test_posterior_is_bayes_formula(three_classes):
    L, _ = three_classes
    model = DawidSkeneClassifier().fit(L)
    assert_allclose(model.predict_proba(L), posterior_by_formula(model, L), atol=1e-12)


def test_posterior_counts_abstains_where_they_are_evidence(binary):
    L, _ = binary
    model = DawidSkeneClassifier(informative_abstain=True, prior_strength=0).fit(L)
    joint = np.tile(model.class_prior_, (len(L), 1))
    for lf in range(L.shape[1]):
        own = model.symbols_["lf"] == lf
        for vote, mu in zip(model.symbols_["vote"][own], model.mu_[own], strict=True):
            joint[L[:, lf] == vote] *= mu
        joint[L[:, lf] < 0] *= 1 - model.mu_[own].sum(axis=0)
    assert_allclose(model.predict_proba(L), joint / joint.sum(axis=1, keepdims=True), atol=1e-9)


def test_one_iteration_is_the_expected_counts_of_the_majority_vote(binary):
    L, _ = binary
    L = L[(L >= 0).any(axis=1)]
    model = DawidSkeneClassifier(max_iter=1, **PAPER).fit(L)
    ones = (L == 1).sum(axis=1) / (L >= 0).sum(axis=1)
    shares = np.stack([1 - ones, ones], axis=1)
    indicators = one_hot(L, model.symbols_["lf"], model.symbols_["vote"])
    start = tables_of(indicators, shares, model.symbols_["lf"])
    joint = shares.mean(axis=0) * np.prod(np.where(indicators[:, :, None], start, 1), axis=1)
    posterior = joint / joint.sum(axis=1, keepdims=True)
    expected = tables_of(indicators, posterior, model.symbols_["lf"])
    assert_allclose(model.mu_, expected * model.coverage_[model.symbols_["lf"]][:, None])
    assert_allclose(model.class_prior_, posterior.mean(axis=0))


def tables_of(indicators, posterior, lf):
    counts = indicators.T @ posterior
    return counts / np.array([counts[lf == j].sum(axis=0) for j in lf])


@pytest.mark.parametrize("informative", [False, True])
@pytest.mark.parametrize("one_coin", [False, True])
def test_no_iteration_lowers_the_likelihood(three_classes, one_coin, informative):
    model = DawidSkeneClassifier(
        max_iter=30, prior_strength=0, one_coin=one_coin, informative_abstain=informative
    ).fit(three_classes[0])
    assert np.diff(model.log_likelihood_curve_).min() > -1e-12


def test_likelihood_curve_ends_near_the_score():
    L, _ = make_votes(n_samples=2000, coverage=1.0)
    model = DawidSkeneClassifier(max_iter=200, tol=1e-9, **PAPER).fit(L)
    assert model.log_likelihood_curve_[-1] == pytest.approx(model.score(L), abs=0.01)


def test_tables_add_up_to_the_coverage(three_classes):
    L, _ = three_classes
    model = DawidSkeneClassifier(informative_abstain=False).fit(L)
    total = np.zeros((L.shape[1], 3))
    np.add.at(total, model.symbols_["lf"], model.mu_)
    assert_allclose(total, np.tile(model.coverage_[:, None], (1, 3)))


def test_a_strong_prior_is_the_table_that_it_is_centred_on():
    L, _ = make_votes(coverage=1.0)
    model = DawidSkeneClassifier(prior_strength=1e9, prec_init=0.8, class_balance=[0.5, 0.5])
    model.fit(np.vstack([L, 1 - L]))
    expected = np.where(model.symbols_["vote"][:, None] == np.arange(2), 0.8, 0.2)
    assert_allclose(model.mu_, expected, atol=1e-6)


def test_one_coin_has_one_accuracy_for_all_classes():
    L, _ = make_votes(n_samples=500, n_classes=4, coverage=1.0)
    table = DawidSkeneClassifier(one_coin=True).fit(L).conditional_probs_[:, 1:]
    right = np.diagonal(table, axis1=1, axis2=2)
    assert_allclose(right, right[:, :1] * np.ones(4))
    assert_allclose(table[:, 0, 1:], np.tile((1 - right[:, :1]) / 3, 3))


def test_unlike_accuracies_are_found():
    rng = np.random.default_rng(0)
    y = rng.integers(3, size=3000)
    accuracy = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.45])
    wrong = (y[:, None] + rng.integers(1, 3, (3000, 6))) % 3
    L = np.where(rng.random((3000, 6)) < accuracy, y[:, None], wrong)
    model = DawidSkeneClassifier(max_iter=30).fit(L)
    assert_allclose(model.lf_accuracies_, accuracy, atol=0.04)
    assert model.score(L, y) > 0.9


# Abstains and one-sided LFs -----------------------------------------------------------------------


@pytest.fixture
def one_sided():
    """LFs 0 to 3 vote for class 1 alone, 4 to 7 for class 0 alone."""
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=500)
    L = np.full((500, 8), -1)
    for lf in range(8):
        own = int(lf < 4)
        L[rng.random(500) < np.where(y == own, 0.6, 0.1), lf] = own
    return L, y


def test_one_sided_lfs_are_no_evidence_where_abstains_are_ignored(one_sided):
    L, _ = one_sided
    model = DawidSkeneClassifier(informative_abstain=False).fit(L)
    assert_allclose(model.predict_proba(L), np.tile(model.class_prior_, (500, 1)))


def test_one_sided_lfs_are_evidence_by_default(one_sided):
    L, y = one_sided
    assert DawidSkeneClassifier().fit(L).score(L, y) > 0.85


@pytest.mark.parametrize("share", [0.6, 0.8, 0.95])
def test_a_frequent_class_does_not_take_all_rows_of_one_sided_lfs(share):
    data = make_label_matrix(
        2000,
        8,
        accuracy=0.75,
        coverage=0.5,
        class_balance=[share, 1 - share],
        one_sided=True,
        random_state=0,
    )
    model = DawidSkeneClassifier().fit(data.L)
    assert model.score(data.L, data.y) > 0.85


@pytest.mark.parametrize("one_sided", [0.5, True])
def test_maximum_likelihood_climbs_with_one_sided_lfs(one_sided):
    data = make_label_matrix(
        2000, 8, accuracy=0.75, class_balance=[0.7, 0.3], one_sided=one_sided, random_state=1
    )
    curve = DawidSkeneClassifier(prior_strength=0, max_iter=20).fit(data.L).log_likelihood_curve_
    assert (np.diff(curve) > -1e-12).all()
    assert curve[-1] > curve[0] + 0.001


def test_one_sided_lfs_of_one_class_are_evidence_for_it(one_sided):
    L = one_sided[0][:, :4]
    model = DawidSkeneClassifier(classes=[0, 1], class_balance=[0.5, 0.5]).fit(L)
    assert (model.predict(L[(L >= 0).any(axis=1)]) == 1).all()


def test_silence_is_evidence_where_abstains_are_informative(one_sided):
    L, y = one_sided
    model = DawidSkeneClassifier(informative_abstain=True).fit(L)
    only_zero_silent = [[-1] * 4 + [0] * 3 + [-1]]
    speaking = [[-1] * 4 + [0] * 4]
    assert model.predict_proba(only_zero_silent)[0, 0] < model.predict_proba(speaking)[0, 0]
    assert model.score(L, y) > 0.9


@pytest.mark.parametrize("informative", [False, "one-sided"])
def test_rows_without_votes_get_the_prior(one_sided, informative):
    model = DawidSkeneClassifier(informative_abstain=informative).fit(one_sided[0])
    assert_allclose(model.predict_proba([[-1] * 8]), [model.class_prior_])


def test_rows_without_votes_leave_the_tables_alone(binary):
    L, _ = binary
    model = DawidSkeneClassifier().fit(L)
    padded = DawidSkeneClassifier().fit(np.vstack([L, np.full((100, 5), -1)]))
    assert_allclose(padded.class_prior_, model.class_prior_)
    ratio = padded.mu_ / model.mu_
    assert_allclose(ratio, np.full_like(ratio, 2 / 3))


def test_votes_never_seen_are_no_evidence(one_sided):
    model = DawidSkeneClassifier(informative_abstain=True).fit(one_sided[0])
    silent = np.full((1, 8), -1)
    unseen = silent.copy()
    unseen[0, 0] = 0
    shift = np.log(model.predict_proba(unseen)) - np.log(model.predict_proba(silent))
    own = np.log(1 - model.mu_[model.symbols_["lf"] == 0][0])
    assert_allclose(shift - shift[0, 0], [-own + own[0]], atol=1e-9)


# Gold labels and the class prior ------------------------------------------------------------------


def test_labels_of_all_rows_give_the_counts(three_classes):
    L, y = three_classes
    model = DawidSkeneClassifier(**PAPER).fit(L, y)
    indicators = one_hot(L, model.symbols_["lf"], model.symbols_["vote"])
    expected = tables_of(indicators, np.eye(3)[y], model.symbols_["lf"])
    assert_allclose(model.mu_, expected * model.coverage_[model.symbols_["lf"]][:, None], atol=1e-9)
    assert_allclose(model.class_prior_, np.bincount(y) / len(y))
    assert model.n_iter_ == 2


def test_gold_labels_turn_the_meaning_of_votes():
    L, y = make_votes(n_samples=400, accuracy=0.2)
    gold = np.where(np.arange(400) < 200, y, -1)
    assert DawidSkeneClassifier(max_iter=20).fit(L, gold).score(L[200:], y[200:]) > 0.8


def test_ignored_gold_labels_change_nothing(binary):
    L, y = binary
    assert_same_model(DawidSkeneClassifier(gold="ignore").fit(L, y), DawidSkeneClassifier().fit(L))


def test_unlabelled_rows_may_be_marked_by_a_missing_value(binary):
    L, y = binary
    marked = np.where(np.arange(200) % 4, -1, y)
    missing = [None if label == -1 else label for label in marked.tolist()]
    assert_same_model(DawidSkeneClassifier().fit(L, marked), DawidSkeneClassifier().fit(L, missing))


def test_a_given_class_balance_is_kept(binary):
    model = DawidSkeneClassifier(class_balance={0: 0.3, 1: 0.7}).fit(binary[0])
    assert_allclose(model.class_prior_, [0.3, 0.7])


def test_estimate_is_the_default_class_balance(binary):
    estimated = DawidSkeneClassifier(class_balance="estimate").fit(binary[0])
    assert_same_model(estimated, DawidSkeneClassifier().fit(binary[0]))


def test_the_class_prior_is_learned_from_the_votes():
    L, y = make_votes(n_samples=4000, n_lfs=10, accuracy=0.8)
    kept = (y == 0) | (np.arange(4000) % 4 == 0)
    model = DawidSkeneClassifier(max_iter=30).fit(L[kept])
    assert_allclose(model.class_prior_, np.bincount(y[kept]) / kept.sum(), atol=0.03)


def test_votes_that_are_no_class_are_learned_from_gold_labels(binary):
    L, y = binary
    words = np.array(["ham", "spam"])[y]
    with pytest.warns(UserWarning, match=r"The votes \[0, 1\] are none of y's classes"):
        model = DawidSkeneClassifier(**PAPER).fit(L, words)
    assert model.classes_.tolist() == ["ham", "spam"]
    assert_allclose(model.mu_, DawidSkeneClassifier(**PAPER).fit(L, y).mu_)


def test_one_coin_keeps_the_table_of_an_lf_with_other_votes(binary):
    L, y = binary
    words = np.array(["ham", "spam"])[y]
    with pytest.warns(UserWarning, match="are none of y's classes"):
        model = DawidSkeneClassifier(one_coin=True).fit(L, words)
    assert model.score(L, words) > 0.75


# Stopping and warnings ----------------------------------------------------------------------------


def test_stops_at_the_tolerance(binary):
    model = DawidSkeneClassifier(max_iter=1000, tol=1e-5).fit(binary[0])
    assert model.converged_
    assert 1 < model.n_iter_ < 1000
    assert len(model.log_likelihood_curve_) == model.n_iter_
    assert abs(np.diff(model.log_likelihood_curve_)[-1]) <= 1e-5


def test_warns_where_the_tolerance_is_not_reached(binary):
    with pytest.warns(ConvergenceWarning, match=r"tol=1e-12 after 2 iterations; raise max_iter"):
        model = DawidSkeneClassifier(max_iter=2, tol=1e-12).fit(binary[0])
    assert model.converged_ is False


def test_without_tolerance_nothing_is_said_of_convergence(binary):
    assert DawidSkeneClassifier().fit(binary[0]).converged_ is None


def test_two_lfs_are_too_few(binary):
    with pytest.warns(UserWarning, match="cannot identify the accuracies of 2 LFs; majority vote"):
        DawidSkeneClassifier().fit(binary[0][:, :2])


def test_lfs_that_share_no_row_are_named():
    L = pd.DataFrame({"a": [1, 0, 1, -1], "b": [1, 0, 0, -1], "alone": [-1, -1, -1, 1]})
    with pytest.warns(UserWarning, match=r"share no row with another \(LF 'alone'\)"):
        DawidSkeneClassifier().fit(L)


def test_labels_of_all_rows_identify_the_accuracies_of_two_lfs(binary):
    DawidSkeneClassifier().fit(binary[0][:, :2], binary[1])


def test_no_vote_at_all_is_an_error():
    with pytest.raises(ValueError, match="L holds no vote: every cell is the abstain marker"):
        DawidSkeneClassifier().fit(np.full((5, 3), -1))


def test_a_failed_fit_leaves_the_model_as_it_was(binary):
    model = DawidSkeneClassifier().fit(binary[0])
    before = model.mu_.copy()
    with pytest.raises(ValueError, match="L holds no vote"):
        model.fit(np.full((5, 3), -1))
    assert_array_equal(model.mu_, before)


# Containers and scikit-learn ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["strings", "missing", "sparse", "float"])
def test_containers_do_not_matter(three_classes, kind):
    L, _ = three_classes
    names = np.array(["a", "b", "c", None], dtype=object)
    present = L >= 0
    votes = {
        "strings": pd.DataFrame(names[L]),
        "missing": pd.DataFrame(L).where(present).astype("Int64"),
        "sparse": sp.csr_array((L[present], np.nonzero(present)), shape=L.shape),
        "float": np.where(present, L, np.nan),
    }[kind]
    model, plain = DawidSkeneClassifier().fit(votes), DawidSkeneClassifier().fit(L)
    assert_allclose(model.mu_, plain.mu_)
    assert_allclose(model.predict_proba(votes), plain.predict_proba(L))


def test_many_classes():
    L, y = make_votes(n_samples=1000, n_lfs=20, n_classes=400, coverage=0.3)
    model = DawidSkeneClassifier(classes=range(400)).fit(L)
    voted = (L >= 0).any(axis=1)
    assert model.mu_.shape[1] == 400
    assert_allclose(model.mu_[model.symbols_["lf"] == 0].sum(axis=0), model.coverage_[0])
    assert (model.predict(L) == y)[voted].mean() > 0.9
