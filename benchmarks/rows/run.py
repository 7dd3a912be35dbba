"""Fit and predict rows that are not in memory, against what the engines themselves take: python -m benchmarks.rows.run.

Small by default; `--rows 1e7 1e8` for the sizes of its README. What an engine is not installed for is left out.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
from pathlib import Path

from ..tables import Goal, print_goals, print_table
from .data import write

DATA = Path(__file__).parents[1] / ".data"
LOCAL = ["group_duckdb", "fit_arrow", "fit_duckdb", "fit_polars", "copy_arrow", "predict_arrow"]
CLUSTERS = ["group_dask", "fit_dask", "group_spark", "fit_spark"]
# Of what is measured, and of what the engine takes itself, at most so many times.
GOALS = [
    ("fit of a pyarrow Dataset", "fit_arrow", "group_duckdb", 2),
    ("fit of a DuckDB relation", "fit_duckdb", "group_duckdb", 2),
    ("fit of a polars LazyFrame", "fit_polars", "group_duckdb", 2),
    ("predict_proba into Parquet", "predict_arrow", "copy_arrow", 2.5),
    ("fit of a Dask DataFrame", "fit_dask", "group_dask", 2),
    ("fit of a Spark DataFrame", "fit_spark", "group_spark", 2),
]
GIB = 1 << 30


def measure(task: str, folder: Path, threads: int) -> dict[str, float]:
    """Run a task in a process of its own; not a number where it fails."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.rows.worker",
        task,
        str(folder),
        "--threads",
        str(threads),
    ]
    limits = {
        "OMP_NUM_THREADS": str(threads),
        "POLARS_MAX_THREADS": str(threads),
        "PYSPARK_PYTHON": sys.executable,
    }
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, **limits}, check=False
    )
    if done.returncode:
        print(f"{task} failed: {done.stderr.strip().splitlines()[-1]}")
        return {"seconds": math.nan, "peak": math.nan}
    return json.loads(done.stdout.splitlines()[-1])


def goals_of(found: dict[str, dict[str, float]]) -> list[Goal]:
    """What was wanted of one size."""
    goals = [
        Goal(name, found[ours]["seconds"] / found[theirs]["seconds"], most)
        for name, ours, theirs, most in GOALS
        if ours in found
    ]
    if "fit_arrow" in found:
        goals.append(Goal("memory of that fit", found["fit_arrow"]["peak"] / GIB, 1, unit=" GiB"))
    return goals


def main() -> None:
    """Measure the sizes that are asked for, and print seconds, peaks and goals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=float, nargs="+", default=[1e6])
    parser.add_argument("--lfs", type=int, default=10)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--clusters", action="store_true", help="Dask and Spark, too")
    parser.add_argument(
        "--only", nargs="+", choices=[*LOCAL, *CLUSTERS, "fit_memory"], help="these tasks alone"
    )
    args = parser.parse_args()
    for n_rows in map(int, args.rows):
        folder = write(DATA, n_rows, args.lfs)
        tasks = args.only or [*LOCAL, *(CLUSTERS if args.clusters else [])]
        found = {task: measure(task, folder, args.threads) for task in tasks}
        cells = [
            [task, f"{one['seconds']:.1f}", f"{one['peak'] / 2**20:.0f}"]
            for task, one in found.items()
        ]
        print_table([[f"{n_rows:.0e} x {args.lfs}", "seconds", "peak, MiB"], *cells])
        if not args.only:
            print_goals(goals_of(found))


if __name__ == "__main__":
    main()
