"""Votes that leave several classes open."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_labelmodel import DawidSkeneClassifier, LabelModelClassifier, MajorityVoteClassifier

LABELS = np.array(list("abcd"))
MODELS = [LabelModelClassifier, DawidSkeneClassifier, MajorityVoteClassifier]


def make_sets(n_samples=2000, seed=0):
    """Votes of four LFs for one class of four, and of four for two; the truth; who knows all about them; meanings."""
    rng = np.random.default_rng(seed)
    y = rng.integers(4, size=n_samples)
    columns, known, meanings = [], np.zeros((n_samples, 4)), {}
    for accuracy in rng.uniform(0.5, 0.8, 4):
        vote = (y + (rng.random(n_samples) > accuracy) * rng.integers(1, 4, n_samples)) % 4
        says = np.where(np.arange(4) == vote[:, None], accuracy, (1 - accuracy) / 3)
        known += np.log(says)
        columns.append(LABELS[vote].astype(object))
    for accuracy in rng.uniform(0.65, 0.9, 4):
        group = rng.permutation([0, 0, 1, 1])
        vote = np.where(rng.random(n_samples) < accuracy, group[y], 1 - group[y])
        known += np.log(np.where(group == vote[:, None], accuracy, 1 - accuracy))
        words = np.array(["/".join(LABELS[group == side]) for side in (0, 1)])
        meanings |= {word: word.split("/") for word in words.tolist()}
        columns.append(words[vote].astype(object))
    return np.column_stack(columns), LABELS[y], LABELS[known.argmax(axis=1)], meanings


def test_labels_are_nearly_as_good_as_those_of_who_knows_all():
    lost = []
    for seed in range(4):
        L, y, best, meanings = make_sets(seed=seed)
        labels = LabelModelClassifier(vote_meanings=meanings).fit(L).predict(L)
        lost.append((best == y).mean() - (labels == y).mean())
    assert np.mean(lost) < 0.01


@pytest.mark.parametrize("kind", MODELS)
def test_sets_tell_more_than_silence(kind):
    L, y, _, meanings = make_sets(1000)
    with_sets = kind(vote_meanings=meanings).fit(L).score(L, y)
    assert with_sets > kind().fit(L[:, :4]).score(L[:, :4], y) + 0.02


def test_majority_vote_shares_a_set_among_its_classes():
    L = [["ham", "not spam"], ["spam", None], [None, "promo"], [None, "not spam"]]
    model = MajorityVoteClassifier(vote_meanings={"not spam": ["ham", "promo"]}).fit(L)
    assert model.classes_.tolist() == ["ham", "promo", "spam"]
    assert_allclose(model.predict_proba(L)[[0, 3]], [[0.75, 0.25, 0], [0.5, 0.5, 0]])


def test_a_meaning_of_one_class_is_another_name_of_it():
    L = [["cat", "puppy"], ["dog", "puppy"], ["cat", "cat"]]
    model = MajorityVoteClassifier(vote_meanings={"puppy": "dog"}).fit(L)
    assert model.classes_.tolist() == ["cat", "dog"]
    assert_allclose(model.predict_proba(L)[:, 1], [0.5, 1, 0])


def test_given_classes_do_not_have_to_name_sets():
    L, *_, meanings = make_sets(300)
    model = LabelModelClassifier(classes=list("abcd"), vote_meanings=meanings).fit(L)
    assert_array_equal(model.classes_, LABELS)
    assert model.predict(L[:1]).shape == (1,)
    with pytest.raises(ValueError, match="the vote 'e' is none of the classes"):
        model.predict([["e", *L[0, 1:]]])


@pytest.mark.parametrize(
    ("meanings", "message"),
    [
        (
            {"pet": ["cat", "dgo"]},
            r"the vote 'pet' means 'dgo', which is none of the classes \['cat'",
        ),
        ({"pet": []}, "the vote 'pet' leaves no class open"),
        ({"pet": {"cat": 0.7, "dog": 0.3}}, "the vote 'pet' means a dict"),
        (
            {"cat": ["dog", "fox"]},
            r"the vote 'cat' means \['dog', 'fox'\], and it is a class itself",
        ),
    ],
)
def test_meanings_that_cannot_be_are_an_error(meanings, message):
    L = [["cat", "dog"], ["fox", "pet"], ["dog", "dog"]]
    with pytest.raises(ValueError, match=message):
        MajorityVoteClassifier(vote_meanings=meanings, classes=["cat", "dog", "fox"]).fit(
            L if "pet" in meanings else [["cat", "dog"], ["fox", "fox"]]
        )
