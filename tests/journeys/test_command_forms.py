"""The command reads and writes tables of many forms, all alike."""

import gzip
import json

import numpy as np
import pandas as pd
import pytest
from helpers import make_votes

from sklearn_labelmodel import LabelModelClassifier
from sklearn_labelmodel._cli import main
from sklearn_labelmodel._cli.content import open_content, sniff_encoding

CODES, _ = make_votes(60, 4)
WORDS = np.array(["bär", "füchs", None], dtype=object)
VOTES = pd.DataFrame(WORDS[CODES], columns=["j1", "j2", "j3", "j4"])
TABLE = VOTES.assign(id=[f"r{row}" for row in range(60)])
CSV = TABLE.to_csv(index=False)
EXPECTED = LabelModelClassifier().fit(VOTES).predict_proba(VOTES)


@pytest.fixture
def label(tmp_path, monkeypatch, capsys):
    """Run the command in an empty folder on bytes; status, standard output and error."""
    monkeypatch.chdir(tmp_path)

    def call(data, *arguments, file="votes.csv", output="labels.csv"):
        if data is not None:
            (tmp_path / file).write_bytes(data.encode() if isinstance(data, str) else data)
        status = main([file, "-o", output, *arguments])
        return status, *capsys.readouterr()

    return call


def json_lines(table):
    rows = (row.dropna().to_dict() for _, row in table.iterrows())
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)


def zstd(data):
    return pytest.importorskip("pyarrow").compress(data, codec="zstd", asbytes=True)


def parquet(tmp_path, table=TABLE):
    pytest.importorskip("pyarrow")
    table.to_parquet(tmp_path / "made.parquet", index=False)
    return (tmp_path / "made.parquet").read_bytes()


# Reading ------------------------------------------------------------------------------------------

FORMS = {
    "commas": (CSV.encode(), "v.csv", ""),
    "semicolons": (TABLE.to_csv(index=False, sep=";").encode(), "v.csv", "by semicolons"),
    "tabs": (TABLE.to_csv(index=False, sep="\t").encode(), "v.txt", "by tabs"),
    "tsv": (TABLE.to_csv(index=False, sep="\t").encode(), "v.tsv", ""),
    "bars": (TABLE.to_csv(index=False, sep="|").encode(), "v.csv", "by bars"),
    "byte order mark": (CSV.encode("utf-8-sig"), "v.csv", ""),
    "utf-16": (CSV.encode("utf-16"), "v.csv", "read as utf-16"),
    "utf-16 without a mark": (CSV.encode("utf-16-be"), "v.csv", "read as utf-16-be"),
    "utf-32": (CSV.encode("utf-32"), "v.csv", "read as utf-32"),
    "latin-1": (CSV.encode("latin-1"), "v.csv", "no UTF-8, so read as cp1252"),
    "lines of Windows": (CSV.replace("\n", "\r\n").encode(), "v.csv", ""),
    "lines of old Macs": (CSV.replace("\n", "\r").encode(), "v.csv", ""),
    "separators too many": (CSV.replace("\n", ",,\n").encode(), "v.csv", ""),
    "empty lines": (CSV.replace("\n", "\n\n").encode(), "v.csv", ""),
    "quotes": (TABLE.to_csv(index=False, quoting=1).encode(), "v.csv", ""),
    "no suffix": (CSV.encode(), "votes", ""),
    "gzip": (gzip.compress(CSV.encode()), "v.csv.gz", ""),
    "json lines": (json_lines(TABLE).encode(), "v.jsonl", ""),
    "packed json lines": (gzip.compress(json_lines(TABLE).encode()), "v.ndjson.gz", ""),
}


@pytest.mark.slow
@pytest.mark.parametrize(("data", "file", "said"), FORMS.values(), ids=FORMS)
def test_every_form_gives_the_same_labels(label, data, file, said):
    status, _, errors = label(data, "--id", "id", file=file)
    assert (status, errors.count("\n")) == (0, bool(said))
    assert said in errors
    assert_labels(pd.read_csv("labels.csv"))


def assert_labels(labels):
    assert labels.columns.tolist() == ["id", "label", "probability_bär", "probability_füchs"]
    assert labels["id"].tolist() == TABLE["id"].tolist()
    np.testing.assert_allclose(labels.iloc[:, 2:], EXPECTED, rtol=0, atol=5.1e-5)


def test_zstd_is_read(label):
    assert label(zstd(CSV.encode()), "--id", "id", file="v.csv.zst")[0] == 0
    assert_labels(pd.read_csv("labels.csv"))


def test_a_folder_of_parquet_is_read_in_the_order_of_names(label, tmp_path):
    for part, name in ((TABLE[:25], "a/1"), (TABLE[25:25], "a/2"), (TABLE[25:], "b/0")):
        (tmp_path / "votes" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "votes" / f"{name}.parquet").write_bytes(parquet(tmp_path, part))
    assert label(None, "--id", "id", file="votes")[0] == 0
    assert_labels(pd.read_csv("labels.csv"))


