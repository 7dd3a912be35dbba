"""The page of the guide: its examples in turn, each on its engine."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "guide" / "many_rows.rst"
pytestmark = pytest.mark.docs


def blocks():
    """Code of the page, each with what it prints."""
    text = PAGE.read_text(encoding="utf-8")
    pattern = r"code-block:: python\n\n((?:   .*\n|\n)+)(?:\n?\.\. code-block:: text\n\n((?:   .*\n|\n)+))?"
    return [
        tuple(re.sub(r"^   ", "", part, flags=re.MULTILINE).strip("\n") for part in pair)
        for pair in re.findall(pattern, text)
    ]


FILES, DUCKDB, POLARS, DASK, SPARK, COUNTS, PARTS = blocks()


@pytest.fixture
def printed(tmp_path, monkeypatch, capsys):
    """What an example prints, after that which writes the files, in a folder of its own."""

    def run(code):
        monkeypatch.chdir(tmp_path)
        names = {}
        exec(compile(FILES[0], PAGE.name, "exec"), names)
        if code == FILES[0]:
            return capsys.readouterr().out
        capsys.readouterr()
        exec(compile(code, PAGE.name, "exec"), names)
        return capsys.readouterr().out

    return run


@pytest.mark.parametrize(
    ("engine", "example"),
    [
        ("pyarrow", FILES),
        ("duckdb", DUCKDB),
        ("polars", POLARS),
        ("dask.dataframe", DASK),
        ("pyarrow", COUNTS),
        ("pyarrow", PARTS),
    ],
    ids=["files", "duckdb", "polars", "dask", "counts", "parts"],
)
# Of Dask's own use of pandas 3.
@pytest.mark.filterwarnings("ignore:The inplace keyword:DeprecationWarning")
def test_an_example_prints_what_the_page_says(engine, example, printed):
    module = pytest.importorskip(engine)
    if engine == "polars" and not hasattr(module.LazyFrame, "collect_batches"):
        pytest.skip("reads in batches from polars 1.34 on")
    code, output = example
    assert printed(code).strip("\n") == output


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore")
def test_the_example_of_spark_writes_labels(printed, tmp_path, monkeypatch):
    pytest.importorskip("pyspark")
    import sys

    import pyarrow.parquet as pq

    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    # Spark's own process may have been started in another folder.
    printed(re.sub(r'"(votes|labels)"', rf'"{tmp_path}/\1"', SPARK[0]))
    labels = pq.read_table(tmp_path / "labels", partitioning=None)
    assert labels.column_names == ["id", "probability_0", "probability_1"]
