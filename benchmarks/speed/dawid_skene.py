"""Time DawidSkeneClassifier against crowd-kit's DawidSkene, and write the reference that the tests compare with.

    python -m benchmarks.speed.dawid_skene [--peers PATH] [--iterations N] [--repeats N]
    benchmarks/.peers/bin/python -m benchmarks.speed.dawid_skene --reference tests/reference/crowdkit_dawid_skene.npz

The first line runs in the environment where this package is installed, and makes the peers' on first use; the second
runs in the peers' (or any that holds crowd-kit), which needs nothing of this package.
Both sides do the same updates on the same votes, in turn, each in a process of its own, and one thread. crowd-kit gets
its votes as the long table that it wants, ready made; ours reads the label matrix.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from .. import ROOT
from ..peers import ensure_environment, variables

PAPER = {"prior_strength": 0, "informative_abstain": False}
# Rows, LFs, classes, share of rows in which an LF votes.
SHAPES = [(1_000, 10, 2, 0.7), (10_000, 10, 2, 0.7), (10_000, 50, 5, 0.3), (20_000, 300, 10, 0.03)]
CASES = {
    "binary": (60, 5, 2, 0.7),
    "four_classes": (80, 6, 4, 0.8),
    "sparse_votes": (120, 12, 3, 0.3),
}
REFERENCE_ITERATIONS = (1, 2, 10)


def make_votes(shape: tuple[int, int, int, float], seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return votes of LFs of unlike accuracy, -1 for an abstain, and the true classes."""
    n_samples, n_lfs, n_classes, coverage = shape
    rng = np.random.default_rng(seed)
    y = rng.choice(n_classes, n_samples, p=rng.dirichlet(np.full(n_classes, 5.0)))
    right = rng.random((n_samples, n_lfs)) < rng.uniform(0.5, 0.9, n_lfs)
    L = np.where(right, y[:, None], rng.integers(n_classes, size=(n_samples, n_lfs)))
    L[rng.random(L.shape) > coverage] = -1
    L[:, 0] = np.where(L[:, 0] >= 0, 0, -1)  # one LF only ever votes for one class
    return L, y


def long_table(L: np.ndarray) -> Any:
    """Return votes as crowd-kit wants them."""
    import pandas as pd

    task, worker = np.nonzero(L >= 0)
    return pd.DataFrame({"task": task, "worker": worker, "label": L[task, worker]})


def fit_crowdkit(table: Any, n_iter: int, *, one_coin: bool = False, gold: Any = None) -> Any:
    """Fit crowd-kit's model for exactly so many iterations."""
    from crowdkit.aggregation import DawidSkene, OneCoinDawidSkene

    model = (OneCoinDawidSkene if one_coin else DawidSkene)(n_iter=n_iter, tol=-np.inf)
    return model.fit(table) if gold is None else model.fit(table, gold)


def fit_ours(L: np.ndarray, n_iter: int) -> Any:
    """Fit our model with the same updates."""
    from sklearn_labelmodel import DawidSkeneClassifier

    return DawidSkeneClassifier(max_iter=n_iter, **PAPER).fit(L)


def write_reference(path: Path) -> None:
    """Write votes and crowd-kit's answers; runs in the peers' environment."""
    import pandas as pd

    found: dict[str, Any] = {}
    for name, shape in CASES.items():
        L, y = make_votes(shape)
        found[f"{name}/L"] = L.astype(np.int8)
        gold = np.where(np.arange(len(y)) % 7 == 0, y, -1)
        found[f"{name}/gold"] = gold.astype(np.int8)
        voted = np.flatnonzero((L >= 0).any(axis=1) & (gold >= 0))
        settings = {"plain": {}, "gold": {"gold": pd.Series(gold[voted], index=voted)}}
        for setting, kwargs in {**settings, "one_coin": {"one_coin": True}}.items():
            for n_iter in REFERENCE_ITERATIONS:
                key = f"{name}/{setting}/{n_iter}"
                table = long_table(L)
                tables = fit_crowdkit(table, n_iter, **kwargs)
                # Its probabilities are those of the iteration's E-step, so of the tables one iteration before.
                proba = fit_crowdkit(table, n_iter + 1, **kwargs).probas_
                found[f"{key}/prior"] = tables.priors_.sort_index().to_numpy()
                errors = tables.errors_.sort_index().sort_index(axis=1)
                found[f"{key}/errors"] = errors.to_numpy()
                found[f"{key}/symbols"] = np.array(errors.index.tolist(), dtype=np.int8)
                found[f"{key}/rows"] = np.sort(proba.index.to_numpy()).astype(np.int16)
                found[f"{key}/proba"] = proba.sort_index().sort_index(axis=1).to_numpy()
    np.savez_compressed(path, **found)