def test_another_separator_than_the_file_has_is_doubted(label):
    assert "see --sep" in label(CSV, "--id", "id", "--sep", ";")[2]
    assert label(CSV, "--id", "id", "--sep", ",")[0] == 0


def test_lists_in_parquet_are_read_as_in_json_lines(label, tmp_path):
    table = TABLE.assign(spans=[[row, row + 1] for row in range(60)])
    read = []
    for data, file in ((json_lines(table), "v.jsonl"), (parquet(tmp_path, table), "v.parquet")):
        output = f"{file}.csv"
        assert label(data, "--id", "id", "spans", file=file, output=output)[0] == 0
        read.append((tmp_path / output).read_text(encoding="utf-8"))
    assert read[0] == read[1]
    assert pd.read_csv("v.jsonl.csv")["spans"][7] == "[7, 8]"


def test_what_is_said_of_the_form_comes_before_what_is_found_out(label):
    data = TABLE.to_csv(index=False, sep="#").encode("cp1250")
    assert label(data, "--id", "id", "--sep", "#", "--encoding", "cp1250")[0::2] == (0, "")
    assert_labels(pd.read_csv("labels.csv"))


@pytest.mark.parametrize("typed", ["tab", "\\t", "\t"])
def test_a_tab_is_typed_in_many_ways(label, typed):
    assert label(CSV.replace(",", "\t"), "--id", "id", "--sep", typed)[0] == 0


def test_decimal_commas_and_per_cents_are_scores(label):
    lines = [
        f"{'ja' if rating > 50 else 'nein'};{rating / 10:.1f};{rating}%"
        for rating in range(0, 101, 4)
    ]
    data = "\n".join(["urteil;note;sicher", *lines]).replace(".", ",")
    assert label(data, "--scores", "note,sicher")[0] == 0
    labels = pd.read_csv("labels.csv")
    assert labels["label"].iloc[[0, -1]].tolist() == ["nein", "ja"]


def test_bytes_that_windows_does_not_know_are_latin_1(tmp_path):
    (tmp_path / "votes.csv").write_bytes(b"a\n\xe4\x81\n")
    with open_content(str(tmp_path / "votes.csv")) as content:
        assert sniff_encoding(content) == "latin-1"


