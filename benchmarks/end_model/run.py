"""Score classifiers trained on votes, on real records: ``python -m benchmarks.end_model.run --data FOLDER``."""

from __future__ import annotations

import argparse
import csv
import sys
import warnings
from collections.abc import Iterator
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from benchmarks.quality.metrics import correctness, log_loss, macro_f1
from sklearn_labelmodel import (
    LabelModelClassifier,
    MajorityVoteClassifier,
    WeakSupervisionClassifier,
)

from .sets import FEATURES, TABLE, EndSet, Split, read_end_sets
from .snorkel import FixedLabels, SnorkelLabels

RESULTS = Path(__file__).resolve().parent / "results"
N_GOLD = 50
BASE = "soft"
ROUNDS = (1, 3, 8)
STRENGTHS = (1, 10, 100)  # of which "C chosen" chooses
# Equal to Snorkel's label model to float32's rounding.
SNORKEL = {"init": "snorkel", "optimizer_params": {"momentum": 0.9}, "random_state": 0}


class Goal(NamedTuple):
    """What a method is to gain over another on the sets of texts, in points in the mean; None: anything."""

    method: str
    over: str
    accuracy: float | None
    macro_f1: float | None
    most_worse: int


GOALS = (
    Goal("balance + match", BASE, 5.0, 4.3, 0),
    Goal("50 gold + match", BASE, 3.5, 2.0, 1),
    # One round is documented for words, eight for embeddings.
    Goal("balance + refine", BASE, 6.0, 5.0, 1),
    Goal("balance + refine, 8 rounds", BASE, 6.0, 5.0, 1),
    Goal("balance + match", "balance", None, 5.0, 1),
    Goal(BASE, "as Snorkel", 1.7, None, 2),
)


@dataclass(frozen=True)
class Scores:
    """Accuracy and macro F1 in points, and log loss, of one method on one set."""

    accuracy: float
    macro_f1: float
    log_loss: float


Table = dict[str, dict[str, Scores]]  # by set, by method


def measure(proba: np.ndarray, y: np.ndarray) -> Scores:
    """Measure probabilities on rows that all have a gold label."""
    return Scores(100 * correctness(proba, y).mean(), 100 * macro_f1(proba, y), log_loss(proba, y))


def mean(found: list[Scores]) -> Scores:
    """Return the mean of each measure."""
    return Scores(*np.mean([astuple(scores) for scores in found], axis=0).tolist())


