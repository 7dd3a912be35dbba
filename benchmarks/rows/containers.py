"""Time fit on the same votes in each container, against int8: python -m benchmarks.rows.containers."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from sklearn_labelmodel import LabelModelClassifier
from sklearn_labelmodel._votes.reader import read_votes

from ..tables import Goal, print_goals, print_table
from .data import piece

# Texts of a word, of a view, and longer.
WORDS = [("ham", "spam"), ("positive", "negative"), ("answers it", "does not answer it")]
MOST = 3
CHUNK = 1 << 17
STREAMED = ("Dataset", "LazyFrame")


def texts_of(votes: pa.Table, words: tuple[str, str]) -> pa.Table:
    """The votes 0 and 1 as words, and -1 as a missing cell."""
    values = pa.array(words)
    columns = [values.take(pa.array(c.to_numpy(), mask=c.to_numpy() < 0)) for c in votes.columns]
    return pa.table(columns, names=votes.column_names)


def in_memory(texts: pa.Table) -> Iterator[tuple[str, Any]]:
    """The same texts as each kind of column."""
    names = texts.column_names
    coded = pa.table({name: texts.column(name).dictionary_encode() for name in names})
    frame = pl.from_arrow(texts)
    yield "pyarrow string", texts
    yield (
        "pyarrow string, in chunks",
        pa.concat_tables([texts.slice(i, CHUNK) for i in range(0, len(texts), CHUNK)]),
    )
    yield "pyarrow string_view", texts.cast(pa.schema([(name, pa.string_view()) for name in names]))
    yield "pyarrow dictionary", coded
    yield "polars String", frame
    yield "polars Categorical", frame.cast(pl.Categorical)
    yield "pandas str", texts.to_pandas().astype("str")
    yield "pandas category", coded.to_pandas()


def on_disk(votes: pa.Table, texts: pa.Table, folder: Path) -> Iterator[tuple[str, Any]]:
    """The same votes in Parquet, read as a stream: as int8, and as texts."""
    paths = {"int8": folder / "int8.parquet", "string": folder / "string.parquet"}
    pq.write_table(votes, paths["int8"])
    pq.write_table(texts, paths["string"])
    for engine, read in zip(STREAMED, (ds.dataset, pl.scan_parquet), strict=True):
        for kind, path in paths.items():
            yield f"{engine} of {kind}", read(path)


def cpu_seconds(work: Callable[[], object]) -> float:
    """The processor time of all threads together."""
    start = time.process_time()
    work()
    return time.process_time() - start


def least_seconds(works: list[Callable[[], object]], repeats: int) -> list[float]:
    """The least processor time of each, in turns: other work that the cores do then slows all of them alike."""
    rounds = [[cpu_seconds(work) for work in works] for _ in range(repeats)]
    return [min(found) for found in zip(*rounds, strict=True)]


def fit(L: Any) -> object:
    return LabelModelClassifier().fit(L)


def main() -> None:
    """Print for each pair of words the processor seconds of each container, and what was wanted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=float, default=1e6)
    parser.add_argument("--lfs", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    votes = piece(np.random.default_rng(0), int(args.rows), args.lfs)
    array = np.column_stack([column.to_numpy() for column in votes.columns])
    goals: list[Goal] = []
    base = 0.0
    for words in WORDS:
        texts = texts_of(votes, words)
        with tempfile.TemporaryDirectory() as folder:
            forms = [("int8", array), *in_memory(texts), *on_disk(votes, texts, Path(folder))]
            held = [L for name, L in forms if not name.startswith(STREAMED)]
            read = least_seconds([partial(read_votes, L) for L in held], args.repeats)
            fitted = least_seconds([partial(fit, L) for _, L in forms], args.repeats)
            rows = []
            for (name, _), reading, seconds in zip_longest(forms, read, fitted):
                base = seconds if name.endswith("int8") else base
                shown = "" if reading is None else f"{reading:.3f}"
                rows.append([name, shown, f"{seconds:.3f}", f"{seconds / base:.1f}x"])
                goals.append(Goal(f"{words[0]}: {name}", seconds / base, MOST))
        print_table([[" / ".join(words), "reading", "fit", ""], *rows])
    print_goals([goal for goal in goals if not goal.name.endswith("int8")])


if __name__ == "__main__":
    main()
