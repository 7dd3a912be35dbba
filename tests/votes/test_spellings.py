"""Marks for "no vote" and spellings of one class, wherever they come in."""

import unicodedata
import warnings
from contextlib import nullcontext

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from helpers import make_votes
from numpy.testing import assert_array_equal

from sklearn_labelmodel import DawidSkeneClassifier, LabelModelClassifier, MajorityVoteClassifier
from sklearn_labelmodel._utils.spelling import as_number, is_sign, marks, one_slip_apart, spelling
from sklearn_labelmodel._votes.reader import markers_of, read_votes
from sklearn_labelmodel.inspection import filter_unlabeled, lf_summary

VOTES, TRUTH = make_votes(90, 4, coverage=1.0)
WORDS = np.array(["good", "poor"], dtype=object)
SAID = pd.DataFrame(WORDS[VOTES], columns=["j1", "j2", "j3", "j4"])
SOME = np.arange(90) % 3 > 0


def with_cells(value, L=SAID):
    """The votes, every fifth of the second LF another value."""
    changed = L.astype(object)
    changed.iloc[::5, 1] = value
    return changed


# Marks --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "mark",
    [
        *("unsure", "Unknown", "skip", "maybe", "IDK", "cannot tell", "can't tell", "Refused."),
        *("abstain", "N/A", "n.a.", "#N/A", "-", "--", "*", ".", "?", "…", "  ", "**Not sure**"),
        *("don't know", "I don't know.", "no answer", "7"),
    ],
)
@pytest.mark.parametrize("place", ["L", "y"])
def test_a_mark_warns_and_the_remedy_works(mark, place):
    if place == "L":
        L, y, where = with_cells(mark), None, "LF 'j2'"
    else:
        L, y, where = SAID, np.where(SOME, WORDS[TRUTH], mark), "y"
    with pytest.warns(UserWarning, match=rf"\(in {where}\) counts as a class, but looks like") as w:
        model = LabelModelClassifier().fit(L, y)
    assert mark in model.classes_
    if place == "L":
        assert f"abstain={mark!r}" in str(w[0].message)
        assert LabelModelClassifier(abstain=mark).fit(L).classes_.tolist() == ["good", "poor"]
    else:
        assert "None or NaN" in str(w[0].message)


@pytest.mark.parametrize("mark", [-100, -9, 99, 9, 999, 255, -(2**63)])
@pytest.mark.parametrize(
    "container",
    [np.array, pd.DataFrame, lambda L: pl.DataFrame(np.asarray(L)), sp.csr_array, list],
    ids=["array", "pandas", "polars", "sparse", "list"],
)
def test_a_number_that_stands_apart_warns(mark, container):
    L = VOTES + 1  # a sparse matrix does not store zeros
    L[::5, 1] = mark
    with pytest.warns(UserWarning, match=f"{mark} .* looks like a mark"):
        assert mark in LabelModelClassifier().fit(container(L)).classes_


@pytest.mark.parametrize("labelled", [SOME, np.arange(90) < 80], ids=["all rows", "some rows"])
def test_a_number_in_y_that_stands_apart_warns(labelled):
    y = np.where(labelled, TRUTH, -100)
    with pytest.warns(UserWarning, match=r"-100 \(in y\)"):
        LabelModelClassifier().fit(VOTES, y)


@pytest.mark.parametrize(
    "labels",
    [
        ["+", "-"],
        ["pass", "fail"],
        ["A+", "A-", "A"],
        ["👍", "👎"],
        ["none of these", "mild", "severe"],
        ["cat", "3", "4"],
        list(range(10)),
        [0, 50, 99],
        [98, 99, 100],
        [1, 9],
        [-2, 0, 1, 2],
        [True, False],
    ],
    ids=str,
)
def test_classes_are_no_marks(labels):
    assert marks(labels) == []


def test_a_number_is_a_mark_only_beyond_the_widest_gap_between_the_others():
    assert marks([0, 10, 20, 9]) == []
    assert marks([80, 90, 99]) == []
    assert marks([80, 89, 99]) == [99]
    assert marks([1, 10, 99]) == [99]
    assert (marks([89, 99]), marks([90, 99])) == ([99], [])
    assert marks([*range(10, 30), 99]) == [99]
    assert marks([*range(10, 31), 99]) == []


def test_several_marks_are_named_in_one_remedy():
    L = with_cells("unsure")
    L.iloc[1::5, 2] = "n/a"
    with pytest.warns(UserWarning, match="looks like a mark") as caught:
        LabelModelClassifier().fit(L)
    assert any("abstain=['n/a', 'unsure']" in str(warning.message) for warning in caught)


