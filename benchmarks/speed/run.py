"""Time this package against Snorkel on the same votes: ``python -m benchmarks.speed.run``."""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from .. import RESULTS, ROOT
from ..peers import ensure_environment, variables
from ..tables import Goal, print_goals
from .matrices import GROWN, HUGE, SHAPES, WARM_UP, Shape, save_votes
from .report import (
    GIB,
    Comparison,
    Measurement,
    draw,
    print_comparisons,
    print_steadiness,
    speed_goals,
    write_csv,
)
from .worker import SAME_START

PARTS = ("growth", "search", "import")
SMALL_SHAPES = SHAPES[:3]
HUGE_GOALS = {HUGE[0].name: (60.0, 2.0), HUGE[1].name: (600.0, 6.0)}  # seconds, GiB


@dataclass
class Side:
    """The processes of one side on one shape: what they printed, or why the last one failed."""

    outputs: list[dict[str, Any]] = field(default_factory=list)
    failure: str = ""

    def measurement(self, setting: str) -> Measurement | None:
        """Return the medians of a setting, None where the side failed."""
        if not self.outputs or setting not in self.outputs[0]["settings"]:
            return None
        found = [output["settings"][setting] for output in self.outputs]
        runs = {measure: process_medians(found, measure) for measure in ("fit", "predict_proba")}
        return Measurement(
            fit=median(runs["fit"]),
            predict_proba=median(runs["predict_proba"]),
            fit_bytes=median(f["fit_bytes"] for f in found),
            peak_bytes=median(f["peak_bytes"] for f in found),
            reading=median(process_medians(self.outputs, "max")),
            learned=np.array(found[0].get("conditional_probs", [])),
            runs=runs,
        )


@dataclass
class Runner:
    """Runs worker.py in either side's interpreter."""

    peers: Path | None
    timeout: float
    repeats: int
    threads: int | None = None

    def run(self, side: str, *arguments: str) -> tuple[dict[str, Any] | None, str]:
        """Run one process; return what it printed, or None and why it failed."""
        python = str(self.peers) if side == "snorkel" else sys.executable
        command = [python, "-m", f"{__package__}.worker", *arguments]
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                check=False,
                text=True,
                timeout=self.timeout,
                cwd=ROOT,
                env=variables(self.threads),
            )
        except subprocess.TimeoutExpired:
            return None, f"{side} stopped after {self.timeout:g} s"
        if done.returncode < 0:
            return None, f"{side} killed by signal {-done.returncode}"
        if done.returncode:
            return None, f"{side} failed: {(done.stderr.strip().splitlines() or ['?'])[-1][:120]}"
        return json.loads(done.stdout.splitlines()[-1]), ""

    def compare(self, shape: Shape, sides: Sequence[str], *options: str) -> dict[str, Side]:
        """Run the sides in turn on one shape; a side that failed is not run again."""
        save_votes(shape)
        found = {side: Side() for side in sides}
        for repeat in range(self.repeats):
            for name, side in found.items():
                if not side.failure:
                    progress(f"{shape.name}: {name}, process {repeat + 1} of {self.repeats}")
                    output, side.failure = self.run(
                        name, "fit", "--side", name, *votes_of(shape), *options
                    )
                    side.outputs += [output] if output else []
        return found

    def seconds(self, task: str, *arguments: str, repeats: int = 1) -> float:
        """Return the median seconds of one of our other tasks, infinite where it failed."""
        found: list[float] = []
        for repeat in range(repeats):
            progress(f"{task}: process {repeat + 1} of {repeats}")
            output, failure = self.run("ours", task, *arguments)
            if output is None:
                progress(failure)
                return math.inf
            found += output[task]
        return median(found)


def votes_of(shape: Shape) -> list[str]:
    """Return the worker's arguments that name a shape's votes."""
    warm_up = str(save_votes(WARM_UP))
    return [
        "--votes", str(save_votes(shape)), "--warm-up", warm_up, "--classes", str(shape.n_classes)
    ]  # fmt: skip


def process_medians(outputs: Sequence[dict[str, Any]], measure: str) -> list[float]:
    """Return each process's median timing, NaN where it did not take any."""
    return [median(output.get(measure, [math.nan])) for output in outputs]


def compare_shape(runner: Runner, shape: Shape) -> list[Comparison]:
    """Return our settings on one shape against Snorkel."""
    sides = runner.compare(shape, ("snorkel", "ours"))
    snorkel, ours = sides["snorkel"], sides["ours"]
    note = "; ".join(filter(None, (snorkel.failure, ours.failure)))
    settings = ours.outputs[0]["settings"] if ours.outputs else [SAME_START]
    against = snorkel.measurement("snorkel")
    return [
        Comparison(shape, setting, ours.measurement(setting), against, note) for setting in settings
    ]


