"""A report as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..._utils import listed
from .._report.parts import ContestedRow, Pairs, ReportParts, alike, rounded, shape_of
from . import words

BAR = 10


def markdown(report: ReportParts) -> str:
    """The report in the order of the page."""
    gold = words.gold_sentence(report.gold) if report.gold else ""
    blocks = [f"# {words.verdict(report)}", f"Fit report: {shape_of(report)}", gold]
    blocks.append(table(["", "", ""], [list(tile) for tile in words.tiles(report)]))
    for title, content in _sections(report):
        if content:
            blocks += [f"## {title}", content]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _sections(report: ReportParts) -> Iterator[tuple[str, str]]:
    yield "Findings", _findings(report)
    yield "What was checked", _checks(report)
    yield "Accuracy and coverage", _accuracies(report)
    yield "How the LFs agree", _pairs(report)
    yield "Class shares", _classes(report)
    yield "Against gold labels", _confusion(report)
    yield "The most contested rows", "\n\n".join(map(_contested, report.contested))
    yield "What drifted", _drift(report)
    yield "Settings and versions", _settings(report)


def verbatim(value: object) -> str:
    """What users wrote, as they wrote it, on one line: nothing in it is Markdown, HTML or mathematics."""
    shown = re.sub(r"[\r\n|]+", lambda found: "\\|" if "|" in found[0] else " ", str(value))
    longest = max((len(ticks) for ticks in re.findall(r"`+", shown)), default=0)
    fence, space = "`" * (longest + 1), " " if longest or not shown.strip() else ""
    return f"{fence}{space}{shown}{space}{fence}"


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table; cells are Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def bar(share: float) -> str:
    """A share as a bar of characters."""
    if np.isnan(share):
        return ""
    filled = round(BAR * min(max(share, 0.0), 1.0))
    return "█" * filled + "░" * (BAR - filled)


def _findings(report: ReportParts) -> str:
    lines = []
    for first, *others in alike(report.findings):
        message = words.with_names(first.message, report.lfs.index.tolist(), verbatim, str)
        likewise = listed([verbatim(finding.lf) for finding in others], words.MOST_NAMES)
        parts = [
            f"- **{first.severity}** [{first.code}]({first.url}): {message}; {first.remedy}.",
            words.without_sentence(first),
            f"Rows to look at: {', '.join(map(verbatim, first.rows))}." if first.rows else "",
            f"Likewise {likewise}." if others else "",
        ]
        lines.append(" ".join(filter(None, parts)))
    return "\n".join(lines) or "None."


def _checks(report: ReportParts) -> str:
    passed = [check.sound for check in report.checks if check.state == "passed"]
    others = [
        f"- {check.state}, {check.code}: {check.why}"
        for check in report.checks
        if check.state in ("not checked", "ignored")
    ]
    lines = [f"- passed: {'; '.join(passed)}"] if passed else []
    return "\n".join(lines + others)


def _accuracies(report: ReportParts) -> str:
    parts = []
    for heading, lfs in words.best_and_worst(report.lfs):
        rows = [_lf_row(lf) for lf in lfs.itertuples()]
        head = ["LF", "right", "learned", "95% interval from the votes", "votes in"]
        parts.append(f"{heading}\n\n{table(head, rows)}" if heading else table(head, rows))
    return "\n\n".join(parts)


def _lf_row(lf: Any) -> list[str]:
    return [
        verbatim(lf.Index),
        bar(lf.accuracy if not np.isnan(lf.accuracy) else lf.learned_accuracy),
        rounded(lf.learned_accuracy) or "",
        f"{lf.low:.0%} to {lf.high:.0%}" if not np.isnan(lf.low) else words.what_can_be_said(lf),
        rounded(lf.coverage) or "",
    ]


def _pairs(report: ReportParts) -> str:
    pairs = report.pairs
    if pairs is None:
        return ""
    rows = [
        [
            verbatim(pair.first),
            verbatim(pair.second),
            f"{pair.agreement:.0%}",
            f"{pair.lift:.1f}",
            f"{pair.rows:,}",
        ]
        for pair in [*pairs.alike, *pairs.at_odds]
    ]
    head = ["LF", "LF", "alike", "common rows, against chance", "common rows"]
    all_pairs = f"{_all_pairs(pairs)}\n\n" if pairs.lfs else ""
    return f"{all_pairs}{table(head, rows)}"


def _all_pairs(pairs: Pairs) -> str:
    """The table of all pairs of LFs, and what it shows."""
    numbers = [str(j + 1) for j in range(len(pairs.lfs))]
    rows = [
        [f"{number} {verbatim(lf)}", *map(words.agreement_words, line)]
        for number, lf, line in zip(numbers, pairs.lfs, pairs.table, strict=True)
    ]
    what = "Common rows, against chance (1)" if pairs.meeting else "Share of common rows, alike"
    return f"{what}; a dash where two share none:\n\n{table(['LF', *numbers], rows)}"


def _classes(report: ReportParts) -> str:
    model = report.model
    if model.shares is None:
        return ""
    rows = [
        [
            verbatim(model.classes.tolist()[y]),
            bar(model.shares[y]),
            f"{model.shares[y]:.1%}",
            f"{model.class_prior[y]:.1%}",
        ]
        for y in words.class_order(report)
    ]
    return table(["class", "", "predicted", f"prior ({model.prior_source})"], rows)


def _confusion(report: ReportParts) -> str:
    gold, classes = report.gold, report.model.classes.tolist()
    if gold is None or len(classes) > words.MOST_VOTES:
        return ""
    rows = [
        [verbatim(label), *(f"{n:,}" for n in line)]
        for label, line in zip(classes, gold.confusion, strict=True)
    ]
    return table(["truth \\ label", *map(verbatim, classes)], rows)


def _contested(row: ContestedRow) -> str:
    title = (
        f"Row {verbatim(row.row)}: {verbatim(row.label)} {row.p_label:.0%}, {verbatim(row.rival)} "
        f"{row.p_rival:.0%}"
    )
    rows = words.evidence_rows(row.evidence, verbatim)
    return f"{title}\n\n{table(['LF', 'vote', 'log-odds'], rows)}"


def _drift(report: ReportParts) -> str:
    if report.drift is None:
        return ""
    rows = words.drift_rows(report.drift, verbatim)
    return f"{table(words.DRIFT_HEAD, rows)}\n\n{words.less_drifted(report.drift)}".rstrip()


def _settings(report: ReportParts) -> str:
    return "\n".join(
        f"- {key}: {verbatim(value)}" for key, value in (report.settings or {}).items()
    )
