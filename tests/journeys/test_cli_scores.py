"""The console command on columns of scores."""

import numpy as np
import pandas as pd
import pytest

from sklearn_labelmodel import LabelModelClassifier
from sklearn_labelmodel._cli import main

N_ROWS = 300


@pytest.fixture
def label(tmp_path, capsys):
    """Run the command on a table; status, what it wrote, and what it complained of."""

    def call(table, *arguments):
        table.to_csv(tmp_path / "judged.csv", index=False)
        output = tmp_path / "labels.csv"
        status = main([str(tmp_path / "judged.csv"), "-o", str(output), *arguments])
        return status, pd.read_csv(output) if output.exists() else None, capsys.readouterr().err

    return call


@pytest.fixture(scope="module")
def judged():
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=N_ROWS)
    frame = pd.DataFrame(
        {f"judge{i}": np.round(2 * y + rng.normal(size=N_ROWS), 1) for i in range(3)}
    )
    frame.loc[5, "judge1"] = np.nan
    frame["rule"] = np.where(rng.random(N_ROWS) < 0.3, None, np.where(y, "yes", "no"))
    return frame


def test_scores_are_read_beside_votes(label, judged):
    scores = ["judge0", "judge1", "judge2"]
    status, labels, errors = label(judged, "--scores", *scores)
    assert (status, errors) == (0, "")
    expected = LabelModelClassifier(scores=scores).fit(judged).predict_proba(judged)
    np.testing.assert_allclose(
        labels[["probability_no", "probability_yes"]], expected, rtol=0, atol=5.1e-5
    )


def test_a_class_balance_names_the_classes_of_scores(label, judged):
    arguments = ["--scores", "judge0", "judge1", "judge2", "--class-balance", "no=0.5", "yes=0.5"]
    status, labels, _ = label(judged.drop(columns="rule"), *arguments)
    assert status == 0
    assert set(labels["label"]) == {"no", "yes"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--scores", "judge0", "judge1", "judge2", "--id", "rule"], "scores name no classes"),
        (["--scores", "all"], "column 'rule', row 0: '.*' is no number, and --scores names"),
        (
            ["--scores", "judge0", "--id", "judge0"],
            "'judge0' is given both as --id and as --scores",
        ),
        (["--scores", "judge7"], "--scores names 'judge7'; the columns are judge0"),
    ],
)
def test_scores_that_cannot_be_are_bad_input(label, judged, arguments, message):
    rows = judged[judged["rule"].notna()]
    status, labels, errors = label(rows, *arguments)
    assert (status, labels) == (2, None)
    assert pd.Series([errors]).str.contains(message).all()
