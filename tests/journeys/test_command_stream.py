"""Tables that the command reads in two passes give the labels that they give in memory."""

from weakref import WeakSet

import numpy as np
import pandas as pd
import pytest
from helpers import make_votes

from sklearn_labelmodel._cli import main, rows, source
from sklearn_labelmodel._cli.cells import CellReader

BLOCK, N_ROWS = 100, 350
CODES, TRUTH = make_votes(N_ROWS, 4)
NUMBERS = pd.DataFrame(CODES, columns=["j1", "j2", "j3", "j4"]).assign(id=range(N_ROWS))
WORDS = NUMBERS.assign(
    **{name: NUMBERS[name].map({0: "ham", 1: "spam"}) for name in NUMBERS.columns[:4]}
)


@pytest.fixture
def labels_of(tmp_path, monkeypatch, capsys):
    """Run the command in an empty folder; the bytes that it wrote, and what it printed and complained of."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(source, "BLOCK", BLOCK)

    def call(table, *arguments, output="labels.csv"):
        if isinstance(table, pd.DataFrame):
            table.to_csv("votes.csv", index=False)
        status = main(["votes.csv", "-o", output, "--force", "--id", "id", *arguments])
        captured = capsys.readouterr()
        assert status == 0, captured.err
        return (tmp_path / output).read_bytes(), captured.out, captured.err

    return call


CASES = {
    "numbers": (NUMBERS, []),
    "words": (WORDS, ["--class-balance", "ham=40%,spam=60%"]),
    "another model": (WORDS, ["--dawid-skene"]),
    "gold labels": (
        WORDS.assign(truth=np.where(np.arange(N_ROWS) % 5, None, np.array(["ham", "spam"])[TRUTH])),
        ["--gold", "truth"],
    ),
    "a voter of the last rows": (WORDS.assign(j4=WORDS["j4"].where(np.arange(N_ROWS) > BLOCK)), []),
    "rows without a vote": (WORDS[:BLOCK].reindex(range(N_ROWS)).assign(id=range(N_ROWS)), []),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("table", "arguments"), CASES.values(), ids=CASES)
def test_two_passes_give_the_same_bytes(labels_of, table, arguments):
    at_once, _, _ = labels_of(table, *arguments)
    streamed, output, errors = labels_of(table, *arguments, "--stream")
    assert streamed == at_once
    assert errors == ""
    assert "Krippendorff's alpha" in output


def test_texts_that_come_late_make_a_column_of_texts(labels_of):
    late = NUMBERS.astype(str)
    late.iloc[-1, :4] = "2b"
    at_once, _, _ = labels_of(late)
    assert labels_of(late, "--stream")[0] == at_once
    assert b"probability_2b" in at_once


def test_findings_are_of_some_rows_where_there_are_many(labels_of, monkeypatch):
    monkeypatch.setattr(rows, "MOST_CELLS", BLOCK)
    _, output, _ = labels_of(WORDS, "--stream")
    step = 16
    assert f"All this is said of {len(range(0, N_ROWS, step)):,} rows, evenly spaced." in output


def test_scores_are_kept_as_numbers_and_not_as_texts():
    class Text(str):
        """Can be watched, as a str cannot."""

    kept = WeakSet()

    def frames():
        for block in range(2):
            cells = [Text(f"{block}.{row}") for row in range(9)]
            kept.update(cells)
            yield pd.DataFrame({"rating": cells, "rule": ["ham", "spam", ""] * 3}, dtype=object)

    judged = source.Source("judged.csv", ["rating", "rule"], frames, 36)
    table = rows.Table(judged, CellReader(), [], None, ["rating", "rule"], ["rating"])
    assert [len(part.votes) for part in table.parts()] == [9, 9]
    assert not kept
    ratings = table.looked_at.votes["rating"].tolist()
    assert ratings == [block + row / 10 for block in range(2) for row in range(9)]


def test_a_folder_of_parquet_is_read_in_two_passes(tmp_path, labels_of):
    pytest.importorskip("pyarrow")
    (tmp_path / "votes.csv").mkdir()
    for part in range(4):
        rows = WORDS.iloc[part * BLOCK : (part + 1) * BLOCK]
        rows.to_parquet(tmp_path / "votes.csv" / f"{part}.parquet", index=False)
    at_once, _, _ = labels_of(None)
    assert labels_of(None, "--stream")[0] == at_once


@pytest.mark.parametrize("other", [["--scores", "j1"], ["--long", "a", "b", "c"]])
def test_what_needs_all_rows_is_not_streamed(tmp_path, capsys, other):
    assert main(["votes.csv", "-o", str(tmp_path / "labels.csv"), "--stream", *other]) == 2
    assert "--stream and" in capsys.readouterr().err


@pytest.mark.parametrize("row", [0, 2 * BLOCK + 50])
@pytest.mark.parametrize("column", ["j2", "truth"])
def test_what_is_no_class_is_told_with_its_row(labels_of, capsys, row, column):
    table = WORDS.assign(truth=np.array(["ham", "spam"])[TRUTH])
    table.loc[row, column] = "eggs"
    table.to_csv("votes.csv", index=False)
    arguments = ["--gold", "truth", "--classes", "ham,spam", "--force", "--id", "id"]
    told = []
    for how in ([], ["--stream"]):
        assert main(["votes.csv", "-o", "labels.csv", *arguments, *how]) == 2
        told.append(capsys.readouterr().err)
    assert f", row {row}: " in told[0]
    assert told[0] == told[1]


FAULTS = {
    "a text": ("2b", "Votes are all numbers or all strings"),
    "a fraction": ("0.5", f"row {N_ROWS - 1}: the vote 0.5"),
}


@pytest.mark.parametrize(("cell", "message"), FAULTS.values(), ids=FAULTS)
def test_what_a_model_cannot_read_further_down_is_told(labels_of, capsys, cell, message):
    pytest.importorskip("skops")
    labels_of(NUMBERS, "--save", "model.skops")
    late = NUMBERS.astype(object)
    late.loc[N_ROWS - 1, "j2"] = cell
    late.to_csv("votes.csv", index=False)
    arguments = ["votes.csv", "-o", "labels.csv", "--id", "id", "--model", "model.skops", "--force"]
    for how in ([], ["--stream"]):
        assert main([*arguments, *how]) == 2
        assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("rows_of", "message"), [(0, "there is a header, but no row"), (BLOCK + 1, "there is no vote")]
)
def test_a_table_without_rows_or_votes_is_bad_input_for_a_model(
    labels_of, capsys, rows_of, message
):
    pytest.importorskip("skops")
    labels_of(NUMBERS, "--save", "model.skops")
    empty = NUMBERS[:rows_of].assign(j1=None, j2=None, j3=None, j4=None)
    empty.to_csv("votes.csv", index=False)
    arguments = ["votes.csv", "-o", "new.csv", "--id", "id", "--model", "model.skops"]
    for how in ([], ["--stream"]):
        assert main([*arguments, *how]) == 2
        assert message in capsys.readouterr().err


def test_a_warning_is_given_once_with_its_row_in_the_table(labels_of, capsys):
    late = NUMBERS.astype(object)
    late.loc[[BLOCK + 7, 2 * BLOCK + 50], "j2"] = "0.5"
    late.to_csv("votes.csv", index=False)
    main(["votes.csv", "-o", "labels.csv", "--id", "id", "--stream"])
    errors = capsys.readouterr().err
    assert f"warning: LF 'j2', row {BLOCK + 7}: the vote 0.5" in errors
    assert errors.count("warning: LF 'j2'") == 1