BAD = {
    "workbook": (b"PK\x03\x04rest", "v.xlsx", "Save the table as CSV"),
    "bytes": (bytes(range(256)) * 4, "v.csv", "is no text"),
    "empty": (b"", "v.csv", "the file is empty"),
    "a mark only": (b"\xef\xbb\xbf\n", "v.csv", "the file is empty"),
    "cut gzip": (gzip.compress(CSV.encode())[:-9], "v.csv.gz", "v.csv.gz: cannot be read"),
    "open quote": (b'a,b\nx,"y\nx,y\n', "v.csv", "line 2: .*never closed"),
    "stray quote": (b'a,b\n"x"x,y\n', "v.csv", "line 2: .*write a quote twice"),
    "nameless column": (b"a,b,\nx,y,\nx,y,z\n", "v.csv", "column 3 has no name in the header, and holds 'z'"),
    "title": (b"Votes\na,b\nx,y\n", "v.csv", "line 2 has 2 cells and the header 1"),
    "json": (b'[{"a": 1}]', "v.json", "one object a line"),
    "cut json": (b'{"a": 1}\n{"a"', "v.jsonl", "line 2 is no JSON"),
    "encoding": (b"a\nx\n", "v.csv --encoding klingon", "--encoding klingon: there is no such encoding"),
    "codec": (b"a\nx\n", "v.csv --encoding base64", "--encoding base64: there is no such encoding"),
    "wrong encoding": (b"a\n\xe4\n", "v.csv --encoding utf-8", "v.csv: cannot be read"),
    "separator": (b"a\nx\n", "v.csv --sep ab", "a separator is one sign"),
    "cut parquet": (b"PAR1" + bytes(40), "v.parquet", "v.parquet: cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "typed", "message"), BAD.values(), ids=BAD)
def test_what_is_no_table_is_bad_input(label, data, typed, message):
    file, *arguments = typed.split()
    status, output, errors = label(data, *arguments, file=file)
    assert (status, output, errors.count("\n")) == (2, "", 1)
    assert pd.Series([errors]).str.contains(message).all(), errors


@pytest.mark.parametrize("fault", ["column", "type", "cut"])
def test_a_file_of_a_folder_that_is_at_fault_is_named(label, tmp_path, fault):
    folder = tmp_path / "votes"
    folder.mkdir()
    whole = parquet(tmp_path)
    (folder / "a.parquet").write_bytes(whole)
    other = {
        "column": TABLE.rename(columns={"j2": "j7"}),
        "type": TABLE.assign(j1=np.arange(60)),
        "cut": TABLE,
    }[fault]
    bad = parquet(tmp_path, other)
    (folder / "b.parquet").write_bytes(bad[: len(bad) // 2] if fault == "cut" else bad)
    status, _, errors = label(None, "--id", "id", file="votes")
    assert status == 2
    assert "b.parquet: cannot be read" in errors


@pytest.mark.parametrize("lacks", ["a", "b"])
def test_the_file_of_a_folder_that_lacks_a_column_is_named(label, tmp_path, lacks):
    (tmp_path / "votes").mkdir()
    for name in "ab":
        rows = TABLE.drop(columns="j2") if name == lacks else TABLE
        (tmp_path / "votes" / f"{name}.parquet").write_bytes(parquet(tmp_path, rows))
    *_, errors = label(None, "--id", "id", file="votes")
    has, first = ("no", "has") if lacks == "b" else ("a", "lacks")
    assert f"b.parquet: cannot be read (it has {has} column 'j2', which the first file" in errors
    assert errors.endswith(f"a.parquet, {first}).\n")


def test_json_lines_name_columns_that_come_late(label):
    late = VOTES.assign(late=[None] * 50 + ["bär"] * 10)
    assert label(json_lines(late), file="v.jsonl")[0] == 0
    assert label(json_lines(VOTES), file="v.jsonl", output="b.csv")[0] == 0
    assert not pd.read_csv("labels.csv").equals(pd.read_csv("b.csv"))


# Writing ------------------------------------------------------------------------------------------

READ = {
    "labels.csv.gz": pd.read_csv,
    "labels.tsv": lambda path: pd.read_csv(path, sep="\t"),
    "labels.jsonl": lambda path: pd.read_json(path, lines=True),
    "labels.ndjson.gz": lambda path: pd.read_json(path, lines=True),
}


@pytest.mark.parametrize(("output", "read"), READ.items(), ids=READ)
def test_labels_are_written_in_every_form(label, output, read):
    assert label(CSV, "--id", "id", output=output)[0] == 0
    assert_labels(read(output))


def test_packed_labels_are_the_same_bytes_every_time(label, tmp_path):
    for output in ("a.csv.gz", "b.csv.gz"):
        label(CSV, "--id", "id", output=output)
    assert (tmp_path / "a.csv.gz").read_bytes() == (tmp_path / "b.csv.gz").read_bytes()


def test_zstd_is_written(label, tmp_path):
    pa = pytest.importorskip("pyarrow")
    assert label(CSV, "--id", "id", output="labels.csv.zst")[0] == 0
    with pa.input_stream(str(tmp_path / "labels.csv.zst"), compression="zstd") as stream:
        assert_labels(pd.read_csv(stream))


def test_probabilities_have_four_digits(label, tmp_path):
    label(CSV, "--id", "id")
    cells = [line.split(",")[2:] for line in (tmp_path / "labels.csv").read_text().splitlines()[1:]]
    assert {len(cell) for row in cells for cell in row} == {len("0.1234")}


@pytest.mark.parametrize(
    "output", ["labels.parquet.gz", "labels.PARQUET.zst", "labels.xlsx", "labels", "labels.gz"]
)
def test_a_name_that_says_no_form_is_bad_input(label, output):
    status, _, errors = label(CSV, "--id", "id", output=output)
    assert status == 2
    assert "the name" in errors


FORMULAS = ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\t=1", " =1", "\uff1d1"]
PLAIN = ["-1", "+1.5", "-3,5", "-7%", "-", "+", "a=1", "-1e5"]


@pytest.mark.parametrize("output", ["labels.csv", "labels.tsv"])
def test_cells_that_a_spreadsheet_would_run_get_a_quote(label, output):
    ids = [*FORMULAS, *PLAIN]
    table = VOTES[: len(ids)].assign(**{"=id": ids})
    assert label(table.to_csv(index=False), "--id", "=id", output=output)[0] == 0
    written = pd.read_csv(
        output, sep="\t" if "tsv" in output else ",", dtype=str, keep_default_na=False
    )
    assert written.columns[0] == "'=id"
    assert written.iloc[:, 0].tolist() == [*(f"'{cell}" for cell in FORMULAS), *PLAIN]


@pytest.mark.parametrize(("output", "arguments"), [("labels.csv", ["--raw"]), ("labels.jsonl", [])])
def test_cells_stay_as_they_are_where_that_is_asked_or_does_no_harm(
    label, tmp_path, output, arguments
):
    table = VOTES[:7].assign(id=FORMULAS)
    assert label(table.to_csv(index=False), "--id", "id", *arguments, output=output)[0] == 0
    text = (tmp_path / output).read_text()
    assert "=1+1" in text
    assert "'=1+1" not in text
