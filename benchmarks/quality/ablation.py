"""What each part of the label model is worth: ``python -m benchmarks.quality.ablation --data FOLDER``.

A part is left out of the recipe, or a setting or a constant is changed. The default, the model with the class prior and
that with 50 gold rows are scored on every set: points over majority vote, sets over a point worse, log loss.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from sklearn_labelmodel import LabelModelClassifier, MajorityVoteClassifier

from .methods import BASELINE, DEFAULT, GOLD, PRIOR, Result, SetScorer
from .sets import RealSet, read_sets

Recipe = list[Callable[..., Any]]
METHODS = (DEFAULT, PRIOR, GOLD)

# The constants that shape labels, and where they stand; docs/guide/constants.rst says what each is.
CONSTANTS = {
    "PRIOR_VOTES": (
        "_evidence.table",
        "_learning.em",
        "_learning.gold",
        "_learning.shares",
    ),
    "LEAST_PRECISION": ("_evidence.table", "_learning.em", "_learning.scores"),
    "MOST_PRIOR_ROWS": ("_evidence.told",),
    "ROW_SHARE": ("_evidence.told",),
    "TRIAL_STEPS": ("_models.label_model",),
    "E_STEP_TEMPERING": ("_models.label_model",),
    "INDEPENDENT_VOTES": ("_learning.em",),
    "LEAST_RATIO": ("_learning.em",),
    "LEAST_SINGLE_RATIO": ("_learning.em",),
    "LEAST_SURE_RATIO": ("_learning.em",),
    "LEAST_Z": ("_learning.em",),
    "LEAST_VOTES": ("_learning.em",),
    "LEAST_DEPENDENCE": ("_learning.em",),
    "SLACK": ("_learning.shares",),
    "SAMPLING_SLACK": ("_learning.shares",),
    "LEAST_LEFT": ("_learning.shares",),
    "CONFIRMATIONS": ("_learning.shares",),
    "ANCHOR_ROWS": ("_learning.gold",),
}


def name_of(learner: Callable[..., Any]) -> str:
    """What a learner is called."""
    return str(getattr(getattr(learner, "func", learner), "__name__", ""))


def without(*names: str) -> Callable[[Recipe], Recipe]:
    """Leave learners out of a recipe."""
    return lambda recipe: [learner for learner in recipe if name_of(learner) not in names]


def silent(recipe: Recipe) -> Recipe:
    """Take the silence of LFs of one symbol for nothing."""
    return [
        partial(part, silence=False) if name_of(part) == "match_shares" else part for part in recipe
    ]


def rows_alone(recipe: Recipe) -> Recipe:
    """Let mu say nothing beside the rows' table."""

    def temper(_: Any, model: Any, *, tempering: float) -> Any:
        return replace(model, tempering=tempering)

    return [
        partial(temper, **part.keywords) if name_of(part) == "mean_with_mu" else part  # type: ignore[attr-defined]
        for part in recipe
    ]


# Settings to fix, and what becomes of the recipe.
VARIANTS: dict[str, tuple[dict[str, Any], Callable[[Recipe], Recipe]]] = {
    "as is": ({}, without()),
    "no EM on rows": ({"n_em_steps": 0}, without()),
    "mu not trained": ({"n_epochs": 0}, without()),
    "rows' table alone": ({}, rows_alone),
    "no search for copies": ({"dependencies": None}, without()),
    "no tempering": ({"tempering": 0.0}, without()),
    "no share matching": ({}, without("match_shares")),
    "no confirmation": ({}, without("confirm")),
    "silence says nothing": ({}, silent),
    "gold labels tell no table": ({}, without("count_gold")),
}


def variant(edit: Callable[[Recipe], Recipe]) -> type[LabelModelClassifier]:
    """The label model with another recipe."""

    def recipe(self: Any, observed: Any, assumed: Any) -> Recipe:
        return edit(super(kind, self)._recipe(observed, assumed))

    kind = type("Variant", (LabelModelClassifier,), {"_recipe": recipe})
    return kind


@contextmanager
def changed(constant: str, factor: float) -> Iterator[None]:
    """Multiply a constant wherever it stands."""
    modules = [import_module(f"sklearn_labelmodel.{name}") for name in CONSTANTS[constant]]
    before = getattr(modules[0], constant)
    after = type(before)(round(before * factor)) if isinstance(before, int) else before * factor
    for module in modules:
        setattr(module, constant, after)
    try:
        yield
    finally:
        for module in modules:
            setattr(module, constant, before)


def score(
    sets: list[RealSet], settings: dict[str, Any], edit: Callable[[Recipe], Recipe], n_draws: int
) -> dict[str, list[Result]]:
    """Results of the three methods on every set."""
    kind = variant(edit)
    methods: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
        BASELINE: (MajorityVoteClassifier, {}),
        **dict.fromkeys(METHODS, (kind, settings)),
    }
    found: dict[str, list[Result]] = {method: [] for method in METHODS}
    for data in sets:
        scorer = SetScorer(data, methods=methods)
        for method in methods:
            result = scorer.score_setting(method, n_draws)
            if method in found and result.scores is not None:
                found[method].append(result)
    return found


def line(name: str, found: dict[str, list[Result]]) -> str:
    """A row of the table: points over majority vote / sets over a point worse / log loss, for each method."""
    cells = []
    for results in found.values():
        gains = np.array([100 * result.gain for result in results])
        losses = [result.scores.log_loss for result in results if result.scores is not None]
        cells.append(f"{gains.mean():+.2f} / {(gains < -1 - 1e-9).sum()} / {np.mean(losses):.3f}")
    return f"| {name:<28} | " + " | ".join(f"{cell:<20}" for cell in cells) + " |"


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, required=True, help="folder of npz files and WRENCH folders"
    )
    parser.add_argument("--only", action="append", metavar="SET", help="one set (may be repeated)")
    parser.add_argument("--draws", type=int, default=3, help="draws of the gold rows")
    parser.add_argument(
        "--constants", action="store_true", help="also halve and double each constant"
    )
    args = parser.parse_args(arguments)
    sets, unread = read_sets(args.data, args.only)
    for name, why in unread.items():
        print(f"{name} left out: {why}")
    print("| left out or changed".ljust(31) + "| " + " | ".join(f"{m:<20}" for m in METHODS) + " |")
    for name, (settings, edit) in VARIANTS.items():
        print(line(name, score(sets, settings, edit, args.draws)), flush=True)
    for constant in CONSTANTS if args.constants else ():
        for factor in (0.5, 2.0):
            with changed(constant, factor):
                found = score(sets, {}, without(), args.draws)
            print(line(f"{constant} x {factor:g}", found), flush=True)


if __name__ == "__main__":
    main()
