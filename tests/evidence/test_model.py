"""The row rule and all that looks at it: predictions, contributions, the E-step; and a model over other symbols."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from helpers import make_votes, tempered_posterior_by_formula
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import softmax

from sklearn_labelmodel import DawidSkeneClassifier, LabelModelClassifier, MajorityVoteClassifier
from sklearn_labelmodel._evidence.lookup import every_row, look_up, posterior
from sklearn_labelmodel._evidence.model import (
    ClassPrior,
    Dependence,
    VoteModel,
    accuracies_by_mu,
    expected_counts,
    places_of,
)
from sklearn_labelmodel._evidence.table import VoteTable
from sklearn_labelmodel._votes.codes import no_gold
from sklearn_labelmodel._votes.gold import read_gold
from sklearn_labelmodel._votes.patterns import read_patterns
from sklearn_labelmodel._votes.reader import read_votes

BALANCE = [0.5, 0.3, 0.2]
SNORKEL = {"init": "snorkel", "random_state": 0}
DECLARED = [(0, 2), (2, 3)]
ONE_SIDED = [4, 5]
# A recipe of every kind, whether it sees gold labels, and LFs that it is told copy each other.
MODELS = {
    "default": (LabelModelClassifier(), False, ()),
    "prior_given": (LabelModelClassifier(class_balance=BALANCE), False, ()),
    "untempered": (LabelModelClassifier(class_balance=BALANCE, tempering=0), False, ()),
    "wholly_tempered": (LabelModelClassifier(tempering=1), False, ()),
    "gold": (LabelModelClassifier(), True, ()),
    "gold_and_prior": (LabelModelClassifier(class_balance=BALANCE), True, ()),
    "declared": (LabelModelClassifier(dependencies=DECLARED), False, (0, 2, 3)),
    "declared_and_prior": (
        LabelModelClassifier(dependencies=DECLARED, class_balance=BALANCE),
        False,
        (0, 2, 3),
    ),
    "snorkel": (LabelModelClassifier(**SNORKEL), False, ()),
    "snorkel_declared": (LabelModelClassifier(dependencies=DECLARED, **SNORKEL), False, (0, 2, 3)),
    "dawid_skene": (DawidSkeneClassifier(), False, ()),
    "dawid_skene_with_silence": (DawidSkeneClassifier(informative_abstain=True), False, ()),
    "majority_vote": (MajorityVoteClassifier(), True, ()),
}


def votes_of_every_kind():
    """LFs with a choice, one-sided ones, copies, and rows without a vote; the truth."""
    L, y = make_votes(150, 6, 3, coverage=0.5, seed=3)
    L = L.copy()
    for lf in ONE_SIDED:
        L[L[:, lf] != lf % 3, lf] = -1
    copied = np.where(np.random.default_rng(0).random(150) < 0.9, L[:, 1], -1)
    L = np.column_stack([L, copied])
    L[:4] = -1
    return L, y


@pytest.fixture(scope="module", params=MODELS)
def fitted(request):
    """A fitted model, votes, and P(Y | votes) by the formula."""
    model, labelled, group = MODELS[request.param]
    L, y = votes_of_every_kind()
    gold = np.where(np.arange(150) < 40, y, -1) if labelled else None
    model = model.fit(L, gold)
    return model, L, posterior_by_rule(model, L, group)


def posterior_by_rule(model, L, group):
    """P(Y | votes) of any label model, row by row."""
    if isinstance(model, MajorityVoteClassifier):
        votes = (L[:, :, None] == np.arange(3)).sum(axis=1)
        total = votes.sum(axis=1, keepdims=True)
        return np.where(total > 0, votes / np.maximum(total, 1), model.class_prior_)
    if isinstance(model, DawidSkeneClassifier):
        return np.array([dawid_skene_of_row(model, row) for row in L])
    return tempered_posterior_by_formula(model, L, group)


def dawid_skene_of_row(model, row):
    """P(Y | votes) by what each vote says, and by P(silent | Y) where that is evidence."""
    table, silent = model.vote_model_.table, model.informative_abstain is True
    joint = np.log(model.class_prior_)
    for lf in range(len(row)):
        own = [u for u in np.flatnonzero(table.lf == lf) if table.vote[u] == row[lf]]
        if own:
            joint = joint + table.log_p[own[0]]
        elif silent:
            joint = joint + np.log(1 - model.mu_[table.lf == lf].sum(axis=0))
    return softmax(joint)


def patterns_of(L, gold=None):
    votes = read_votes(L)
    return read_patterns(votes, no_gold(len(L)) if gold is None else read_gold(gold, len(L)))


def in_order_of_rows(L, values, patterns):
    """What was found of distinct rows, shape (n_rows, n_classes), for each row of L."""
    of_row = {
        tuple(patterns.indicators[[at]].indices.tolist()): value for at, value in enumerate(values)
    }
    symbols = list(zip(patterns.lf.tolist(), patterns.vote.tolist(), strict=True))
    return np.array([of_row[held(symbols, row)] for row in L])


def held(symbols, row):
    return tuple(u for u, (lf, vote) in enumerate(symbols) if row[lf] == vote)


# One rule -----------------------------------------------------------------------------------------


def test_predictions_follow_the_rule(fitted):
    model, L, expected = fitted
    assert_allclose(model.predict_proba(L), expected, rtol=1e-9, atol=1e-14)


def test_contributions_add_up_to_the_rule(fitted):
    model, L, expected = fitted
    total = model.contributions(L).sum(axis=1)
    if isinstance(model, MajorityVoteClassifier):
        assert_allclose(total, expected, rtol=1e-9, atol=1e-14)
    else:
        assert_allclose(softmax(total, axis=1), expected, rtol=1e-9, atol=1e-14)


def test_an_abstain_contributes_what_its_silence_says(fitted):
    model, L, _ = fitted
    added = model.contributions(L)[:, :-1][L == -1]
    says_nothing = getattr(model, "informative_abstain", False) is not True
    assert (added == 0).all() if says_nothing else (added != 0).any()


def test_an_explanation_orders_what_contributions_say(fitted):
    model, L, _ = fitted
    row = L[(L != -1).sum(axis=1) == 3][0]
    said = model.contributions([row])[0]
    said -= said.mean(axis=1, keepdims=True)
    explained = model.explain(row)
    counted = np.append(row != -1, True)
    by_class = explained[model.classes_.tolist()].to_numpy(dtype=float)
    assert_allclose(
        np.sort(by_class.ravel()), np.sort(said[counted].ravel()), rtol=1e-9, atol=1e-14
    )


def test_distinct_rows_follow_the_rule(fitted):
    model, L, expected = fitted
    patterns, learned = patterns_of(L), model.vote_model_
    found = [learned.posterior(block) for block in learned.rows(patterns)]
    proba = in_order_of_rows(L, np.concatenate(found, axis=1).T, patterns)
    assert_allclose(proba, expected, rtol=1e-9, atol=1e-14)


def test_the_e_step_follows_the_rule(fitted):
    model, L, expected = fitted
    learned = model.vote_model_
    counts = np.zeros_like(learned.table.log_p)
    symbols = list(zip(learned.table.lf.tolist(), learned.table.vote.tolist(), strict=True))
    for row, proba in zip(L, expected, strict=True):
        counts[list(held(symbols, row))] += proba
    found, rows, _ = expected_counts(learned, learned.rows(patterns_of(L)))
    assert_allclose(found, counts, rtol=1e-9, atol=1e-12)
    assert_allclose(rows, expected.sum(axis=0), rtol=1e-9)


def test_gold_labels_are_certain_in_the_e_step(fitted):
    model, L, expected = fitted
    gold = np.full(len(L), -1)
    gold[[0, 40, 60]] = [2, 0, 1]
    learned = model.vote_model_
    _, rows, _ = expected_counts(learned, learned.rows(patterns_of(L, gold)))
    certain = expected.copy()
    certain[[0, 40, 60]] = np.eye(3)[[2, 0, 1]]
    assert_allclose(rows, certain.sum(axis=0), rtol=1e-9)


def test_likelihoods_of_the_e_step_are_those_of_the_rule():
    L, y = votes_of_every_kind()
    model = DawidSkeneClassifier().fit(L)
    learned, gold = model.vote_model_, np.where(np.arange(150) < 3, y, -1)
    expected = 0.0
    for row, label in zip(L, gold, strict=True):
        own = [u for u, lf in enumerate(learned.table.lf) if row[lf] == learned.table.vote[u]]
        joint = model.class_prior_ * np.exp(learned.table.log_p[own].sum(axis=0))
        expected += np.log(joint.sum() if label < 0 else joint[label]) / len(L)
    *_, found = expected_counts(learned, learned.rows(patterns_of(L, gold)))
    assert found == pytest.approx(expected, rel=1e-12)


def test_a_row_by_hand():
    # Votes weigh 1 and 1/2, so that sums are divided by 1.5 ** 0.5; offsets are added afterwards.
    prior = ClassPrior(np.array([0.5, 0.5]), np.array([0.9, 0.1]), np.array([0.2, 0.8]), "given")
    log_p = np.log([[0.1, 0.6], [0.3, 0.4]])
    model = small_model(log_p, prior, weight=[1.0, 0.5], tempering=0.5, offsets=[0.3, -0.3])
    rows = model.rows(patterns_of([[0, 0], [-1, -1]]))[0]
    said = (np.log([0.9, 0.1]) + log_p[0] + 0.5 * log_p[1]) / 1.5**0.5 + [0.3, -0.3]
    expected = {2: said, 0: np.log([0.2, 0.8])}
    for scores, n_votes in zip(model.scores(rows).T, np.diff(rows.indicators.indptr), strict=True):
        assert_allclose(scores, expected[n_votes], rtol=1e-14)


def test_what_is_known_of_a_row_is_tempered_with_its_prior():
    prior = ClassPrior(np.array([0.4, 0.6]), np.array([0.9, 0.1]), np.array([0.2, 0.8]), "given")
    log_p = np.log([[0.1, 0.6], [0.3, 0.4]])
    model = small_model(log_p, prior, weight=[1.0, 0.5], tempering=0.5, offsets=[0.3, -0.3])
    L, known = [[0, 0], [-1, -1]], np.log([[0.7, 0.3], [0.05, 0.95]])
    (rows,) = every_row(model, read_votes(L), np.full(2, 2), known)
    told = known - np.log([0.4, 0.6])
    said = (told[0] + np.log([0.9, 0.1]) + log_p[0] + 0.5 * log_p[1]) / 1.5**0.5 + [0.3, -0.3]
    assert_allclose(model.scores(rows).T, [said, told[1] + np.log([0.2, 0.8])], rtol=1e-14)


@pytest.mark.parametrize("name", sorted(set(MODELS) - {"dawid_skene_with_silence"}))
def test_a_row_of_which_no_more_is_known_than_the_class_prior(name):
    model, labelled, _ = MODELS[name]
    L, y = votes_of_every_kind()
    learned = model.fit(L, np.where(np.arange(150) < 40, y, -1) if labelled else None).vote_model_
    known = np.tile(np.log(learned.prior.of_all), (150, 1))
    blocks = every_row(learned, read_votes(L), np.full(150, 3), known)
    found = np.hstack([learned.posterior(block) for block in blocks]).T
    assert_allclose(found, model.predict_proba(L), rtol=1e-9, atol=1e-14)


def test_a_single_light_vote_is_not_magnified():
    prior = ClassPrior(*[np.array([0.5, 0.5])] * 3, "given")
    model = small_model(np.log([[0.1, 0.6]]), prior, weight=[0.25], tempering=1.0)
    (rows,) = model.rows(patterns_of([[0]]))
    expected = np.log(0.5) + 0.25 * np.log([0.1, 0.6])
    assert_allclose(model.scores(rows)[:, 0], expected, rtol=1e-14)


def small_model(
    log_p, prior, *, weight, tempering=0.0, offsets=(0.0, 0.0), vote=None, silence=None
):
    """A vote model of LFs of one symbol."""
    n = len(log_p)
    vote = np.zeros(n, dtype=int) if vote is None else np.array(vote)
    table = VoteTable(np.arange(n), vote, np.array(log_p), np.ones(n, dtype=bool), silence)
    return VoteModel(
        classes=np.arange(2),
        table=table,
        prior=prior,
        dependence=Dependence(np.array(weight)),
        tempering=tempering,
        offsets=np.array(offsets),
        mu=np.exp(table.log_p),
        mu_eps=0.01,
        coverage=np.full(n, 0.5),
        accuracies=np.full(n, 0.7),
    )


# Over other symbols -------------------------------------------------------------------------------


def test_places_of_symbols_by_hand():
    table = VoteTable(np.array([0, 0, 2]), np.array([1, 5, 1]), np.zeros((3, 2)), np.ones(3, bool))
    lf, vote = np.array([0, 0, 0, 1, 2, 2, 3]), np.array([0, 1, 5, 1, 1, 7, 1])
    assert places_of(lf, vote, table).tolist() == [3, 0, 1, 3, 2, 3, 3]


def test_over_its_own_symbols_a_model_says_what_it_says(fitted):
    model, L, expected = fitted
    learned = model.vote_model_
    same = learned.on(learned.table.lf, learned.table.vote)
    assert_array_equal(same.table.log_p, learned.table.log_p)
    assert_array_equal(same.mu, learned.mu)
    assert_array_equal(same.dependence.weight, learned.dependence.weight)
    _, rows, _ = expected_counts(same, same.rows(patterns_of(L)))
    assert_allclose(rows, expected.sum(axis=0), rtol=1e-9)


@pytest.mark.parametrize(
    "name",
    # Majority vote takes unknown votes at their word.
    [name for name in MODELS if name != "majority_vote"],
)
def test_votes_that_a_model_does_not_know_say_nothing(name):
    """Not even that their LF is silent, where that is evidence."""
    L, y = votes_of_every_kind()
    model = MODELS[name][0].fit(L, y if MODELS[name][1] else None)
    new = L[:40].copy()
    new[:, 0], new[:, 4] = 9, 2
    patterns = patterns_of(new)
    other = model.vote_model_.on(patterns.lf, patterns.vote)
    found = [other.posterior(block) for block in other.rows(patterns)]
    proba = in_order_of_rows(new, np.concatenate(found, axis=1).T, patterns)
    assert_allclose(proba, model.predict_proba(new), rtol=1e-9, atol=1e-14)


def test_unknown_symbols_are_as_likely_as_a_vote_never_seen(binary):
    learned = LabelModelClassifier(mu_eps=0.02).fit(binary[0]).vote_model_
    other = learned.on(np.array([0, 0, 3]), np.array([0, 4, 1]))
    assert_array_equal(other.mu[1], [0.02, 0.02])
    assert_array_equal(other.mu[0], learned.mu[0])
    assert_array_equal(other.dependence.weight, [1, 0, 1])


def test_likeness_goes_along_to_other_symbols():
    prior = ClassPrior(*[np.array([0.5, 0.5])] * 3, "given")
    model = small_model(np.log(np.full((3, 2), 0.5)), prior, weight=[1.0] * 3)
    likeness = sp.csr_array(np.array([[0, 0.5, 0.1], [0.5, 0, 0.2], [0.1, 0.2, 0]]))
    model = replace(model, dependence=replace(model.dependence, likeness=likeness))
    other = model.on(np.array([0, 1, 2, 2]), np.array([0, 7, 0, 7]))
    expected = np.zeros((4, 4))
    expected[0, 2] = expected[2, 0] = 0.1
    assert_array_equal(other.dependence.likeness.toarray(), expected)


# The fast way -------------------------------------------------------------------------------------


@pytest.mark.parametrize("tempering", [0.0, 0.5])
def test_a_plain_model_is_looked_up_alike(tempering):
    """A model is plain where nothing but a sum is left of the rule; the look-up then has no column of weights."""
    prior = ClassPrior(*[np.array([0.3, 0.7])] * 3, "given")
    model = small_model(np.log([[0.1, 0.6], [0.7, 0.4]]), prior, weight=[1, 1], tempering=tempering)
    L = np.array([[0, 0], [0, -1], [-1, 0], [-1, -1], [5, 0]])
    votes = read_votes(L)
    looks = look_up(model, votes)
    assert looks.table.shape[1] == (3 if tempering else 2)
    expected = []
    for row in L:
        own = [u for u in (0, 1) if row[u] == 0]
        said = np.log([0.3, 0.7]) + model.table.log_p[own].sum(axis=0)
        expected.append(softmax(said / max(len(own), 1) ** tempering))
    assert_allclose(posterior(votes, looks), expected, rtol=1e-12)


@pytest.mark.parametrize(
    "changes",
    [
        {"tempering": 0.1},
        {"offsets": np.array([0.1, 0.0])},
        {"dependence": Dependence(np.array([1.0, 0.5]))},
        {"dependence": replace(Dependence(np.ones(2)), likeness=sp.csr_array((2, 2)))},
        {"prior": ClassPrior(*[np.array([0.3, 0.7])] * 2, np.array([0.5, 0.5]), "given")},
    ],
    ids=["tempering", "offsets", "weight", "likeness", "prior"],
)
def test_a_model_is_not_plain_that_does_more_than_add(changes):
    prior = ClassPrior(*[np.array([0.3, 0.7])] * 3, "given")
    model = small_model(np.log([[0.1, 0.6], [0.7, 0.4]]), prior, weight=[1, 1])
    assert model.is_plain
    assert not replace(model, **changes).is_plain


def test_accuracies_by_mu_are_what_is_right_of_all_votes():
    # LF 0 votes for both classes, LF 1 for class 1 alone, in half of its rows and a tenth of the others.
    mu = np.array([[0.6, 0.2], [0.1, 0.4], [0.1, 0.5]])
    prior = ClassPrior.given(np.array([0.7, 0.3]))
    table = VoteTable(np.array([0, 0, 1]), np.array([0, 1, 1]), np.log(mu), np.ones(2, dtype=bool))
    model = VoteModel(
        classes=np.arange(2),
        table=table,
        prior=prior,
        dependence=Dependence(np.ones(3)),
        tempering=0.0,
        offsets=np.zeros(2),
        mu=mu,
        mu_eps=0.01,
        coverage=np.array([0.67, 0.22]),
        accuracies=np.zeros(2),
    )
    is_right = np.array([[True, False], [False, True], [False, True]])
    right = [0.59 * 0.7 + 0.39 * 0.3 + 0.01, 0.49 * 0.3 + 0.01]
    assert_allclose(accuracies_by_mu(model, is_right), np.array(right) / [0.67, 0.22])