def test_a_number_keeps_the_marker_that_is_in_use():
    L = VOTES.copy()
    L[::5, 1], L[1::5, 2] = 99, -1
    with pytest.warns(UserWarning, match=r"set abstain=\[-1, 99\]"):
        LabelModelClassifier().fit(L)


@pytest.mark.parametrize("sign", ["-", "nan", "", "N/A"])
def test_a_sign_among_given_classes_warns(sign):
    with pytest.warns(UserWarning, match="`classes` holds .* leave it out and set abstain="):
        LabelModelClassifier(classes=["good", "poor", sign]).fit(with_cells(sign))


@pytest.mark.parametrize("word", ["unsure", "unknown", "maybe"])
def test_a_word_among_given_classes_is_meant(word):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        LabelModelClassifier(classes=["good", "poor", word]).fit(with_cells(word))


@pytest.mark.parametrize("judge", ["score", "lf_summary"])
def test_a_mark_in_a_y_that_judges_warns(judge):
    y = np.where(SOME, WORDS[TRUTH], "N/A")
    model = LabelModelClassifier().fit(SAID)
    with pytest.warns(UserWarning, match="y holds 'N/A', which looks like a mark"):
        model.score(SAID, y) if judge == "score" else lf_summary(SAID, y)


def test_numbers_beside_a_mark_name_the_remedy():
    L = with_cells("N/A", pd.DataFrame(VOTES))
    with pytest.raises(ValueError, match="If 'N/A' means no vote, set abstain='N/A'"):
        LabelModelClassifier().fit(L)
    assert LabelModelClassifier(abstain="N/A").fit(L).classes_.tolist() == [0, 1]


def test_words_beside_one_number_name_the_remedy():
    with pytest.raises(ValueError, match="If 99 means no vote, set abstain=99"):
        LabelModelClassifier().fit(with_cells(99))


def test_words_beside_several_numbers_are_no_marks():
    with pytest.raises(ValueError, match=r"no LF's votes; inspection\.check_votes says"):
        LabelModelClassifier().fit(SAID.assign(j1=VOTES[:, 0]))


def test_labels_beside_a_mark_name_the_remedy():
    y = [int(label) if some else "skip" for label, some in zip(TRUTH, SOME, strict=True)]
    with pytest.raises(ValueError, match="if 'skip' means that a row has no label, replace it"):
        LabelModelClassifier().fit(VOTES, y)


# Several markers ----------------------------------------------------------------------------------

MARKED = np.array([[0, 1, 9], [-1, 0, 99], [9, 1, 1]])


@pytest.mark.parametrize(
    "L",
    [
        MARKED,
        MARKED.astype(float),
        MARKED.astype(np.int8),
        np.asfortranarray(MARKED),
        pd.DataFrame(MARKED),
        pd.DataFrame(MARKED).astype(object),
        pl.DataFrame(MARKED),
        sp.csr_array(MARKED + 0),
        MARKED.tolist(),
    ],
    ids=["int", "float", "int8", "columns", "pandas", "objects", "polars", "sparse", "list"],
)
def test_several_markers_abstain_in_every_container(L):
    votes = read_votes(L, abstain=[9, -1, 99])
    silent = votes.abstain_code == votes.block(0, 3).T
    stored = MARKED != 0 if sp.issparse(L) else np.ones((3, 3), bool)
    assert_array_equal(silent, np.isin(MARKED, [9, -1, 99]) | ~stored)


def test_several_markers_among_words():
    L = np.array([["a", "n/a"], ["-", "b"]])
    for container in (L, L.astype(object), pd.DataFrame(L)):
        assert lf_summary(container, abstain=["n/a", "-"])["coverage"].tolist() == [0.5, 0.5]
    kept, _ = filter_unlabeled([0, 1], [["-", "n/a"], ["a", "-"]], abstain=["n/a", "-"])
    assert kept == [1]


def test_markers_are_scalars_lists_sets_or_none():
    assert markers_of(None) == markers_of([None, np.nan]) == []
    assert markers_of("n/a") == markers_of(["n/a"]) == markers_of({"n/a"}) == ["n/a"]
    assert markers_of(np.array([1, 2])) == [1, 2]


# Spellings ----------------------------------------------------------------------------------------

VARIANTS = [
    *(("good", "Good"), ("good", " good"), ("good", "good."), ("good", "**good**"), ("A", "(A)")),
    *(("1", "1.0"), ("0.5", "0.50"), ("not good", "not_good"), ("not good", "not-good")),
    *(
        ("good", "good\u200b"),
        ("good", "\u201cgood\u201d"),
        ("a b", "a\u00a0b"),
        ("good", "`good`"),
    ),
    ("caf\u00e9", unicodedata.normalize("NFD", "caf\u00e9")),
]


