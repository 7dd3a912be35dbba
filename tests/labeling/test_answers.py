"""Answers in free spelling, made labels."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.base import clone

from sklearn_labelmodel import ColumnLF, LabelingFunctions
from sklearn_labelmodel._utils.spelling import spelling
from sklearn_labelmodel.labeling import LabelingFunctionError

# Each differs from "not spam" in one respect.
SPELLINGS = {
    "case": "Not SPAM",
    "blanks": "  not \t spam\n",
    "no-break space": "not\u00a0spam",
    "quotes": '"not spam"',
    "typographic quotes": "\u201cnot spam\u201d",
    "stars": "**not spam**",
    "underscores": "_not spam_",
    "backticks": "`not spam`",
    "full stop": "not spam.",
    "exclamation marks": "not spam!!",
    "comma": "not spam,",
    "stop within stars": "**not spam.**",
    "stop behind quotes": '"not spam".',
    "full width": "\uff4e\uff4f\uff54 \uff53\uff50\uff41\uff4d",
    "ligature": "not \u017fpam",
    "zero-width space": "not sp\u200bam",
    "byte order mark": "\ufeffnot spam",
    "soft hyphen": "not s\u00adpam",
}


def votes_of(values, **parameters):
    return ColumnLF(None, name="judge", **parameters)(values)


@pytest.mark.parametrize("answer", SPELLINGS.values(), ids=SPELLINGS)
def test_one_meaning_has_one_spelling(answer):
    assert spelling(answer) == "not spam"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("cafe\u0301", "caf\u00e9"),
        ("don\u2019t", "don't"),
        ("not\u2011spam", "not-spam"),
        ("Stra\u00dfe", "STRASSE"),
        ("1.0", "1"),
        ("1.", "1"),
        ("\uff11", "1"),
        ("-2.00", "-2"),
        ("0.50", "0.5"),
        ("not_spam", "not-spam"),
        ("not_spam", "not spam"),
        ("[yes]", "(yes)"),
    ],
)
def test_two_spellings_of_one_label(one, other):
    assert spelling(one) == spelling(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("spam", "not spam"),
        ("1.5", "1"),
        ("10", "1"),
        ("-1", "1"),
        ("1.05", "1"),
        ("a.b", "ab"),
        ("not spam", "notspam"),
        ("a - b", "a + b"),
        ("cafe", "caf\u00e9"),
        ("\u0939\u093f\u0928\u094d\u0926\u0940", "\u0939\u093f\u0928\u0926\u0940"),
        ("*", "-"),
        ("?", "*"),
    ],
)
def test_unlike_labels_stay_unlike(one, other):
    assert spelling(one) != spelling(other)


@given(st.text(max_size=12))
def test_what_was_spelled_stays_as_it_is(text):
    assert spelling(spelling(text)) == spelling(text)


def test_spellings_are_one_label():
    assert set(votes_of(list(SPELLINGS.values()), normalize=True)) == {"not spam"}


def test_numbers_alone_stay_numbers():
    assert votes_of([1.0, 0.0, None], normalize=True).tolist() == [1.0, 0.0, None]


@pytest.mark.parametrize("abstain", ["Unsure", ["unsure", "skip"]])
def test_what_abstains_does_so_however_it_is_spelled(abstain):
    votes = votes_of(["**unsure**", "Unsure.", "yes", None], abstain=abstain, normalize=True)
    assert votes.tolist() == [None, None, "yes", None]


def test_the_answer_none_is_no_abstention_unless_it_is_named():
    assert votes_of(["None", None], normalize=True).tolist() == ["none", None]


@pytest.mark.parametrize("label_map", [{"y": "yes", "n": "no"}, pd.Series({"y": "yes", "n": "no"})])
def test_a_map_gives_the_labels(label_map):
    assert votes_of(["y", "n", None, "y"], label_map=label_map).tolist() == [
        "yes",
        "no",
        None,
        "yes",
    ]


def test_a_map_of_numbers_serves_texts_and_numbers():
    answers = ["1", 1, "1.0", 0, "0."]
    votes = votes_of(answers, label_map={1: "good", 0: "bad"}, normalize=True)
    assert votes.tolist() == ["good", "good", "good", "bad", "bad"]


def test_labels_of_a_map_keep_their_spelling():
    assert votes_of(["GOOD"], label_map={"good": "Good"}, normalize=True).tolist() == ["Good"]


def test_a_function_is_asked_once_of_each_answer():
    asked = []

    def label_map(answer):
        asked.append(answer)
        return answer[0]

    assert votes_of(["Yes", "yes.", "no"], label_map=label_map, normalize=True).tolist() == [
        *("y", "y", "n")
    ]
    assert asked == ["yes", "yes", "no"]


def test_answers_that_match_nothing_abstain_and_are_listed_by_frequency():
    answers = pd.Series(["y", "dunno", "hm", "dunno"], index=[10, 11, 12, 13], name="judge")
    lf = ColumnLF("judge", label_map={"y": 1})
    message = (
        r"ColumnLF 'judge': .*: 'dunno' \(2 times, first row 1 \(index 11\)\), "
        r"'hm' \(1 times, first row 2 \(index 12\)\)\. Add them to label_map"
    )
    with pytest.warns(UserWarning, match=message):
        assert lf(answers).tolist() == [1, None, None, None]


@pytest.mark.parametrize(("n_others", "more"), [(5, ""), (6, " and 1 more")])
def test_the_list_is_short(n_others, more):
    answers = ["y", *(f"other {i}" for i in range(n_others))]
    with pytest.warns(UserWarning, match=rf"'other 4' \(1 times, first row 5\){more}\. Add"):
        votes_of(answers, label_map={"y": 1})


def test_what_a_function_does_not_label_is_listed():
    with pytest.warns(UserWarning, match=r"'hm' \(1 times, first row 1\)\. Let label_map return"):
        assert votes_of(["y", "hm"], label_map={"y": 1}.get).tolist() == [1, None]


def test_no_vote_that_is_meant_is_not_listed():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        votes = votes_of(["y", "hm", "?"], label_map={"y": 1, "hm": None}, abstain="?")
    assert votes.tolist() == [1, None, None]


def test_keys_of_one_spelling_must_agree():
    assert votes_of(["yes"], label_map={"Yes": 1, "yes.": 1}, normalize=True).tolist() == [1]
    with pytest.raises(LabelingFunctionError, match=r"says both 1 and 0 of 'yes\.'"):
        votes_of(["yes"], label_map={"Yes": 1, "yes.": 0}, normalize=True)


@pytest.mark.parametrize("label_map", [3, ["yes"]])
def test_a_map_that_is_none_is_an_error(label_map):
    with pytest.raises(LabelingFunctionError, match="label_map is a dict or a function"):
        votes_of(["yes"], label_map=label_map)


def test_a_list_among_the_answers_is_an_error_that_names_its_row():
    table = pd.DataFrame({"judge": ["yes", ["no"]]})
    with pytest.raises(LabelingFunctionError, match=r"row 1 \(index 1\) holds \['no'\]"):
        ColumnLF("judge", normalize=True)(table)


@pytest.mark.parametrize("container", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
def test_a_transformer_of_judges_gives_one_spelling(container):
    table = container({"a": ["Yes", "no."], "b": ["**yes**", None]})
    judges = LabelingFunctions([ColumnLF("a", normalize=True), ColumnLF("b", normalize=True)])
    assert_array_equal(judges.transform(table), np.array([["yes", "yes"], ["no", None]], object))


def test_parameters_are_kept_by_clone():
    lf = ColumnLF("a", label_map={"y": 1}, normalize=True, abstain="?")
    assert clone(lf).get_params() == lf.get_params()
