"""What a report looks for, and what of it could not be looked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np

from .facts import Facts
from .finding import Finding
from .parts import Check

# What holds where nothing is found.
SOUND = {
    "diverged": "Training did not diverge",
    "not-converged": "Training reached its tolerance",
    "too-few-lfs": "Three LFs or more vote",
    "inverted": "No LF votes against the others, or against gold labels",
    "below-chance": "No LF is right less often than by chance",
    "unrelated": "Every LF agrees with the others more than by chance",
    "near-duplicate": "No LF repeats another one",
    "never-votes": "Every LF votes",
    "never-overlapping": "Every LF shares rows with another one",
    "few-votes": "Every LF has votes enough to learn from",
    "one-sided": "Every LF votes for two classes or more",
    "against-majority": "Labels hardly differ from majority vote",
    "worse-than-majority": "Held-out votes are foreseen no worse than by majority vote",
    "shifted-shares": "Predicted class shares are those of the class prior",
    "lost-classes": "Every class labels some row",
    "silent-rows": "Nearly every row has a vote",
    "drifted-coverage": "LFs vote as often as in the reference",
    "drifted-votes": "LFs cast the votes that they cast in the reference",
    "drifted-agreement": "LFs agree as in the reference",
}
NEED_ROWS = {
    "against-majority",
    "below-chance",
    "lost-classes",
    "near-duplicate",
    "shifted-shares",
    "silent-rows",
    "worse-than-majority",
}
NO_LOOK, NO_REFERENCE = "it takes a look at rows: report(L)", "no reference was given"


def checks_of(
    facts: Facts, findings: Iterable[Finding], ignored: Iterable[str], compared: bool
) -> tuple[Check, ...]:
    """What became of each check.

    Parameters
    ----------
    facts : Facts
    findings : iterable of Finding
        Those that are ignored included.
    ignored : iterable of str
        Codes that nobody wants to hear of.
    compared : bool
        Whether there was a reference.
    """
    found = Counter(finding.code for finding in findings)
    codes = [*SOUND, *(code for code in found if code not in SOUND)]
    return tuple(_check(facts, code, found[code], set(ignored), compared) for code in codes)


def _check(facts: Facts, code: str, n_found: int, ignored: set[str], compared: bool) -> Check:
    sound = SOUND.get(code, code)
    if code in ignored:
        return Check(code, sound, "ignored", f"{n_found} found" if n_found else "nothing found")
    if n_found:
        return Check(code, sound, "found")
    why = _obstacle(facts, code, compared)
    return Check(code, sound, "not checked" if why else "passed", why)


def _obstacle(facts: Facts, code: str, compared: bool) -> str:
    """Why something could not be checked, "" where it could."""
    if code.startswith("drifted"):
        return "" if compared else NO_REFERENCE
    if code in ("inverted", "unrelated"):
        return _no_consensus(facts)
    if code == "not-converged" and facts.converged is None:
        return "no tolerance was asked for"
    if facts.looks is None:
        return NO_LOOK if code in NEED_ROWS else ""
    if code == "below-chance":
        return _no_interval(facts)
    if code == "against-majority" and facts.outvoted is None:
        return "no vote is for a class"
    if code == "worse-than-majority" and facts.held_out is None:
        return _no_held_out(facts)
    return ""


def _no_consensus(facts: Facts) -> str:
    if facts.consensus is None:
        return "fit kept no pairs of votes: report(L) counts them"
    with np.errstate(invalid="ignore"):
        comparable = (facts.consensus.error > 0).any()
    if comparable or facts.labelled is not None:
        return ""
    return "no LF meets votes for different classes"


def _no_interval(facts: Facts) -> str:
    intervals = facts.intervals
    if intervals is not None and np.isfinite(intervals.low).any():
        return ""
    reasons = Counter(intervals.reason if intervals is not None else [])
    most = ", ".join(f"{reason} ({n})" for reason, n in reasons.most_common(3) if reason)
    return f"votes tell no LF's accuracy: {most}" if most else "votes tell no LF's accuracy"


def _no_held_out(facts: Facts) -> str:
    if facts.kept.gold is not None:
        return "gold labels were learned from: compare both on other labelled rows"
    if not facts.capabilities:
        return "this is majority vote itself"
    if facts.leaves_open.any():
        return "some votes leave several classes open"
    if facts.gives_scores.any():
        return "some columns hold scores"
    return "too few rows, too many parameters, or votes for what is none of the classes"
