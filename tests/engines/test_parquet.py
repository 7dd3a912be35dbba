"""Texts of Parquet files, which are read as dictionaries, against the same rows in one table."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from engines import count_rows
from numpy.testing import assert_array_equal
from pyarrow import fs

from sklearn_labelmodel import LabelModelClassifier
from sklearn_labelmodel._engines.sources import source_of

N_ROWS = 600
RNG = np.random.default_rng(0)
SAID = ["ham", "spam", "other", "neither of the two", None]
NAMES = ["a", "b", "c"]


def texts(kind=None, said=SAID):
    """Columns of texts, and one that tells the rows apart."""
    places = RNG.integers(len(said), size=(len(NAMES), N_ROWS))
    columns = [pa.array([said[place] for place in row], kind or pa.string()) for row in places]
    ids = pa.array(map(str, range(N_ROWS)), kind or pa.string())
    return pa.table([*columns, ids], names=[*NAMES, "id"])


def written(table, folder, **how):
    """A dataset of three files, each of some row groups."""
    folder.mkdir(exist_ok=True)
    third = table.num_rows // 3
    for part in range(3):
        path = folder / f"part-{part}.parquet"
        pq.write_table(table.slice(part * third, third), path, row_group_size=70, **how)
    return ds.dataset(folder)


def types_of(pieces):
    """Each column with each type that it comes in."""
    return {(field.name, str(field.type)) for piece in pieces for field in piece.rows.schema}


TABLE = texts()
FORMS = {
    "dictionaries": (TABLE, {}),
    "large strings": (texts(pa.large_string()), {}),
    "no dictionaries": (TABLE, {"use_dictionary": False}),
    "full dictionaries": (TABLE, {"dictionary_pagesize_limit": 8, "write_batch_size": 9}),
    "no schema of Arrow": (texts(pa.large_string()), {"store_schema": False}),
    "empty and missing": (texts(said=["", None]), {}),
    "missing alone": (texts(said=[None]), {}),
    "one column that Arrow reads as texts alone": (
        TABLE,
        {"use_dictionary": ["a"], "column_encoding": {"b": "DELTA_BYTE_ARRAY"}},
    ),
    "lengths first": (
        TABLE,
        {
            "use_dictionary": False,
            "column_encoding": dict.fromkeys(NAMES, "DELTA_LENGTH_BYTE_ARRAY"),
        },
    ),
}


@pytest.mark.parametrize("columns", [["a", "b"], ["b", "id"]], ids=["grouped", "one by one"])
@pytest.mark.parametrize("form", FORMS)
def test_texts_of_any_form_are_those_of_the_table(form, columns, tmp_path):
    table, how = FORMS[form]
    source = source_of(written(table, tmp_path, **how))
    assert source.count(count_rows, columns) == count_rows(table.select(columns))


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()], ids=str)
def test_texts_come_as_dictionaries_but_for_those_that_are_kept(kind, tmp_path):
    source = source_of(written(texts(kind), tmp_path))
    pieces = source.votes(["a", "b"], keep=["b", "id"])
    coded = str(pa.dictionary(pa.int32(), kind))
    assert types_of(pieces) == {("a", coded), ("b", str(kind)), ("id", str(kind))}


# Datasets of any kind -----------------------------------------------------------------------------


def keys_of_folders(folder):
    ds.write_dataset(
        TABLE, folder, format="parquet", partitioning=["b"], partitioning_flavor="hive"
    )
    return ds.dataset(folder, partitioning="hive")


def some_row_groups(folder):
    whole = written(TABLE, folder)
    parts = [file.subset(row_group_ids=[1]) for file in whole.get_fragments()]
    return ds.FileSystemDataset(parts, whole.schema, whole.format, whole.filesystem)


def files_of_other_types(folder):
    """The first file says that it is texts."""
    whole = written(TABLE, folder)
    numbers = TABLE.slice(0, 50).set_column(0, "a", pa.array(range(50)))
    pq.write_table(numbers, folder / "part-1.parquet")
    missing = TABLE.slice(0, 50).set_column(0, "a", pa.nulls(50))
    pq.write_table(missing, folder / "part-2.parquet")
    return ds.dataset(folder, schema=whole.schema)


def another_filesystem(folder):
    written(TABLE, folder)
    return ds.dataset("", filesystem=fs.SubTreeFileSystem(str(folder), fs.LocalFileSystem()))


READ_AS_DICTIONARIES = {
    "keys of folders": keys_of_folders,
    "some row groups": some_row_groups,
    "files of other types": files_of_other_types,
    "another filesystem": another_filesystem,
    "two datasets": lambda folder: ds.dataset([written(TABLE, folder)] * 2),
}


def filtered(folder):
    return written(TABLE, folder).filter(pc.field("id") > "3")


def feather(folder):
    ds.write_dataset(TABLE, folder, format="feather")
    return ds.dataset(folder, format="feather")


READ_AS_THEY_ARE = {
    "filtered": filtered,
    "Feather": feather,
    "in memory": lambda folder: ds.dataset(TABLE),
    "partly in memory": lambda folder: ds.dataset([written(TABLE, folder), ds.dataset(TABLE)]),
}


@pytest.mark.parametrize("name", READ_AS_DICTIONARIES | READ_AS_THEY_ARE)
def test_rows_of_any_dataset_are_those_that_arrow_reads(name, tmp_path):
    dataset = (READ_AS_DICTIONARIES | READ_AS_THEY_ARE)[name](tmp_path)
    expected = count_rows(dataset.to_table().select(["a", "b"]))
    assert source_of(dataset).count(count_rows, ["a", "b"]) == expected


@pytest.mark.parametrize("name", READ_AS_DICTIONARIES)
def test_texts_of_files_are_dictionaries_in_every_batch(name, tmp_path):
    pieces = source_of(READ_AS_DICTIONARIES[name](tmp_path)).votes(["a", "b"])
    coded = str(pa.dictionary(pa.int32(), pa.string()))
    assert types_of(pieces) == {("a", coded), ("b", coded)}


@pytest.mark.parametrize("name", READ_AS_THEY_ARE)
def test_texts_of_other_datasets_are_texts(name, tmp_path):
    pieces = source_of(READ_AS_THEY_ARE[name](tmp_path)).votes(["a", "b"])
    assert types_of(pieces) == {("a", "string"), ("b", "string")}


@pytest.mark.parametrize("row_groups", [[1, 8], [8, 1], [2, 0]], ids=str)
@pytest.mark.parametrize("chosen", ["of the file", "of the format"])
def test_row_groups_come_in_the_order_that_arrow_reads_them_in(chosen, row_groups, tmp_path):
    path = str(tmp_path / "part.parquet")
    pq.write_table(TABLE, path, row_group_size=50)
    whole = ds.dataset(path)
    if chosen == "of the file":
        (file,) = (part.subset(row_group_ids=row_groups) for part in whole.get_fragments())
    else:
        file = whole.format.make_fragment(path, whole.filesystem, row_groups=row_groups)
    dataset = ds.FileSystemDataset([file], whole.schema, whole.format, whole.filesystem)
    pieces = source_of(dataset).votes(["id"])
    read = [cell for piece in pieces for cell in piece.rows["id"].to_pylist()]
    assert read == dataset.to_table()["id"].to_pylist()


def test_a_missing_key_among_keys_that_are_dictionaries(tmp_path):
    """Arrow unifies no dictionary that holds a missing value."""
    keys_of_folders(tmp_path)
    dataset = ds.dataset(tmp_path, partitioning=ds.HivePartitioning.discover(infer_dictionary=True))
    source = source_of(dataset)
    assert source.count(count_rows, ["a", "b"]) == count_rows(TABLE.select(["a", "b"]))
    kept = source.map(lambda block: {}, ["a"], {}, keep=["b"]).read_all()["b"]
    assert kept.type == dataset.schema.field("b").type
    assert kept.to_pylist() == dataset.to_table()["b"].to_pylist()


@pytest.mark.parametrize("stored", ["texts", "dictionaries"])
def test_a_file_whose_codes_stand_for_no_value_is_named(stored, tmp_path):
    path = tmp_path / "part.parquet"
    texts = pa.array(SAID[:3] * 30)
    column = texts if stored == "texts" else texts.dictionary_encode()
    pq.write_table(pa.table({"a": column}), path, compression="none")
    chunk = pq.read_metadata(path).row_group(0).column(0)
    end = chunk.dictionary_page_offset + chunk.total_compressed_size
    # Two bits a code, of which the fourth is none of three texts.
    whole = path.read_bytes()
    path.write_bytes(whole[: end - 5] + b"\xff" * 5 + whole[end:])
    with pytest.raises(ValueError, match=r"part\.parquet cannot be read: codes of the column 'a'"):
        source_of(ds.dataset(path)).count(count_rows, ["a"])


def test_columns_that_may_not_be_missing_are_read(tmp_path):
    """Beside such a column, keys of folders are nullable."""
    schema = pa.schema([pa.field(name, pa.string(), nullable=name == "b") for name in "ab"])
    table = TABLE.select(["a", "b"]).filter(pc.is_valid(TABLE["a"])).cast(schema)
    ds.write_dataset(
        table, tmp_path, format="parquet", partitioning=["b"], partitioning_flavor="hive"
    )
    dataset = ds.dataset(tmp_path, partitioning="hive", schema=schema)
    assert source_of(dataset).count(count_rows, ["b", "a"]) == count_rows(table.select(["b", "a"]))


def test_a_fault_of_a_filtered_dataset_is_told(tmp_path):
    dataset = written(TABLE, tmp_path).filter(pc.field("id") > "3")
    (tmp_path / "part-1.parquet").write_bytes(b"PAR1")
    with pytest.raises(ValueError, match=r"(?i)parquet file size is 4 bytes"):
        source_of(dataset).count(count_rows, ["a"])


# Label models -------------------------------------------------------------------------------------

FRAME = TABLE.to_pandas()
LABELS = pa.array([SAID[row % 3] if row % 4 else None for row in range(N_ROWS)])


@pytest.mark.parametrize("many", [False, True], ids=["grouped", "one by one"])
def test_a_fit_with_labels_of_texts_has_the_bits_of_the_fit_in_memory(many, tmp_path):
    said = [*SAID, *(f"word {number}" for number in range(20))] if many else SAID
    table = texts(said=said).drop_columns(["id"]).append_column("gold", LABELS)
    L, gold = table.select(NAMES).to_pandas(), table["gold"].to_pandas()
    expected = LabelModelClassifier().fit(L, gold)
    model = LabelModelClassifier().fit(written(table, tmp_path), y="gold")
    assert model.classes_.tolist() == expected.classes_.tolist()
    assert_array_equal(model.mu_, expected.mu_)


def test_probabilities_of_texts_stand_beside_the_texts_that_are_kept(tmp_path):
    model = LabelModelClassifier().fit(FRAME[NAMES])
    made = model.predict_proba(written(TABLE, tmp_path), keep=["id", "a"]).read_all()
    assert made.select(["id", "a"]).equals(TABLE.select(["id", "a"]))
    proba = np.column_stack(made.columns[2:])
    assert_array_equal(proba, model.predict_proba(FRAME[NAMES]))


def test_weights_that_are_texts_are_refused_with_their_file(tmp_path):
    dataset = written(TABLE, tmp_path)
    with pytest.raises(
        ValueError,
        match=r"part-0\.parquet: sample_weight holds 'neither of the two', which is no weight",
    ):
        LabelModelClassifier().fit(dataset, sample_weight="c")
