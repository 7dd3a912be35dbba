"""A folder of Parquet files of votes, generated a piece at a time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

GROUP, FILE = 1_000_000, 10_000_000


def piece(rng: np.random.Generator, n_rows: int, n_lfs: int) -> pa.Table:
    """Votes of LFs that are right three times of four, -1 in two cells of five."""
    truth = rng.integers(2, size=n_rows, dtype=np.int8)
    columns = {}
    for lf in range(n_lfs):
        chance = rng.integers(100, size=n_rows, dtype=np.uint8)
        vote = np.where(chance < 45, truth, 1 - truth)
        columns[f"lf{lf}"] = np.where(chance < 60, vote, -1).astype(np.int8)
    return pa.table(columns)


def write(folder: Path, n_rows: int, n_lfs: int) -> Path:
    """Write the votes, unless they are there; return their folder."""
    target = folder / f"votes-{n_rows:.0e}x{n_lfs}"
    if target.exists():
        return target
    unfinished = target.with_suffix(".part")
    unfinished.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for start in range(0, n_rows, FILE):
        path = unfinished / f"part-{start // FILE:04d}.parquet"
        with pq.ParquetWriter(path, piece(rng, 1, n_lfs).schema) as file:
            for first in range(start, min(start + FILE, n_rows), GROUP):
                file.write_table(piece(rng, min(GROUP, n_rows - first), n_lfs))
    return unfinished.rename(target)