@pytest.mark.parametrize(("one", "other"), VARIANTS)
@pytest.mark.parametrize(
    "model", [LabelModelClassifier, DawidSkeneClassifier, MajorityVoteClassifier]
)
def test_spellings_of_one_class_warn(model, one, other):
    L = with_cells(other, SAID.replace("good", one))
    with pytest.warns(UserWarning, match="differ in .* only, and count as 2 classes"):
        model().fit(L)


@pytest.mark.filterwarnings("ignore:The votes .* are none of y's classes")
@pytest.mark.parametrize("complete", [True, False])
def test_spellings_in_y_warn(complete):
    y = np.where(SOME | complete, np.array(["Good!", "poor"])[TRUTH], None)
    with pytest.warns(UserWarning, match="'Good!' and 'good' differ in spelling"):
        LabelModelClassifier().fit(SAID, y)


@pytest.mark.parametrize(
    ("one", "other"),
    [("+1", "-1"), ("A+", "A-"), ("C", "C++"), ("+", "-"), ("non-toxic", "toxic"), ("1", "10")],
)
def test_other_classes_are_no_spellings(one, other):
    assert spelling(one) != spelling(other)


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("spma", "spam", True),
        ("very positve", "very positive", True),
        ("spann", "span", True),
        ("smap", "spam", False),
        ("good", "god", True),
        ("goo", "god", False),
        ("level a", "level b", False),
        ("class1", "class2", False),
        ("spam", "spam", False),
        ("not spam", "spam", False),
    ],
)
def test_slips_are_a_letter_of_a_word_or_two_that_changed_places(one, other, apart):
    assert one_slip_apart(one, other) == one_slip_apart(other, one) == apart


@pytest.mark.parametrize(("n_rare", "warns"), [(3, True), (4, False)])
def test_a_hundredth_of_the_votes_with_a_slip_is_misspelt(n_rare, warns):
    L = pd.DataFrame(np.repeat(["good", "poor"], 150), columns=["j1"])
    L["j2"] = L["j1"]
    L.iloc[150 : 150 + n_rare, 1] = "godo"
    told = (
        rf"'godo' \(of LF 'j2', {n_rare} in 300 rows\) counts as a class, and differs from 'good'"
    )
    with pytest.warns(UserWarning, match=told) if warns else nullcontext():
        MajorityVoteClassifier().fit(L)


def test_a_misspelt_vote_that_labels_make_no_class_is_no_slip():
    L = pd.DataFrame(np.tile(WORDS[TRUTH][:, None], (4, 3)), columns=["j1", "j2", "j3"])
    L.iloc[np.flatnonzero(L["j2"] == "poor")[0], 1] = "godo"
    with pytest.warns(UserWarning, match="none of y's classes") as told:
        MajorityVoteClassifier().fit(L, np.tile(WORDS[TRUTH], 4))
    assert not [each for each in told if "by one letter" in str(each.message)]


def test_a_vote_in_another_spelling_than_the_given_classes_is_named():
    with pytest.raises(ValueError, match="It is the class 'poor' in another spelling"):
        LabelModelClassifier(classes=["good", "poor"]).fit(with_cells("POOR"))


@pytest.mark.parametrize("kinds", [(str, int), (int, str)])
def test_numbers_given_as_words_are_named(kinds):
    votes, classes = kinds
    L = np.vectorize(votes, otypes=[object])(VOTES)
    with pytest.raises(ValueError, match="in another spelling"):
        LabelModelClassifier(classes=[classes(0), classes(1)]).fit(L)


def test_a_spelling_that_comes_in_predict_warns():
    model = LabelModelClassifier().fit(SAID)
    with pytest.warns(UserWarning, match="'Good' in spelling only|L holds 'Good', which differs"):
        model.predict(with_cells("Good"))


def test_votes_and_labels_of_unlike_kinds_warn_where_all_rows_are_labelled():
    with pytest.warns(UserWarning, match="unlike kinds: write both as numbers or both as strings"):
        LabelModelClassifier().fit(VOTES, TRUTH.astype(str))


def test_the_words_of_texts():
    assert (as_number("-1"), as_number("1.50"), as_number("nan"), as_number("1e3")) == (
        -1,
        1.5,
        None,
        None,
    )
    assert is_sign(" — ")
    assert not is_sign("+")
    assert spelling("***") == "***"
