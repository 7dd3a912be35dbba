"""What the page and the Markdown of a report have in common: its sentences and numbers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .._report.parts import (
    Evidence,
    Finding,
    GoldCheck,
    ReportParts,
    called,
    count,
    counts_of,
    rounded,
)

if TYPE_CHECKING:
    import pandas as pd

VERDICTS = {
    "danger": "Do not trust these labels yet",
    "warning": "Look at the warnings before you trust these labels",
    "info": "Nothing found that speaks against these labels",
}
# Of more LFs (classes) the best and the worst (the largest) are shown.
MOST_LFS, BEST, WORST, MOST_CLASSES, MOST_DRIFTED = 40, 12, 20, 20, 20
# LFs of which the same is found; votes of a contested row, and classes of a table of confusion.
MOST_NAMES, MOST_VOTES = 12, 14
DRIFT_HEAD = ["LF", "Votes in", "before", "Votes moved", "Agrees with others", "before"]


def verdict(report: ReportParts) -> str:
    """The verdict in a sentence."""
    looked = report.model.silent is not None
    start = VERDICTS[report.worst or "info"] + ("" if looked else ", as far as fit can tell")
    return f"{start}: {counts_of(report.findings)}." if report.findings else f"{start}."


def gold_sentence(gold: GoldCheck) -> str:
    """How labels compare with gold labels."""
    return (
        f"Of {count(gold.n_rows, 'row')} with a gold label, {gold.accuracy:.1%} are labelled right ({gold.low:.1%} to "
        f"{gold.high:.1%}); majority vote: {gold.majority:.1%}."
    )


def tiles(report: ReportParts) -> list[tuple[str, str, str]]:
    """Numbers at a glance: what each is, the number, and what to know of it."""
    model, lfs, gold = report.model, report.lfs, report.gold
    read = "" if model.n_samples == model.n_rows else f"{model.n_samples:,} of them read"
    found = [
        ("rows", f"{model.n_rows:,}", read),
        ("labeling functions", f"{len(lfs):,}", f"{lfs['coverage'].sum():.1f} votes a row"),
        ("classes", f"{len(model.classes):,}", ""),
    ]
    if model.silent is not None:
        found.append(("rows with a vote", f"{1 - model.silent:.0%}", ""))
    if model.agreement is not None:
        found.append(("labels as by majority vote", f"{model.agreement:.0%}", ""))
    if model.alpha is not None and not np.isnan(model.alpha.alpha):
        alpha, low, high = model.alpha
        note = f"{low:.2f} to {high:.2f}; 1: all agree, 0: chance"
        found.append(("Krippendorff's alpha", f"{alpha:.2f}", note))
    if gold is not None:
        note = f"{gold.low:.0%} to {gold.high:.0%}; majority vote {gold.majority:.1%}"
        note += f"; log loss {gold.log_loss:.2f}"
        found.append(("labels right", f"{gold.accuracy:.1%}", note))
    if model.n_labels:
        found.append(("gold labels learned from", f"{model.n_labels:,}", ""))
    if model.held_out is not None:
        own, majority, _ = model.held_out
        note = f"majority vote {majority:.3f}; higher is better"
        found.append(("held-out votes, log-likelihood", f"{own:.3f}", note))
    return found


def with_names(
    message: str, lfs: list[Any], name: Callable[[str], str], rest: Callable[[str], str]
) -> str:
    """A finding's message, the LFs that it names written by one function, and all else by another."""
    # The longest first: LF 1 is no part of LF 14.
    named = sorted((each for each in map(called, lfs) if each in message), key=len, reverse=True)
    if not named:
        return rest(message)
    parts = re.split(f"({'|'.join(map(re.escape, named))})", message)
    return "".join((name if place % 2 else rest)(part) for place, part in enumerate(parts))


def without_sentence(finding: Finding) -> str:
    """What the labels would be without the LF; nothing where nobody looked."""
    share = finding.without
    if share is None:
        return ""
    if share == 0:
        return "Without it, no label would change."
    changed = f"{share:.1%}" if share >= 0.001 else "less than 0.1%"
    return f"Without it, {changed} of the labels would change."


def best_and_worst(lfs: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """All LFs, the most accurate first, or of many the best and the worst, each list with its heading.

    How accurate they are is as estimated, else as learned.
    """
    known = lfs["accuracy"].fillna(lfs["learned_accuracy"])
    ordered = lfs.iloc[np.argsort(-known.fillna(-1).to_numpy(), kind="stable")]
    if len(lfs) <= MOST_LFS:
        return [("", ordered)]
    voting = ordered.dropna(subset=["learned_accuracy", "accuracy"], how="all")
    return [
        (f"The {BEST} most accurate", voting.iloc[:BEST]),
        (f"The {WORST} least accurate", voting.iloc[BEST:].iloc[-WORST:]),
    ]


def what_can_be_said(lf: Any) -> str:
    """Of an LF without an interval: why, and how it agrees with the others."""
    if not lf.reason or np.isnan(lf.agreement) or np.isnan(lf.agreement_by_chance):
        return str(lf.reason)
    return f"{lf.reason}: others agree in {lf.agreement:.0%}, chance {lf.agreement_by_chance:.0%}"


def class_order(report: ReportParts) -> np.ndarray[Any, Any]:
    """Classes in their order; of many the most frequent and the most shifted."""
    shares, prior = report.model.shares, report.model.class_prior
    if shares is None or len(shares) <= MOST_CLASSES:
        return np.arange(len(prior))
    half = MOST_CLASSES // 2
    frequent, shifted = np.argsort(-shares)[:half], np.argsort(-np.abs(shares - prior))[:half]
    return np.unique(np.concatenate([frequent, shifted]))


def left_out(number: int, words: str) -> str:
    """How many of something are not shown; nothing where all are."""
    return f"{number:,} {words}." if number > 0 else ""


def signed(weight: float) -> str:
    """Log-odds with their sign; a zero has none."""
    return f"{weight:+.2f}".replace("-0.00", "0.00").replace("+0.00", "0.00")


def evidence_rows(evidence: tuple[Evidence, ...], name: Callable[[Any], str]) -> list[list[str]]:
    """What speaks for a label: the LF and its vote, as a function writes them, and what they add to the log-odds."""
    return [
        [
            "class prior" if each.lf is None else name(each.lf),
            "" if each.lf is None else name(each.vote),
            signed(each.weight),
        ]
        for each in evidence[: MOST_VOTES + 1]
    ]


def drift_rows(drift: pd.DataFrame, name: Callable[[Any], str]) -> list[list[str]]:
    """The LFs that changed most since the reference, each with its name as a function writes it, under `DRIFT_HEAD`."""
    moved = (drift["coverage"] - drift["coverage_before"]).abs() + drift["votes_moved"]
    order = np.argsort(-moved.to_numpy(), kind="stable")
    shares = ["coverage", "coverage_before", "votes_moved", "agreement", "agreement_before"]
    most = drift[shares].iloc[order[:MOST_DRIFTED]]
    return [
        [name(lf), *(rounded(share) or "-" for share in of_lf)]
        for lf, *of_lf in most.itertuples(name=None)
    ]


def less_drifted(drift: pd.DataFrame) -> str:
    """How many LFs are not among these."""
    return left_out(len(drift) - MOST_DRIFTED, "LFs more are in report.drift")


def agreement_words(value: float) -> str:
    """A cell of the table of pairs of LFs; a dash where two share no row."""
    return "-" if np.isnan(value) else f"{value:.2f}".removeprefix("0") or "0"
