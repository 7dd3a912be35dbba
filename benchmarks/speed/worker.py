"""Time one side on saved votes, in a process of its own; the last line printed is JSON.

Runs in the peers' environment too, so it imports nothing but NumPy until it knows its side.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

N_EPOCHS = 100
SEED = 7
KIB = 1024
SAME_START = "same start"

Fit = Callable[[np.ndarray, int], Any]


def fit_snorkel(L: np.ndarray, n_classes: int) -> Any:
    """Fit Snorkel's LabelModel."""
    from snorkel.labeling.model import LabelModel

    model = LabelModel(cardinality=n_classes, verbose=False)
    model.fit(L, n_epochs=N_EPOCHS, seed=SEED, progress_bar=False)
    return model


def fit_same_start(L: np.ndarray, n_classes: int, device: str | None = None) -> Any:
    """Fit our model with Snorkel's start, optimizer and number of epochs."""
    from sklearn_labelmodel import LabelModelClassifier

    settings: dict[str, Any] = {} if device is None else {"device": device}
    return LabelModelClassifier(
        n_epochs=N_EPOCHS,
        init="snorkel",
        optimizer_params={"momentum": 0.9},
        random_state=SEED,
        classes=list(range(n_classes)),
        **settings,
    ).fit(L)


def fit_same_start_cuda(L: np.ndarray, n_classes: int) -> Any:
    """Fit our model as `fit_same_start` does, on the accelerator."""
    return fit_same_start(L, n_classes, device="cuda")


def fit_default(L: np.ndarray, _n_classes: int) -> Any:
    """Fit our model as a user does who sets nothing."""
    from sklearn_labelmodel import LabelModelClassifier

    return LabelModelClassifier().fit(L)


def settings_of(side: str) -> dict[str, Fit]:
    """Return the ways in which a side is timed."""
    if side == "snorkel":
        return {"snorkel": fit_snorkel}
    import torch

    ours: dict[str, Fit] = {SAME_START: fit_same_start, "default": fit_default}
    if torch.cuda.is_available():
        ours[f"{SAME_START}, cuda"] = fit_same_start_cuda
    return ours


def conditional_probs(model: Any) -> np.ndarray:
    """Return P(vote | Y) as either side's model holds it, (n_lfs, n_classes + 1, n_classes)."""
    if hasattr(model, "get_conditional_probs"):
        return model.get_conditional_probs()
    return model.conditional_probs_


def resident(field: str) -> int:
    """Return VmRSS (resident now) or VmHWM (at its peak) in bytes."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        unit = 1 if sys.platform == "darwin" else KIB
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return int(status.split(f"{field}:")[1].split()[0]) * KIB


def peak_above(call: Callable[[], object]) -> tuple[int, int]:
    """Run `call`; return its peak memory above what was resident before, and the whole peak."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from here
    before = resident("VmRSS")
    call()
    peak = resident("VmHWM")
    return max(peak - before, 0), peak


def seconds(call: Callable[[], object], budget: float, most: int) -> list[float]:
    """Time `call` until `budget` seconds are spent, at least once and at most `most` times."""
    found: list[float] = []
    while not found or (sum(found) < budget and len(found) < most):
        start = time.perf_counter()
        call()
        found.append(time.perf_counter() - start)
    return found


def measure(
    fit: Fit, L: np.ndarray, n_classes: int, budget: float, with_proba: bool
) -> dict[str, Any]:
    """Return times, peak memory and what was learned by one way of fitting."""
    model: Any = None
    fit_seconds: list[float] = []

    def time_fit(budget: float, most: int) -> None:
        def refit() -> None:
            nonlocal model
            model = fit(L, n_classes)

        fit_seconds.extend(seconds(refit, budget, most))

    above, peak = peak_above(lambda: time_fit(0, most=1))
    if fit_seconds[0] < budget:
        time_fit(budget - fit_seconds[0], most=6)
    found = {"fit": fit_seconds, "fit_bytes": above, "peak_bytes": peak}
    if with_proba:
        found["predict_proba"] = seconds(lambda: model.predict_proba(L), budget, most=7)
        found["conditional_probs"] = conditional_probs(model).tolist()
    return found


def limit_memory() -> None:
    """Let this process fail rather than the machine, should it ask for more than is free."""
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():
        free = int(meminfo.read_text().split("MemAvailable:")[1].split()[0]) * KIB
        resource.setrlimit(resource.RLIMIT_AS, (int(0.8 * free),) * 2)


def run_fit(args: argparse.Namespace) -> dict[str, Any]:
    """Time fit and predict_proba of a side's settings on saved votes."""
    if args.side == "snorkel":
        limit_memory()
    L = np.load(args.votes)
    warm_up = np.load(args.warm_up)
    settings = settings_of(args.side)
    if args.one_setting:
        settings = dict([next(iter(settings.items()))])
    found: dict[str, Any] = {"max": seconds(L.max, budget=0.2, most=7), "settings": {}}
    for name, fit in settings.items():
        fit(warm_up, 2).predict_proba(warm_up)
        found["settings"][name] = measure(fit, L, args.classes, args.budget, not args.fit_only)
    return found


def run_search(args: argparse.Namespace) -> dict[str, Any]:
    """Time a label-free grid search over 200 candidates."""
    from sklearn.model_selection import GridSearchCV

    from sklearn_labelmodel import LabelModelClassifier

    grid = {
        "lr": np.geomspace(0.001, 0.1, 10),
        "l2": [0.0, 0.01, 0.03, 0.1],
        "prec_init": [0.55, 0.65, 0.7, 0.8, 0.9],
    }
    L = np.load(args.votes)
    LabelModelClassifier().fit(np.load(args.warm_up))
    search = GridSearchCV(LabelModelClassifier(n_epochs=N_EPOCHS), grid, cv=3, n_jobs=1)
    return {"search": seconds(lambda: search.fit(L), budget=0, most=1)}


def run_import(_args: argparse.Namespace) -> dict[str, Any]:
    """Time importing the package after scikit-learn."""
    import sklearn  # noqa: F401

    start = time.perf_counter()
    import sklearn_labelmodel  # noqa: F401

    return {"import": [time.perf_counter() - start]}


def main() -> None:
    """Do one task and print what it measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=["fit", "search", "import"])
    parser.add_argument("--side", choices=["snorkel", "ours"], default="ours")
    parser.add_argument("--votes")
    parser.add_argument("--warm-up")
    parser.add_argument("--classes", type=int)
    parser.add_argument("--one-setting", action="store_true", help="time the first one alone")
    parser.add_argument("--budget", type=float, default=3.0, help="seconds for each timed call")
    parser.add_argument("--fit-only", action="store_true")
    args = parser.parse_args()
    tasks = {"fit": run_fit, "search": run_search, "import": run_import}
    print(json.dumps(tasks[args.task](args)))


if __name__ == "__main__":
    main()
