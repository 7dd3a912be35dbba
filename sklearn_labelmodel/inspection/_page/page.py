"""A report as a page, or as a piece of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._report.parts import ReportParts, counts_of, shape_of
from . import sections
from .markup import details, element, muted, name, text
from .style import style
from .words import gold_sentence, verdict

# MathJax is to leave alone what is between two dollars.
CLASSES = "slm-report tex2jax_ignore mathjax_ignore"
SECTIONS = (
    ("Findings", sections.findings),
    ("What was checked", sections.checked),
    ("Accuracy and coverage", sections.accuracies),
    ("How the LFs agree", sections.agreement),
    ("Class shares", sections.class_shares),
    ("Against gold labels", sections.gold_labels),
    ("The most contested rows", sections.contested),
    ("What drifted", sections.drift),
    ("Settings and versions", sections.settings),
)


def document(report: ReportParts) -> str:
    """A whole page."""
    title = text(f"Fit report: {shape_of(report)}")
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"><title>{title}</title>{style(True)}'
    )
    body = element("main", _content(report, 1), class_=CLASSES)
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head><body>{body}</body></html>\n'


def fragment(report: ReportParts) -> str:
    """A piece of a page, such as the output of a notebook's cell."""
    return element("div", style(False) + _content(report, 2), class_=CLASSES)


def folded(reports: Mapping[Any, ReportParts]) -> str:
    """Several reports in one piece of a page, each to unfold."""
    shown = [
        details(
            f"{name(key)}: {text(counts_of(report.findings))}",
            element("div", _content(report, 3)),
        )
        for key, report in reports.items()
    ]
    return element("div", style(False) + "".join(shown), class_=CLASSES)


def _content(report: ReportParts, level: int) -> str:
    top = [
        muted(text(f"Fit report: {shape_of(report)}")),
        element(f"h{level}", text(verdict(report)), class_="slm-verdict"),
        f"<p>{text(gold_sentence(report.gold))}</p>" if report.gold else "",
        sections.glance(report),
    ]
    for title, section in SECTIONS:
        content = section(report)
        if content:
            heading = element(f"h{level + 1}", title, class_="slm-title")
            top.append(element("section", heading + content))
    return "".join(top)
