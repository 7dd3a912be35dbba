"""The fit report: what a fitted label model has to say of itself and of its labeling functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._utils import listed
from .checks import all_findings
from .facts import Facts
from .finding import SEVERITIES, Finding

if TYPE_CHECKING:
    import pandas as pd


MOST_LINES, MOST_NAMES = 6, 4
NOUNS = {"danger": "danger", "warning": "warning", "info": "note"}
CONVERGED = {True: "yes", False: "no", None: None}
COLOURS = {"danger": "#b00020", "warning": "#8a6100", "info": "#555"}


@dataclass(frozen=True, eq=False, repr=False)
class FitReport:
    """What is to be said of a fit; `print` it, or look at its parts.

    Attributes
    ----------
    findings : tuple of Finding
        All of them, the worst first. Each has a code, a severity ("danger", "warning" or "info"), the LF's name (None
        for the model), a message and a remedy.
    lfs : DataFrame of n_lfs rows
        Indexed by LF name, or by column number. NaN where a number is not known.

        - votes (float), coverage (float): rows in which the LF votes, and their share.
        - learned_accuracy (float): what the model takes it to be.
        - accuracy, low, high (float): estimate of P(vote is right | LF votes) by maximum likelihood, and its 95%
          interval.
        - chance (float): the accuracy of its votes if they were dealt to rows at random.
        - reason (str): why there is no interval; "" where there is one.
        - agreement, agreement_by_chance (float): share of the other LFs' votes in the same rows that agree with its
          vote, and what it would be by chance.
        - findings (str): codes of what was found, joined by commas.
    model : Facts
        Numbers on the model: n_samples, converged, silent (share of rows without votes), shares (of predicted
        probability), labels (shares of predicted classes), agreement (with majority vote that draws lots where classes
        tie), outvoted (share of rows with votes whose label has fewer votes than another class), held_out (own score,
        that of majority vote, and the error of their difference), copies, classes, class_prior; None where unknown.
    """

    findings: tuple[Finding, ...]
    lfs: pd.DataFrame
    model: Facts

    @property
    def worst(self) -> str | None:
        """Highest severity among the findings; None without any."""
        return self.findings[0].severity if self.findings else None

    def __str__(self) -> str:
        lines = [self._headline(), *(f"  {label:8} {text}" for label, text in self._lines())]
        return "\n".join([*lines, f"  {self._numbers()}"])

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<li style="color:{COLOURS.get(label, "inherit")}"><b>{label}</b> {escape(text)}</li>'
            for label, text in self._lines()
        )
        table = self.lfs.to_html(float_format="{:.2f}".format, na_rep="", max_rows=50)
        return (
            f"<div><p><b>{escape(self._headline())}</b></p><ul>{rows}</ul><p>{escape(self._numbers())}</p>"
            f"<details><summary>Labeling functions</summary>{table}</details></div>"
        )

    def _headline(self) -> str:
        model = self.model
        rows = "" if model.n_samples is None else f" on {_count(model.n_samples, 'row')},"
        numbers = Counter(finding.severity for finding in self.findings)
        counts = [_count(numbers[each], NOUNS[each]) for each in SEVERITIES if numbers[each]]
        shape = f"{_count(len(self.lfs), 'LF')}, {_count(len(model.classes), 'class')}"
        return f"{model.kind}{rows} {shape}: {', '.join(counts) or 'nothing found'}"

    def _lines(self) -> Iterator[tuple[str, str]]:
        """Severity and sentence of each kind of finding, one line for LFs of which the same is to be said."""
        groups = _alike(self.findings)
        for group in groups[:MOST_LINES]:
            others = [str(finding.lf) for finding in group[1:]]
            likewise = f" Likewise {listed(others, MOST_NAMES)}." if others else ""
            yield group[0].severity, f"{group[0]}{likewise}"
        if len(groups) > MOST_LINES:
            kinds = ", ".join(dict.fromkeys(group[0].code for group in groups[MOST_LINES:]))
            yield "...", f"and {kinds}: see report.findings."

    def _numbers(self) -> str:
        model = self.model
        known = {
            "agreement with majority vote": _percent(model.agreement),
            "rows without votes": _percent(model.silent),
            "converged": None if model.diverged else CONVERGED[model.converged],
            "held-out score": model.held_out
            and f"{model.held_out.own:.3f} (majority vote {model.held_out.majority:.3f})",
        }
        parts = [f"{name} {text}" for name, text in known.items() if text is not None]
        return "; ".join(parts) or "report(L) says more."


def make_report(facts: Facts) -> FitReport:
    """Check the numbers, and put the findings beside them."""
    findings = all_findings(facts)
    return FitReport(findings, _frame(facts, findings), facts)


def _frame(facts: Facts, findings: tuple[Finding, ...]) -> pd.DataFrame:
    import pandas as pd

    nothing = np.full(len(facts.name), np.nan)
    intervals, consensus = facts.intervals, facts.consensus
    codes: dict[Any, dict[str, None]] = {}
    for finding in findings:
        codes.setdefault(finding.lf, {})[finding.code] = None
    columns: dict[str, Any] = {
        "votes": facts.votes,
        "coverage": facts.coverage,
        "learned_accuracy": facts.learned_accuracy,
        "accuracy": nothing if intervals is None else intervals.estimate,
        "low": nothing if intervals is None else intervals.low,
        "high": nothing if intervals is None else intervals.high,
        "chance": nothing if intervals is None else intervals.chance,
        "reason": "needs report(L)" if intervals is None else intervals.reason,
        "agreement": nothing if consensus is None else consensus.agreed,
        "agreement_by_chance": nothing if consensus is None else consensus.by_chance,
        "findings": [", ".join(codes.get(name, ())) for name in facts.name],
    }
    return pd.DataFrame(columns, index=pd.Index(facts.name, name="lf"))


def _alike(findings: tuple[Finding, ...]) -> list[list[Finding]]:
    """Findings of one code, severity and remedy together, in the order of the first of each."""
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        kind = finding.code, finding.severity, finding.remedy
        groups.setdefault(kind, []).append(finding)
    return list(groups.values())


def _count(number: int, noun: str) -> str:
    plural = "es" if noun.endswith("s") else "s"
    return f"{number:,} {noun}{'' if number == 1 else plural}"


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{share:.0%}"
