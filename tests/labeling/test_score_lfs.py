"""Labeling functions over scores."""

import numpy as np
import pandas as pd
import pytest

from sklearn_labelmodel import LabelModelClassifier
from sklearn_labelmodel.labeling import BinLF, LabelingFunctionError, LabelingFunctions, ScoreLF

RATINGS = pd.DataFrame({"rating": [1.0, 2.0, 3.0, 4.0, 5.0, np.nan], "text": list("abcdef")})


@pytest.mark.parametrize(
    ("sides", "votes"),
    [
        ({"below": (2, "no"), "above": (4, "yes")}, ["no", None, None, None, "yes", None]),
        ({"below": (3, "no"), "above": (3, "yes")}, ["no", "no", None, "yes", "yes", None]),
        ({"below": (2, "no")}, ["no", None, None, None, None, None]),
        ({"above": [4, 1]}, [None, None, None, None, 1, None]),
    ],
)
def test_votes_at_both_ends_and_silence_between(sides, votes):
    assert BinLF("rating", **sides)(RATINGS).tolist() == votes


@pytest.mark.parametrize(
    ("sides", "message"),
    [
        ({}, "give below"),
        ({"below": (4, "no"), "above": (2, "yes")}, "below 4 and above 2 overlap"),
        ({"below": 2}, "a side is a value and a label"),
        ({"below": ("x", "no")}, "numbers|compare"),
    ],
)
def test_sides_that_cannot_be_are_an_error(sides, message):
    with pytest.raises(LabelingFunctionError, match=message):
        BinLF("rating", **sides)(RATINGS)


def test_a_bin_is_named_by_its_ends():
    assert BinLF("rating", below=(2, "no"), above=(4, "yes")).get_name() == "rating<2_>4"


def test_scores_are_handed_on():
    lf = ScoreLF("rating")
    np.testing.assert_array_equal(lf(RATINGS), RATINGS["rating"])
    np.testing.assert_array_equal(lf(RATINGS.astype({"rating": object})), RATINGS["rating"])
    assert lf.get_name() == "rating"


def test_a_text_is_no_score():
    with pytest.raises(LabelingFunctionError, match=r"pandas\.to_numeric"):
        ScoreLF("text")(RATINGS)


def test_the_transformer_says_which_columns_are_scores():
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=400)
    columns = {name: y + rng.normal(size=400) for name in "abc"}
    frame = pd.DataFrame(columns)
    labeler = LabelingFunctions(
        [ScoreLF("a", label="yes"), BinLF("b", below=(0, "no"), above=(1, "yes")), ScoreLF("c")]
    )
    assert labeler.scores == {0: "yes", 2: None}
    model = LabelModelClassifier(scores=labeler.scores).fit(labeler.transform(frame))
    labels = np.array(["no", "yes"])[y]
    assert model.score(labeler.transform(frame), labels) > 0.7
    assert LabelingFunctions([BinLF("b", below=(0, "no"))]).scores is None
