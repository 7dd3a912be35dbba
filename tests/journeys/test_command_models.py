"""The command keeps models and labels by them, and writes reports."""

import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers import make_votes

import sklearn_labelmodel
from sklearn_labelmodel._cli import main

CODES, TRUTH = make_votes(80, 4)
NAMES = np.array(["ham", "spam", None], dtype=object)
WORDS = pd.DataFrame(NAMES[CODES], columns=["j1", "j2", "j3", "j4"])
NUMBERS = pd.DataFrame(CODES, columns=WORDS.columns)


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run the command in an empty folder on a table; status and standard error."""
    monkeypatch.chdir(tmp_path)

    def call(table, *arguments, output="labels.csv"):
        table.to_csv("votes.csv", index=False)
        status = main(["votes.csv", "-o", output, "--force", *arguments])
        return status, capsys.readouterr().err

    return call


def as_scores(table):
    scores = 3 + 2 * TRUTH + np.random.default_rng(0).normal(size=len(TRUTH)).round(1)
    return table.assign(rating=scores)


KEPT = {
    "words": (WORDS, []),
    "numbers": (NUMBERS, []),
    "digits that are texts": (WORDS.replace({"ham": "01", "spam": "02"}), []),
    "another mark": (WORDS.fillna("pass"), ["--abstain", "pass"]),
    "scores": (as_scores(WORDS), ["--scores", "rating"]),
    "scores beside numbers": (as_scores(NUMBERS), ["--scores", "rating"]),
    "another model": (WORDS, ["--dawid-skene"]),
}


def test_votes_that_a_kept_model_has_not_met_are_told(tmp_path, monkeypatch, capsys):
    pytest.importorskip("skops")
    monkeypatch.chdir(tmp_path)
    WORDS.to_csv("votes.csv", index=False)
    later = WORDS.copy()
    later.loc[3, "j2"] = "eggs"
    later.to_csv("later.csv", index=False)
    assert main(["votes.csv", "-o", "labels.csv", "--save", "model.skops"]) == 0
    assert "has not met" not in capsys.readouterr().out
    assert main(["later.csv", "-o", "more.csv", "--model", "model.skops"]) == 0
    assert "The model has not met the vote 'eggs' (of 'j2')" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize(("table", "arguments"), KEPT.values(), ids=KEPT)
@pytest.mark.parametrize("streamed", [[], ["--stream"]])
def test_a_model_that_is_kept_labels_as_it_did(run, table, arguments, streamed):
    pytest.importorskip("skops")
    assert run(table, *arguments, "--save", "model.skops") == (0, "")
    other_order = table[table.columns[::-1]]
    assert run(other_order, "--model", "model.skops", *streamed, output="later.csv") == (0, "")
    assert Path("later.csv").read_text() == Path("labels.csv").read_text()


def test_a_model_that_is_kept_is_loaded_in_python(run):
    pytest.importorskip("skops")
    run(WORDS, "--save", "model.skops")
    proba = sklearn_labelmodel.load("model.skops").predict_proba(WORDS)
    labels = pd.read_csv("labels.csv")
    np.testing.assert_allclose(labels.filter(like="probability"), proba, rtol=0, atol=5.1e-5)


def test_a_model_of_a_long_table_knows_its_workers(run):
    pytest.importorskip("skops")
    long = WORDS.reset_index(names="task").melt("task").dropna()
    columns = ["--long", "task", "variable", "value"]
    assert run(long, *columns, "--save", "model.skops")[0] == 0
    few = long[long["variable"].isin(["j1", "j2"])]
    assert run(few, *columns, "--model", "model.skops")[0] == 0
    assert pd.read_csv("labels.csv")["task"].tolist() == few["task"].unique().tolist()


def test_what_does_not_fit_the_model_is_told(run):
    pytest.importorskip("skops")
    run(WORDS, "--save", "model.skops")
    status, errors = run(WORDS[["j1", "j2"]], "--model", "model.skops")
    assert status == 2
    assert "trained on the voter 'j3'" in errors
    status, errors = run(WORDS.assign(j5="ham"), "--model", "model.skops")
    assert status == 0
    assert "does not know j5" in errors


@pytest.mark.parametrize("file", ["votes.csv", "nothing.skops"])
def test_what_is_no_model_is_bad_input(run, file):
    pytest.importorskip("skops")
    status, errors = run(WORDS, "--model", file)
    assert status == 2
    assert "--model" in errors


@pytest.mark.parametrize("file", ["labels.csv", "votes.csv"])
def test_two_files_do_not_get_one_name(run, file):
    status, errors = run(WORDS, "--report", file)
    assert status == 2
    assert "choose another name" in errors


class Texts(HTMLParser):
    """The texts of a page."""

    def __init__(self):
        super().__init__()
        self.texts = []

    def handle_data(self, data):
        self.texts.append(data)


def test_the_report_is_a_page(run, tmp_path):
    (tmp_path / "report.html").write_text("old")
    os.chmod(tmp_path / "report.html", 0o640)
    inverted = WORDS.assign(j5=NAMES[1 - TRUTH])
    assert run(inverted, "--report", "report.html")[0] == 0
    page = Texts()
    page.feed((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert "j5" in " ".join(page.texts)
    assert (tmp_path / "report.html").stat().st_mode & 0o777 == 0o640


WITHOUT = """
import sys

sys.modules["pyarrow"] = sys.modules["skops"] = None
from sklearn_labelmodel._cli import main

runs = ["votes.parquet -o a.csv", "votes.csv -o a.parquet", "votes.csv -o a.csv.zst", "votes.csv -o a.csv --save m"]
assert [main(run.split()) for run in runs] == [2, 2, 2, 2]
"""


@pytest.mark.slow
def test_a_library_that_is_missing_is_told_before_the_work(tmp_path):
    (tmp_path / "votes.parquet").write_bytes(b"PAR1")
    WORDS.to_csv(tmp_path / "votes.csv", index=False)
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stderr.count("pip install pyarrow") == 3
    assert done.stderr.count("pip install skops") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["votes.csv", "votes.parquet"]