def trained(split: Split, label_model: Any, y: np.ndarray | None = None, **settings: Any) -> Any:
    """Return a classifier that was trained on the votes of a split."""
    model = WeakSupervisionClassifier(label_model=label_model, estimator=clone(split.estimator))
    model.set_params(**settings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(split.X_train, y, L=split.L_train)


def with_and_without(
    split: Split, name: str, label_model: Any, y: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """Return probabilities of the scored rows without and with matched shares, of one fit."""
    model = trained(split, label_model, y)
    if model.class_shares_ is None:
        print(f"  {name}: shares not matched", file=sys.stderr)
    return {
        name: model.unshifted_proba(split.X_test),
        f"{name} + match": model.predict_proba(split.X_test),
    }


def probabilities(split: Split, snorkel: SnorkelLabels | None, draws: int) -> Iterator[dict]:
    """Yield probabilities of the scored rows by method; of a method that draws labels several times."""
    classes, known = np.arange(split.n_classes), split.y_train >= 0
    yield {"gold": by_gold(split, known)}
    majority = MajorityVoteClassifier(classes=classes)
    yield {"majority vote": trained(split, majority).predict_proba(split.X_test)}
    if snorkel is not None:
        labels = snorkel.ask(split.L_train, split.n_classes)
        yield {"Snorkel": trained(split, FixedLabels(labels)).predict_proba(split.X_test)}
    ours = LabelModelClassifier(classes=classes)
    as_snorkel = clone(ours).set_params(**SNORKEL)
    yield {"as Snorkel": trained(split, as_snorkel).predict_proba(split.X_test)}
    plain = trained(split, ours, estimator=clone(split.plain))
    yield {BASE: plain.predict_proba(split.X_test), f"{BASE} + votes": with_votes(split, plain)}
    yield {"soft, this C": trained(split, ours).predict_proba(split.X_test)}
    shares = np.maximum(np.bincount(split.y_train[known], minlength=split.n_classes), 0.5)
    balance = clone(ours).set_params(class_balance=shares / shares.sum())
    yield with_and_without(split, "balance", balance)
    for seed in range(draws):
        drawn = np.random.default_rng(seed).permutation(np.flatnonzero(known))[:N_GOLD]
        y = np.full(len(known), -1)
        y[drawn] = split.y_train[drawn]
        yield with_and_without(split, f"{N_GOLD} gold", ours, y)
    for rounds in ROUNDS:
        refined = trained(split, balance, refine="features", n_refine=rounds)
        name = "balance + refine" + (f", {rounds} rounds" if rounds > 1 else "")
        yield {name: refined.predict_proba(split.X_test)}
    chosen = replace(split, estimator=with_chosen_strength(split, balance))
    for name, refine in {"match": None, "refine": "features"}.items():
        model = trained(chosen, balance, refine=refine)
        yield {f"balance + {name}, C chosen": model.predict_proba(split.X_test)}


def with_votes(split: Split, model: Any) -> np.ndarray:
    """Return what `use_votes=True` predicts of the scored rows: the mean of both where there is a vote."""
    proba, by_votes = (
        model.predict_proba(split.X_test),
        model.label_model_.predict_proba(split.L_test),
    )
    voted = (split.L_test >= 0).any(axis=1)
    return np.where(voted[:, np.newaxis], (proba + by_votes) / 2, proba)


def with_chosen_strength(split: Split, label_model: Any) -> Any:
    """Return the estimator with the C that foresees soft labels best, in folds and without gold labels."""
    name = "logisticregression__C" if isinstance(split.estimator, Pipeline) else "C"
    with config_context(enable_metadata_routing=True):
        model = WeakSupervisionClassifier(
            label_model=label_model, estimator=split.estimator, match_shares=None
        ).set_fit_request(L=True)
        search = GridSearchCV(model, {f"estimator__{name}": STRENGTHS}, refit=False)
        search.fit(split.X_train, L=split.L_train)
    chosen = search.best_params_[f"estimator__{name}"]
    print(f"  C chosen: {chosen}", file=sys.stderr)
    return clone(split.estimator).set_params(**{name: chosen})


def by_gold(split: Split, known: np.ndarray) -> np.ndarray:
    """Return probabilities by the estimator trained on all gold labels."""
    rows = np.flatnonzero(known)
    model = clone(split.estimator).fit(split.X_train[rows], split.y_train[rows])
    proba = np.zeros((len(split.y_test), split.n_classes))
    proba[:, model.classes_] = model.predict_proba(split.X_test)
    return proba


def score_set(data: EndSet, snorkel: SnorkelLabels | None, draws: int) -> dict[str, Scores]:
    """Return the scores of all methods on a set: means over its splits, and over draws of labels."""
    found: dict[str, list[Scores]] = {}
    for split in data.splits:
        scored = split.y_test >= 0
        for answer in probabilities(split, snorkel, draws):
            for method, proba in answer.items():
                found.setdefault(method, []).append(measure(proba[scored], split.y_test[scored]))
    return {method: mean(scores) for method, scores in found.items()}


def gains(table: Table, method: str, over: str = BASE, only_texts: bool = False) -> np.ndarray:
    """Return what a method gains over another, shape (n_sets, 3)."""
    found = [by for name, by in table.items() if not (only_texts and name == TABLE)]
    gained = [np.subtract(astuple(by[method]), astuple(by[over])) for by in found]
    return np.array(gained).reshape(-1, 3)


def print_report(table: Table) -> None:
    """Print the table of sets, that of means, and the goals."""
    methods = list(next(iter(table.values())))
    for name, by_method in table.items():
        print(f"\n{name:28} accuracy  macro F1  log loss")
        for method, scores in by_method.items():
            print(
                f"  {method:26} {scores.accuracy:8.1f}  {scores.macro_f1:8.1f}  {scores.log_loss:8.3f}"
            )
    print(
        f"\nover {BASE}, mean of {len(table)}  accuracy  macro F1  log loss  sets over a point worse"
    )
    for method in methods:
        gained = gains(table, method)
        accuracy, f1, loss = gained.mean(axis=0)
        worse = int((gained[:, 0] < -1).sum())
        print(f"  {method:26} {accuracy:+8.2f}  {f1:+8.2f}  {loss:+8.3f}  {worse}")
    for line in goals(table):
        print(line)


def goals(table: Table) -> Iterator[str]:
    """Yield a line for each goal: what was wanted, what is there, and whether it was reached."""
    for goal in GOALS if set(table) - {TABLE} else ():
        gained = gains(table, goal.method, goal.over, only_texts=True)
        wanted = [goal.accuracy, goal.macro_f1]
        worse = int((gained[:, 0] < -1).sum())
        reached = worse <= goal.most_worse and all(
            least is None or found >= least
            for found, least in zip(gained.mean(axis=0), wanted, strict=False)
        )
        least = " / ".join("any" if least is None else f"{least:+g}" for least in wanted)
        got = " / ".join(f"{found:+.2f}" for found in gained.mean(axis=0)[:2])
        yield (
            f"{'reached' if reached else 'MISSED'}: {goal.method} over {goal.over} on texts: {got}, {worse} sets worse "
            f"(goal {least}, at most {goal.most_worse})"
        )


def write_csv(path: Path, table: Table) -> None:
    """Write a row for each method on each set."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["set", "method", "accuracy", "macro_f1", "log_loss"])
        for name, by_method in table.items():
            for method, scores in by_method.items():
                writer.writerow([name, method, *(f"{value:.4f}" for value in astuple(scores))])


def draw(path: Path, table: Table) -> None:
    """Draw gains of accuracy and macro F1 over plain soft labels, a row for each set."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 1.6 + 0.4 * len(table)), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    methods = [method for method in next(iter(table.values())) if method not in ("gold", BASE)]
    for column, (axes, title) in enumerate(zip(panels, ("accuracy", "macro F1"), strict=True)):
        for i, method in enumerate(methods):
            marker = "o" if "match" in method or "refine" in method else "D"
            axes.plot(
                gains(table, method)[:, column],
                range(len(table)),
                marker,
                color=f"C{i}",
                alpha=0.8,
                label=method,
            )
        axes.axvline(0, color="black", linewidth=0.8)
        axes.grid(linewidth=0.4, alpha=0.6)
        axes.set_xlabel(f"{title}, points over plain soft labels")
    panels[0].set_yticks(range(len(table)), list(table))
    panels[0].invert_yaxis()
    panels[1].legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    figure.savefig(path, dpi=120)


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--data", type=Path, help="folder of npz files; without it only tables inside scikit-learn")
    add("--only", action="append", metavar="SET", help="one set (may be repeated); not saved")
    add("--features", choices=FEATURES, default="tfidf", help="what classifiers see of texts")
    add("--strength", type=float, default=1.0, help="C of the logistic regression")
    add("--draws", type=int, default=5, help="draws of the gold rows")
    add("--peers", type=Path, help="an existing environment that holds Snorkel")
    add("--results", type=Path, default=RESULTS, help="folder to write to")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    """Score what is asked for, print the tables, and save them unless --only was given."""
    args = parse(arguments)
    snorkel = SnorkelLabels.if_at_hand(args.peers)
    if snorkel is None:
        print("Snorkel left out: its environment is not at hand (see README.md)", file=sys.stderr)
    table: Table = {}
    for data in read_end_sets(args.data, args.features, args.strength, args.only):
        print(data.name, file=sys.stderr, flush=True)
        table[data.name] = score_set(data, snorkel, args.draws)
    print_report(table)
    if not args.only:
        args.results.mkdir(parents=True, exist_ok=True)
        name = "end_model" if args.features == "tfidf" else f"end_model_{args.features}"
        name += "" if args.strength == 1 else f"_C{args.strength:g}"
        write_csv(args.results / f"{name}.csv", table)
        draw(args.results / f"{name}.png", table)


if __name__ == "__main__":
    main()
