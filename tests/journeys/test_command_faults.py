"""The command refuses and warns as the library does, in words of its own, and leaves alone what it did not make."""

import os
import re
import stat

import numpy as np
import pandas as pd
import pytest
from helpers import make_votes

from sklearn_labelmodel._cli import main
from sklearn_labelmodel._cli.messages import in_options

VOTES, TRUTH = make_votes(60, 4, coverage=1.0)
WORDS = pd.DataFrame(np.array(["good", "poor"])[VOTES], columns=["j1", "j2", "j3", "j4"])
GOLD = np.array(["good", "poor"])[TRUTH]


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run the command on a table in an empty folder; status and standard error."""
    monkeypatch.chdir(tmp_path)

    def call(table, *arguments, file="votes.csv", output="labels.csv"):
        if isinstance(table, str):
            (tmp_path / file).write_text(table)
        elif file.endswith("parquet"):
            table.to_parquet(file)
        else:
            table.to_csv(file, index=False)
        status = main([file, "-o", output, *arguments])
        return status, capsys.readouterr().err

    return call


def with_cells(value, column="j2", rows=slice(None, None, 5), table=WORDS):
    changed = table.astype(object)
    changed.loc[changed.index[rows], column] = value
    return changed


# Words --------------------------------------------------------------------------------------------

LONG = pd.DataFrame(
    {
        "task": np.repeat([f"t{i}" for i in range(40)], 3),
        "worker": np.tile(["ann", "bob", "cleo"], 40),
        "label": np.tile(["ham", "spam"], 60),
    }
)
FAULTS = {
    "mark": (with_cells("N/A"), [], "pass --abstain N/A"),
    "words": (with_cells("not sure"), [], "pass --abstain 'not sure'"),
    "two marks": (
        with_cells("-", "j3", slice(1, None, 5), with_cells("unsure")),
        [],
        "pass --abstain - --abstain unsure",
    ),
    "number": (
        with_cells(99, table=pd.DataFrame(VOTES, columns=list("abcd")), column="b"),
        [],
        "--abstain 99",
    ),
    "mixed": (WORDS.assign(j1=VOTES[:, 0]), [], "pass --scores j1, or --id j1"),
    "mixed mark": (
        with_cells("N/A", "b", table=pd.DataFrame(VOTES, columns=list("abcd"))),
        [],
        "pass --abstain N/A",
    ),
    "variants": (with_cells("Good."), [], "differ in spelling"),
    "case": (with_cells("GOOD"), [], "differ in case or blanks"),
    "identifier": (WORDS.assign(row=[f"r{i}" for i in range(60)]), [], "pass --id row"),
    "index": (pd.DataFrame(VOTES).reset_index(names=""), [], "pass --id ''"),
    "index beside words": (WORDS.reset_index(names=""), [], "pass --id ''"),
    "gold mark": (
        WORDS.assign(truth=np.where(np.arange(60) < 40, GOLD, "?")),
        ["--gold", "truth"],
        "in the --gold",
    ),
    "gold kinds": (WORDS.assign(truth=TRUTH), ["--gold", "truth"], "numbers"),
    "gold spelling": (
        WORDS.assign(truth=np.where(np.arange(60) < 40, np.char.upper(GOLD), None)),
        ["--gold", "truth"],
        "differ in case",
    ),
    "class balance": (
        WORDS,
        ["--class-balance", "good=0.5", "bad=0.5"],
        "--class-balance names 'bad'",
    ),
    "share twice": (WORDS, ["--class-balance", "good=.5", "good=.4"], "'good' more than once"),
    "classes": (WORDS, ["--classes", "good", "fair"], "add it to --classes"),
    "transposed": (WORDS.T, [], "exchange rows and columns"),
    "two voters": (WORDS[["j1", "j2"]], [], "cannot identify"),
    "scores": (
        pd.DataFrame(VOTES * 5 + np.arange(60)[:, None] % 6, columns=list("abcd")).assign(
            truth=[str(label) if row < 40 else "" for row, label in enumerate(TRUTH)]
        ),
        ["--gold", "truth"],
        "threshold",
    ),
    "zeros": (
        pd.DataFrame(
            np.where(
                make_votes(300, 4, coverage=0.4)[0] < 0, 0, make_votes(300, 4, coverage=0.4)[0] + 1
            )
        ),
        [],
        "pass --abstain 0",
    ),
    "fractions": (WORDS.assign(j1=np.linspace(0.1, 0.9, 60)), [], "pass --scores j1"),
    "long": (LONG, ["--id", "task"], "--long task worker label"),
    "long, two ids": (LONG, ["--id", "task", "worker"], "--long task worker label"),
}


@pytest.mark.slow
@pytest.mark.parametrize(("table", "arguments", "expected"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_told_in_options(run, table, arguments, expected):
    _, said = run(table, *arguments)
    assert expected in said
    assert not re.search(
        r"`|\bNone\b|\bNaN\b|\w=['\[]|pass L|\by\b|class_balance|prec_init|str\.", said
    )


@pytest.mark.parametrize(
    "name",
    [
        "identifier",
        "index",
        "mixed",
        "gold kinds",
        "scores",
        "long",
        "long, two ids",
        "classes",
    ],
)
def test_bad_input_writes_nothing_and_ends_with_two(run, tmp_path, name):
    table, arguments, _ = FAULTS[name]
    table = (
        table.assign(truth=np.where(np.arange(60) < 30, TRUTH, None))
        if name == "gold kinds"
        else table
    )
    assert run(table, *arguments)[0] == 2
    assert not (tmp_path / "labels.csv").exists()


def test_the_remedies_work(run):
    both = with_cells("-", "j3", slice(1, None, 5), with_cells("unsure"))
    assert run(both, "--abstain", "-", "--abstain", "unsure") == (0, "")
    assert pd.read_csv("labels.csv").columns.tolist() == [
        "label",
        "probability_good",
        "probability_poor",
    ]
    assert run(WORDS.reset_index(names=""), "--id", "", "--force") == (0, "")
    status, said = run(with_cells("unsure"), "--classes", "unsure", "poor", "good", "--force")
    assert (status, said) == (0, "")
    assert pd.read_csv("labels.csv").columns.tolist()[1:] == [
        "probability_unsure",
        "probability_poor",
        "probability_good",
    ]


def test_several_messages_are_translated_whole():
    said = in_options(
        "set abstain=[-1, 'n/a'] or replace it by None; or name the classes (`classes`)."
    )
    assert (
        said
        == "pass --abstain -1 --abstain n/a or empty the cell; or name the classes (--classes)."
    )


# What is left alone -------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o640, 0o600, 0o664])
def test_a_file_that_is_overwritten_keeps_its_mode(run, tmp_path, mode):
    output = tmp_path / "labels.csv"
    output.write_text("before")
    output.chmod(mode)
    assert run(WORDS, "--force")[0] == 0
    assert stat.S_IMODE(output.stat().st_mode) == mode
    assert output.read_text().startswith("label,")


@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_and_its_end_is_written(run, tmp_path, there):
    (tmp_path / "results").mkdir()
    end, output = tmp_path / "results" / "real.csv", tmp_path / "labels.csv"
    if there:
        end.write_text("before")
        end.chmod(0o640)
    output.symlink_to(end)
    assert run(WORDS, "--force")[0] == 0
    assert output.is_symlink()
    assert end.read_text().startswith("label,")
    assert not there or stat.S_IMODE(end.stat().st_mode) == 0o640
    assert {path.name for path in tmp_path.rglob("*")} == {
        "results",
        "real.csv",
        "labels.csv",
        "votes.csv",
    }


def test_a_second_name_of_the_output_stays_one(run, tmp_path):
    output, second = tmp_path / "labels.csv", tmp_path / "second.csv"
    output.write_text("before")
    os.link(output, second)
    assert run(WORDS, "--force")[0] == 0
    assert output.samefile(second)
    assert second.read_text() == output.read_text() != "before"


@pytest.mark.parametrize("output", ["labels.csv", "labels.parquet"])
def test_identifiers_of_a_parquet_file_stay_as_they_are(run, output):
    ids = pd.array([2**60 + row if row % 7 else None for row in range(60)], dtype="Int64")
    run(WORDS.assign(id=ids), "--id", "id", file="votes.parquet", output=output)
    written = (
        pd.read_csv(output, dtype={"id": "Int64"})
        if output.endswith("csv")
        else pd.read_parquet(output)
    )
    assert written["id"].astype("Int64").tolist() == ids.tolist()


def test_the_named_index_of_a_parquet_file_is_no_voter(run):
    table = WORDS.set_index(pd.Index([f"t{row}" for row in range(60)], name="task"))
    assert run(table, "--id", "task", file="votes.parquet") == (0, "")
    assert pd.read_csv("labels.csv")["task"].tolist() == table.index.tolist()
    assert run(table, "--force", file="votes.parquet") == (0, "")


def test_large_whole_numbers_in_cells_stay_apart(run):
    table = pd.DataFrame(
        np.where(VOTES, "123456789012345678.0", "123456789012345679.0"), columns=list("abcd")
    )
    assert run(table)[0] == 0
    assert pd.read_csv("labels.csv").columns.tolist()[1:] == [
        "probability_123456789012345678",
        "probability_123456789012345679",
    ]


def test_a_file_that_an_option_swallowed_is_told(capsys):
    with pytest.raises(SystemExit):
        main(["--id", "id", "votes.csv", "-o", "labels.csv"])
    assert "required: VOTES. It comes first" in capsys.readouterr().err