def seconds(call: Callable[[], Any], most: int) -> list[float]:
    """Time `call` until two seconds are spent, at least once and at most so many times."""
    found: list[float] = []
    while not found or (sum(found) < 2 and len(found) < most):
        start = time.perf_counter()
        call()
        found.append(time.perf_counter() - start)
    return found


def time_side(side: str, path: Path, n_iter: int) -> dict[str, Any]:
    """Time one side's fit on saved votes; probabilities of the first rows come along."""
    L = np.load(path)
    warm_up, _ = make_votes(CASES["binary"])
    if side == "crowdkit":
        table = long_table(L)
        fit_crowdkit(long_table(warm_up), 1)
        times = seconds(lambda: fit_crowdkit(table, n_iter), most=5)
        proba = fit_crowdkit(table, n_iter + 1).probas_.sort_index().sort_index(axis=1).to_numpy()
    else:
        fit_ours(warm_up, 1)
        times = seconds(lambda: fit_ours(L, n_iter), most=25)
        proba = fit_ours(L, n_iter).predict_proba(L[(L >= 0).any(axis=1)])
    return {"seconds": median(times), "proba": proba[:1000].tolist()}


def compare(peers: Path | None, n_iter: int, repeats: int) -> None:
    """Print the ratio of both sides' times for every shape."""
    pythons = {"crowdkit": str(ensure_environment(peers)), "ours": sys.executable}
    print(f"{n_iter} iterations; seconds are medians of {repeats} processes of each side")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "votes.npy"
        for shape in SHAPES:
            np.save(path, make_votes(shape)[0])
            found: dict[str, list[Any]] = {side: [] for side in pythons}
            for _ in range(repeats):
                for side, python in pythons.items():
                    command = [python, "-m", f"{__package__}.dawid_skene", "--side", side]
                    command += ["--votes", str(path), "--iterations", str(n_iter)]
                    done = subprocess.run(
                        command, cwd=ROOT, env=variables(1), capture_output=True, check=True
                    )
                    found[side].append(json.loads(done.stdout.splitlines()[-1]))
            _print_shape(shape, found)


def _print_shape(shape: tuple[int, int, int, float], found: dict[str, list[Any]]) -> None:
    theirs, ours = (median(run["seconds"] for run in found[side]) for side in ("crowdkit", "ours"))
    first = [np.array(found[side][0]["proba"]) for side in ("crowdkit", "ours")]
    print(
        "{} x {}, {} classes, coverage {}: ".format(*shape)
        + f"crowd-kit {theirs:.3f} s, ours {ours:.4f} s, {theirs / ours:.0f} times faster, "
        + f"max |dP| {np.abs(first[0] - first[1]).max():.0e}",
        flush=True,
    )


def main() -> None:
    """Compare, or do one side's part of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=Path, help="an existing environment with crowd-kit")
    parser.add_argument("--iterations", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--reference", type=Path, help="write the tests' reference and stop")
    parser.add_argument("--side", choices=["crowdkit", "ours"], help=argparse.SUPPRESS)
    parser.add_argument("--votes", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.side:
        print(json.dumps(time_side(args.side, args.votes, args.iterations)))
    elif args.reference:
        write_reference(args.reference)
    else:
        compare(args.peers, args.iterations, args.repeats)


if __name__ == "__main__":
    main()