def growth_goals(runner: Runner) -> list[Goal]:
    """Return how time and memory of fit grow from 1e6 to 1e7 rows."""
    sides = [
        runner.compare(shape, ["ours"], "--one-setting", "--fit-only")["ours"]
        for shape in (shape_named("1e6x10"), GROWN)
    ]
    note = "; ".join(filter(None, (side.failure for side in sides)))
    small, grown = (side.measurement(SAME_START) for side in sides)
    time = memory = math.inf
    if small is not None and grown is not None:
        time = grown.fit / small.fit
        memory = grown.fit_bytes / small.fit_bytes
    return [
        Goal("1e6 to 1e7 rows: time of fit", time, 12, note=note),
        Goal("1e6 to 1e7 rows: memory of fit", memory, 1.5, note=note),
    ]


def huge_goals(runner: Runner, shape: Shape) -> list[Goal]:
    """Return time and whole-process memory of one fit that Snorkel cannot do."""
    once = replace(runner, repeats=1)
    sides = once.compare(shape, ("snorkel", "ours"), "--one-setting", "--fit-only", "--budget", "0")
    note = "; ".join(filter(None, (side.failure for side in sides.values())))
    found = sides["ours"].measurement(SAME_START)
    seconds, gib = (found.fit, found.peak_bytes / GIB) if found else (math.inf, math.inf)
    most_seconds, most_gib = HUGE_GOALS[shape.name]
    return [
        Goal(f"{shape.name}: fit", seconds, most_seconds, unit=" s", note=note),
        Goal(f"{shape.name}: memory", gib, most_gib, unit=" GiB", note=note),
    ]


def search_goal(runner: Runner) -> Goal:
    """Return the time of a grid search over 200 candidates."""
    seconds = runner.seconds("search", *votes_of(shape_named("1e4x10")))
    return Goal("200-candidate grid search", seconds, 8, unit=" s")


def import_goal(runner: Runner) -> Goal:
    """Return the time that importing the package adds to importing scikit-learn."""
    seconds = runner.seconds("import", repeats=2 * runner.repeats + 1)
    return Goal("import beyond import sklearn", 1000 * seconds, 50, unit=" ms")


def shape_named(name: str) -> Shape:
    """Return the shape of that name."""
    return next(shape for shape in SHAPES if shape.name == name)


def progress(line: str) -> None:
    """Say on stderr what is being run."""
    print(line, file=sys.stderr, flush=True)


def machine(threads: int | None) -> str:
    """Describe the machine in a line."""
    n_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    limit = f", {threads} threads each side" if threads else ""
    return f"{n_cores} cores{limit}, Python {platform.python_version()}, NumPy {np.__version__}"


def parse() -> argparse.Namespace:
    """Read the command line."""
    names = [shape.name for shape in (*SHAPES, *HUGE)]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=Path, help="an existing environment that holds the peers")
    parser.add_argument("--repeats", type=int, default=3, help="processes of each side per shape")
    parser.add_argument("--threads", type=int, help="threads of each side, default the cores")
    parser.add_argument("--timeout", type=float, default=900, help="seconds for one process")
    parser.add_argument("--quick", action="store_true", help="small shapes, one process each")
    parser.add_argument("--huge", action="store_true", help="also what Snorkel cannot do")
    parser.add_argument("--only", choices=[*names, *PARTS], help="one shape or part")
    return parser.parse_args()


def chosen_parts(args: argparse.Namespace) -> set[str]:
    """Return the names of the shapes and parts to run."""
    if args.only:
        return {args.only}
    if args.quick:
        return {shape.name for shape in SMALL_SHAPES} | {"import"}
    huge = HUGE if args.huge else ()
    return {shape.name for shape in (*SHAPES, *huge)} | set(PARTS)


def main() -> None:
    """Run what is asked for, print the tables and save the results of a full run."""
    args = parse()
    parts = chosen_parts(args)
    peers = ensure_environment(args.peers) if parts - set(PARTS) else None
    runner = Runner(peers, args.timeout, 1 if args.quick else args.repeats, args.threads)
    comparisons = [
        comparison
        for shape in SHAPES
        if shape.name in parts
        for comparison in compare_shape(runner, shape)
    ]
    goals = speed_goals(comparisons) if comparisons else []
    goals += growth_goals(runner) if "growth" in parts else []
    goals += [g for shape in HUGE if shape.name in parts for g in huge_goals(runner, shape)]
    goals += [search_goal(runner)] if "search" in parts else []
    goals += [import_goal(runner)] if "import" in parts else []
    whole = not (args.quick or args.only)
    print(machine(args.threads))
    if comparisons:
        print_comparisons(comparisons)
        print_steadiness(comparisons)
    print_goals([goal for goal in goals if whole or not math.isnan(goal.measured)])
    if whole and args.threads is None:
        RESULTS.mkdir(exist_ok=True)
        write_csv(RESULTS / "speed.csv", comparisons, goals)
        draw(RESULTS / "speed.png", comparisons)


if __name__ == "__main__":
    main()
