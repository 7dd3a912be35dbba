"""The console command."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from helpers import make_votes
from numpy.testing import assert_allclose

from sklearn_labelmodel import LabelModelClassifier
from sklearn_labelmodel._cli import main

VOTES = "id,a,b,c\n01,spam,,spam\n02,ham,ham,\n03,spam,ham,ham\n04,,,\n05,ham,ham,ham\n"


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run the command in a folder with this votes.csv; status, standard output and error."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments, votes=VOTES, file="votes.csv"):
        if isinstance(votes, str):
            (tmp_path / file).write_text(votes)
        status = main([file, "-o", "labels.csv", *arguments])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def test_labels_and_probabilities(run):
    status, _, errors = run("--id", "id")
    labels = pd.read_csv("labels.csv", dtype={"id": str})
    assert (status, errors) == (0, "")
    assert labels.columns.tolist() == ["id", "label", "probability_ham", "probability_spam"]
    assert labels["id"].tolist() == ["01", "02", "03", "04", "05"]
    assert labels["label"].tolist()[:2] == ["spam", "ham"]
    assert_allclose(labels[["probability_ham", "probability_spam"]].sum(axis=1), 1)


def test_probabilities_are_the_label_models(run):
    L, _ = make_votes()
    run(votes=pd.DataFrame(L).to_csv(index=False))
    written = pd.read_csv("labels.csv")[["probability_0", "probability_1"]]
    assert_allclose(written, LabelModelClassifier().fit(L).predict_proba(L), rtol=0, atol=5.1e-5)


@pytest.mark.parametrize("votes", [VOTES, VOTES.replace("ham", "0").replace("spam", "1")])
def test_class_balance_is_the_label_models(run, votes):
    names = ["ham", "spam"] if "ham" in votes else ["0", "1"]
    balance = [f"{names[1]}=0.8", f"{names[0]}=0.2"]
    assert run("--id", "id", "--class-balance", *balance, votes=votes)[0] == 0
    written = pd.read_csv("labels.csv")[[f"probability_{name}" for name in names]]
    L = pd.read_csv("votes.csv", dtype=str)[["a", "b", "c"]]
    model = LabelModelClassifier(class_balance=dict(zip(names, [0.2, 0.8], strict=True))).fit(L)
    assert_allclose(written, model.predict_proba(L), rtol=0, atol=5.1e-5)


@pytest.mark.parametrize("pair", ["spam", "spam=", "=0.1", "spam=much"])
def test_class_balance_that_is_none_is_bad_input(run, pair):
    status, _, errors = run("--id", "id", "--class-balance", pair, "ham=0.5")
    assert status == 2
    assert f"--class-balance '{pair}' is no class and its share, such as spam=0.1" in errors


def test_class_balance_of_unknown_classes_names_them(run):
    status, _, errors = run("--id", "id", "--class-balance", "spam=0.1", "eggs=0.9")
    assert status == 2
    assert "--class-balance names 'eggs', which is none of the classes ['ham', 'spam']" in errors


def test_rows_without_a_vote_have_no_label(run):
    run("--id", "id")
    assert pd.read_csv("labels.csv")["label"].isna().tolist() == [False, False, False, True, False]


def test_whole_numbers_stay_whole_beside_rows_without_a_label(run, tmp_path):
    run(votes="a,b,c\n1,1,0\n,,\n0,0,1\n")
    lines = (tmp_path / "labels.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in lines] == ["label", "1", "", "0"]


def test_the_summary_is_printed(run):
    _, output, _ = run("--id", "id")
    assert [line.split()[0] for line in output.splitlines()[2:5]] == ["a", "b", "c"]
    assert "5 rows written to labels.csv" in output


def test_gold_labels_anchor(run):
    L, y = make_votes()
    gold = np.where(np.arange(len(y)) < 50, y, -1)
    table = pd.DataFrame(L).assign(truth=pd.Series(gold, dtype=object).where(gold >= 0, None))
    _, output, _ = run("--gold", "truth", votes=table.to_csv(index=False))
    expected = LabelModelClassifier().fit(L, gold).predict_proba(L)
    assert_allclose(pd.read_csv("labels.csv")["probability_1"], expected[:, 1], rtol=0, atol=5.1e-5)
    assert "empirical_accuracy" in output


@pytest.mark.parametrize("abstain", ["9", "?"])
def test_abstain_marker(run, abstain):
    run("--id", "id")
    expected = pd.read_csv("labels.csv")
    marked = VOTES.replace(",,", f",{abstain},").replace(",,", f",{abstain},")
    run("--id", "id", "--abstain", abstain, "--force", votes=marked)
    pd.testing.assert_frame_equal(pd.read_csv("labels.csv"), expected)


def test_numbers_that_are_codes_stay_as_written(run):
    run(votes="a,b,c\n01,01,\n02,,02\n01,01,02\n")
    assert pd.read_csv("labels.csv").columns.tolist() == [
        "label",
        "probability_01",
        "probability_02",
    ]


def test_texts_that_pandas_takes_for_missing_are_votes(run):
    run(votes="a,b,c\nNA,NA,\nnone,,none\nNA,none,NA\n")
    assert pd.read_csv("labels.csv").columns.tolist()[1:] == ["probability_NA", "probability_none"]


def test_spaces_around_votes_do_not_matter(run):
    run(votes="a,b,c\n yes,yes , no\nno,no,yes\nyes, ,no\n")
    assert pd.read_csv("labels.csv").columns.tolist()[1:] == ["probability_no", "probability_yes"]


def test_parquet(run, tmp_path):
    pytest.importorskip("pyarrow")
    L, _ = make_votes()
    pd.DataFrame(L).rename(columns=str).to_parquet(tmp_path / "votes.parquet")
    status, _, _ = run("-o", "labels.parquet", votes=None, file="votes.parquet")
    assert status == 0
    written = pd.read_parquet("labels.parquet")
    assert written["label"].dtype == "Int64"
    assert_allclose(written["probability_1"], LabelModelClassifier().fit(L).predict_proba(L)[:, 1])


@pytest.mark.parametrize(
    ("votes", "arguments", "message"),
    [
        ("a,b,c\n1,1,0\n1,0.35,3\n", (), "votes.csv: LF 'b', row 1: the vote 0.35"),
        ("a,b,c\n1,1,0\nx,0,1\n", (), "votes.csv: Votes are all numbers or all strings"),
        ("a,b,a\n1,1,0\n", (), "votes.csv: two columns are called 'a'"),
        ("a,b,c\n1,1,0\n1,0,1,1\n", (), "votes.csv: line 3 has 4 cells and the header 3"),
        ("a,b,c\n1,1,0\n1,0\n", (), "votes.csv: line 3 has 2 cells and the header 3"),
        ("a,b,c\n", (), "votes.csv: there is a header, but no row"),
        ("a,b,c\n,-1,\n", (), "votes.csv: there is no vote"),
        ("", (), "votes.csv: the file is empty"),
        (
            VOTES,
            ("--gold", "truth"),
            "votes.csv: --gold names 'truth'; the columns are id, a, b, c",
        ),
        (VOTES, ("--id", "a", "key"), "votes.csv: --id names 'key'"),
        (VOTES, ("--id", "id", "a", "b", "c"), "votes.csv: no column is left for the votes"),
        (VOTES, ("--id", "id", "--gold", "id"), "both as --gold and as --id"),
        (
            VOTES.replace("id", "label"),
            ("--id", "label"),
            "'label' is also the name of a column of results",
        ),
        (
            VOTES,
            ("-o", "labels.txt"),
            "labels.txt: the name must end in .csv, .tsv, .jsonl, .ndjson or .parquet",
        ),
        (VOTES, ("-o", "nowhere/labels.csv"), "the folder nowhere does not exist"),
        (VOTES, ("-o", "votes.csv", "--force"), "votes.csv is the file of votes itself"),
    ],
)
def test_bad_input(run, votes, arguments, message):
    status, output, errors = run(*arguments, votes=votes)
    assert (status, output) == (2, "")
    assert message in errors
    assert errors.count("\n") == 1


def test_a_file_that_is_not_there(run):
    status, _, errors = run(votes=None, file="nothing.csv")
    assert status == 2
    assert "nothing.csv: no such file" in errors


def test_an_existing_file_is_not_overwritten(run, tmp_path):
    (tmp_path / "labels.csv").write_text("precious")
    status, _, errors = run("--id", "id")
    assert status == 2
    assert "pass --force" in errors
    assert (tmp_path / "labels.csv").read_text() == "precious"


def test_force_overwrites(run, tmp_path):
    (tmp_path / "labels.csv").write_text("old")
    assert run("--id", "id", "--force")[0] == 0
    assert (tmp_path / "labels.csv").read_text().startswith("id,label")


def test_nothing_is_left_where_writing_fails(run, tmp_path):
    (tmp_path / "labels.csv").mkdir()
    status, _, errors = run("--id", "id", "--force")
    assert status == 1
    assert "labels.csv" in errors
    assert sorted(path.name for path in tmp_path.iterdir()) == ["labels.csv", "votes.csv"]


def test_a_fit_that_fails(run, monkeypatch):
    def diverges(self, L, y=None):
        raise FloatingPointError("Training diverged.")

    monkeypatch.setattr(LabelModelClassifier, "fit", diverges)
    status, _, errors = run("--id", "id")
    assert status == 1
    assert "Training diverged" in errors


def test_warnings_are_one_line_each(run):
    status, _, errors = run(votes="a,b\n1,1\n0,1\n")
    assert status == 0
    assert errors.startswith("labelmodel: warning: The votes cannot identify")
    assert errors.count("\n") == 1


def test_wrong_usage_leaves_with_two(run):
    with pytest.raises(SystemExit) as left:
        main(["votes.csv"])
    assert left.value.code == 2


@pytest.mark.slow
def test_python_dash_m():
    command = [sys.executable, "-m", "sklearn_labelmodel", "--help"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stdout.startswith("usage: labelmodel")
