"""The sections of a report, each from its parts to HTML; "" where there is nothing to show."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from .._report.parts import (
    NOUNS,
    ContestedRow,
    Evidence,
    Finding,
    GoldCheck,
    Pair,
    Pairs,
    ReportParts,
    alike,
    wilson_intervals,
)
from . import figures as fig
from . import words
from .markup import details, element, listing, muted, name, number, table, text

MOST_GROUPS = 40
# Room for gold labels below what votes tell.
GOLD_LANE = 13
SCALE = '<span class="slm-scale"><span>0%</span><span>50%</span><span>100%</span></span>'
GOLD_LEGEND = (
    fig.interval(0, 1, "slm-goldspan") + fig.square(0.5, "slm-gold"),
    "on gold labels, with its 95% interval",
)
STATES = {"passed": "Passed", "not checked": "Could not be checked", "ignored": "Ignored"}


def glance(report: ReportParts) -> str:
    """Numbers at a glance."""
    shown = "".join(
        f"<div><dt>{text(what)}</dt><dd>{text(value)}</dd>"
        + (f'<dd class="slm-note">{text(note)}</dd>' if note else "")
        + "</div>"
        for what, value, note in words.tiles(report)
    )
    return f'<dl class="slm-tiles">{shown}</dl>'


# Findings -----------------------------------------------------------------------------------------


def findings(report: ReportParts) -> str:
    """Findings, those of one kind together."""
    groups = alike(report.findings)
    names = report.lfs.index.tolist()
    cards = "".join(finding_card(group, names) for group in groups[:MOST_GROUPS])
    more = len(groups) - MOST_GROUPS
    return (
        cards + (f"<p>And {more} kinds more: see report.findings.</p>" if more > 0 else "")
        or "<p>None.</p>"
    )


def finding_card(group: list[Finding], names: list[Hashable]) -> str:
    """What was found, what to do, and where to look."""
    first, *others = group
    label = f'<span class="slm-pill">{NOUNS[first.severity]}</span>'
    link = element("a", text(first.code), href=first.url)
    message = words.with_names(first.message, names, lambda lf: f"<bdi>{text(lf)}</bdi>", text)
    rows = ", ".join(map(name, first.rows))
    parts = [
        f"<p>{label}{link}</p>",
        f"<p><strong>{message}.</strong></p>",
        f"<p>What to do: {text(first.remedy)}.</p>",
        muted(text(words.without_sentence(first))),
        muted(f"Rows to look at: {rows}" if rows else ""),
        likewise([finding.lf for finding in others]) if others else "",
    ]
    return element("div", "".join(parts), class_=f"slm-finding slm-{first.severity}")


def likewise(others: list[Any]) -> str:
    """LFs of which the same is to be said."""
    shown = ", ".join(map(name, others[: words.MOST_NAMES]))
    rest = others[words.MOST_NAMES :]
    if not rest:
        return f"<p>Likewise {shown}.</p>"
    return f"<p>Likewise {shown},</p>" + details(
        f"and {len(rest):,} more", f"<p>{', '.join(map(name, rest[:500]))}</p>"
    )


def checked(report: ReportParts) -> str:
    """What was looked for and not found, and what could not be looked for."""
    lists = []
    for state, title in STATES.items():
        lines = [
            text(check.sound) if state == "passed" else f"{text(check.code)}: {text(check.why)}"
            for check in report.checks
            if check.state == state
        ]
        if lines:
            lists.append(details(f"{title}: {len(lines)}", listing(lines)))
    return "".join(lists)


# Labeling functions -------------------------------------------------------------------------------


def accuracies(report: ReportParts) -> str:
    """How good LFs are, and how often they vote."""
    legend = [
        (fig.diamond(0.5, "slm-learned"), "what the model has learned"),
        (
            fig.interval(0.1, 0.9, "slm-span") + fig.dot(0.5, "slm-estimate"),
            "estimated from the votes, with its 95% interval",
        ),
        (fig.tick(0.5, "slm-chance"), "by chance"),
    ]
    if "correct" in report.lfs:
        legend.append(GOLD_LEGEND)
    head = ["LF", f"Right, of its votes {SCALE}", "Votes in", "Share"]
    shown, hidden = legend_of(legend), len(report.lfs)
    for heading, lfs in words.best_and_worst(report.lfs):
        rows = [lf_row(each) for each in lfs.itertuples()]
        shown += table(head, rows, heading or "LFs, the most accurate first", "slm-chart slm-lfs")
        hidden -= len(lfs)
    return shown + muted(words.left_out(hidden, "LFs more are in report.lfs"))


def legend_of(marks: list[tuple[str, str]]) -> str:
    """What marks mean, each a shape and what it stands for."""
    items = [fig.drawing([shape], None) + text(what) for shape, what in marks]
    return listing(items, "slm-legend")


def lf_row(lf: Any) -> list[str]:
    """A line for one LF."""
    note, (picture, _) = words.what_can_be_said(lf), accuracy_picture(lf)
    below = f'<div class="slm-muted">{text(note)}</div>' if note else ""
    cover = fig.drawing([fig.bar(lf.coverage, "slm-fill")], None)
    return [
        name(lf.Index),
        f"<td>{picture}{below}</td>",
        f"<td>{cover}</td>",
        number(share_text(lf.coverage)),
    ]


def accuracy_picture(lf: Any) -> tuple[str, int]:
    """What is known of how often an LF is right, gold labels in a lane below, and how high the picture is."""
    correct, incorrect = getattr(lf, "correct", 0), getattr(lf, "incorrect", 0)
    has_gold = correct + incorrect > 0
    height = fig.HEIGHT + GOLD_LANE * has_gold
    chance, estimate, learned = (
        getattr(lf, column, np.nan) for column in ("chance", "accuracy", "learned_accuracy")
    )
    shapes, said = fig.grid(height), []
    if not np.isnan(chance):
        shapes.append(fig.tick(chance, "slm-chance", height))
        said.append(f"by chance {chance:.0%}")
    if not np.isnan(estimate):
        shapes += [fig.interval(lf.low, lf.high, "slm-span"), fig.dot(estimate, "slm-estimate")]
        said.append(f"estimated {estimate:.0%}, {lf.low:.0%} to {lf.high:.0%}")
    if not np.isnan(learned):
        shapes.append(fig.diamond(learned, "slm-learned"))
        said.append(f"learned {learned:.0%}")
    if has_gold:
        share, y = correct / (correct + incorrect), fig.MIDDLE + GOLD_LANE
        low, high = wilson_intervals(correct, correct + incorrect)[0]
        shapes += [fig.interval(low, high, "slm-goldspan", y), fig.square(share, "slm-gold", y)]
        said.append(f"on gold labels {share:.0%}")
    return fig.drawing(shapes, "; ".join(said) or "nothing known", height), height


def share_text(share: float) -> str:
    """A share in per cent, small ones with a digit."""
    return f"{share:.0%}" if share >= 0.01 or not share else f"{share:.1%}"


def agreement(report: ReportParts) -> str:
    """How LFs agree, or meet, two by two."""
    pairs = report.pairs
    if pairs is None:
        return ""
    if pairs.meeting:
        intro = (
            "Most LFs here only ever vote for one class: two of them always agree or never, so that their agreement "
            "says nothing. What tells is how often they vote on the same rows, against what chance would bring (1)."
        )
        like = "One class, and often together"
        at_odds = "Different classes, and often together: one of them is wrong there"
    else:
        intro = "How often two LFs vote alike, of the rows in which both vote. A dash: they share no row."
        like, at_odds = "Most alike", "Most at odds"
    heat = heat_table(pairs) if pairs.lfs else ""
    lists = pair_table(pairs.alike, like, pairs.meeting)
    lists += pair_table(pairs.at_odds, at_odds, pairs.meeting)
    return f"<p>{text(intro)}</p>{heat}" + element("div", lists, class_="slm-side")


def heat_table(pairs: Pairs) -> str:
    numbers = [str(j + 1) for j in range(len(pairs.lfs))]
    largest = max(1.0, float(np.nanmax(pairs.table, initial=0.0)))
    rows = [
        [f"{place}&ensp;{name(lf)}", *(heat_cell(each, largest) for each in line)]
        for place, lf, line in zip(numbers, pairs.lfs, pairs.table, strict=True)
    ]
    caption = "Rows shared, against chance" if pairs.meeting else "Agreement of two LFs"
    return table(["LF", *numbers], rows, caption, "slm-heat")


def heat_cell(value: float, largest: float, said: str | None = None) -> str:
    """A cell, the darker the larger."""
    if np.isnan(value):
        return '<td class="slm-none">-</td>'
    share = 0.42 * min(1.0, value / largest)
    return f'<td style="--slm-share:{share:.2f}">{said or words.agreement_words(value)}</td>'


def pair_table(pairs: tuple[Pair, ...], title: str, meeting: bool) -> str:
    rows = [
        [
            f"{name(pair.first)} and {name(pair.second)}",
            number(f"{pair.lift:.1f} x" if meeting else f"{pair.agreement:.0%}"),
            number(f"{pair.rows:,}"),
        ]
        for pair in pairs
    ]
    head = ["LFs", "against chance" if meeting else "alike", "common rows"]
    return table(head, rows, title) if rows else ""


# Labels -------------------------------------------------------------------------------------------


def class_shares(report: ReportParts) -> str:
    """Shares of the classes: predicted, and the class prior."""
    model = report.model
    if model.shares is None or model.labels is None:
        return ""
    legend = [
        (fig.bar(1.0, "slm-fill"), "mean predicted probability, over rows with votes"),
        (fig.tick(0.5, "slm-prior"), f"class prior ({PRIOR_SOURCES[model.prior_source]})"),
    ]
    chosen = words.class_order(report)
    largest = scale_for(max(model.shares[chosen].max(), model.class_prior[chosen].max()))
    classes = model.classes.tolist()
    rows = [
        class_row(classes[y], (model.shares[y], model.class_prior[y], model.labels[y]), largest)
        for y in chosen
    ]
    scale = f'<span class="slm-scale"><span>0%</span><span>{share_text(largest)}</span></span>'
    head = ["Class", scale, "Predicted", "Prior", "Of the labels"]
    more = words.left_out(len(model.classes) - len(chosen), "classes more are in report.model")
    shown = table(head, rows, "Class shares", "slm-chart slm-classes")
    return legend_of(legend) + shown + muted(more)


PRIOR_SOURCES = {
    "given": "given",
    "labels": "from gold labels",
    "learned": "learned from the votes",
    "uniform": "equal shares, for want of knowledge",
}


def scale_for(largest: float) -> float:
    """The end of a scale that holds a share."""
    return next(end for end in (0.05, 0.1, 0.2, 0.5, 1.0) if largest <= end or end == 1.0)


def class_row(label: Any, shares: tuple[float, float, float], largest: float) -> list[str]:
    """A line for one class: predicted share, prior, share of the labels."""
    share, prior, _ = shares
    shapes = [
        *fig.grid(),
        fig.bar(share / largest, "slm-fill"),
        fig.tick(prior / largest, "slm-prior"),
    ]
    said = f"predicted {share:.0%}, prior {prior:.0%}"
    numbers = [number(share_text(each)) for each in shares]
    return [name(label), f"<td>{fig.drawing(shapes, said)}</td>", *numbers]


def gold_labels(report: ReportParts) -> str:
    """Reliability and confusion."""
    gold = report.gold
    if gold is None:
        return ""
    curve = f'<figure style="margin:0">{fig.reliability(gold.reliability)}</figure>'
    both = element("div", curve + confusion(gold, report.model.classes.tolist()), class_="slm-side")
    note = "Points below the diagonal: labels are right less often than they are sure to be."
    return f"<p>{text(words.gold_sentence(gold))}</p>{both}{muted(note)}"


def confusion(gold: GoldCheck, classes: list[Hashable]) -> str:
    """Rows by truth and label; of many classes the pairs most often mistaken."""
    if len(classes) > words.MOST_VOTES:
        return mistaken(gold, classes)
    totals = np.maximum(gold.confusion.sum(axis=1, keepdims=True), 1)
    rows = [
        [name(label), *(heat_cell(n / total, 1.0, f"{n:,}") for n in line)]
        for label, line, total in zip(classes, gold.confusion, totals[:, 0], strict=True)
    ]
    head = ["Truth", *(f"labelled {name(label)}" for label in classes)]
    return table(head, rows, "Rows by truth and label", "slm-heat")


def mistaken(gold: GoldCheck, classes: list[Hashable]) -> str:
    wrong = gold.confusion - np.diag(np.diagonal(gold.confusion))
    order = np.argsort(-wrong, axis=None, kind="stable")[: words.MOST_VOTES]
    rows = [
        [name(classes[y]), name(classes[z]), number(f"{wrong[y, z]:,}")]
        for y, z in zip(*np.unravel_index(order, wrong.shape), strict=True)
        if wrong[y, z]
    ]
    return table(["Truth", "Label", "Rows"], rows, "Classes most often mistaken") if rows else ""


def contested(report: ReportParts) -> str:
    """Rows whose votes contradict each other, each with what its votes say."""
    return "".join(map(contested_row, report.contested))


def contested_row(row: ContestedRow) -> str:
    label, rival = f"{name(row.label)} {row.p_label:.1%}", f"{name(row.rival)} {row.p_rival:.1%}"
    title = f'<p class="slm-subtitle">Row {name(row.row)}: {label}, {rival}</p>'
    alike_too = f" {row.alike:,} of the rows looked at have these votes." if row.alike > 1 else ""
    bars = evidence_table(row.evidence, row.label, row.rival)
    return element("div", title + muted(alike_too) + bars, class_="slm-row")


def evidence_table(evidence: tuple[Evidence, ...], label: Any, rival: Any) -> str:
    """A bar for what each vote adds to the log-odds of a label."""
    largest = max((abs(each.weight) for each in evidence), default=0.0)
    said = words.evidence_rows(evidence, name)
    rows = [
        [lf, vote, f"<td>{fig.diverging(each.weight, largest)}</td>", number(weight)]
        for each, (lf, vote, weight) in zip(evidence[: len(said)], said, strict=True)
    ]
    sides = f'<span class="slm-scale"><span>for {name(rival)}</span><span>for {name(label)}</span></span>'
    more = words.left_out(len(evidence) - 1 - words.MOST_VOTES, "weaker votes are not shown")
    caption = f"What its votes say, in log-odds of {label} against {rival}"
    head = ["LF", "Vote", sides, "Log-odds"]
    return table(head, rows, caption, "slm-chart slm-evidence") + muted(more)


# The rest -----------------------------------------------------------------------------------------


def drift(report: ReportParts) -> str:
    """What changed since the reference."""
    if report.drift is None:
        return ""
    rows = [[lf, *map(number, shares)] for lf, *shares in words.drift_rows(report.drift, name)]
    shown = table(words.DRIFT_HEAD, rows, "LFs that changed most since the reference")
    return shown + muted(words.less_drifted(report.drift))


def settings(report: ReportParts) -> str:
    """Parameters, versions and time."""
    if not report.settings:
        return ""
    rows = [[text(key), name(value)] for key, value in report.settings.items()]
    return details(
        "Parameters and versions",
        table(["What", "Value"], rows, "How this fit and report were made"),
    )
