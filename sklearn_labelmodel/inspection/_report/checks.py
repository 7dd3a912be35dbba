"""What there is to say of a fit: each check looks at the numbers for one fault and says it in a sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._votes.codes import LEAST_LFS
from .agreement import Consensus
from .facts import ACCIDENT, FEW_VOTES, SEVERITIES, LFFacts, ModelFacts, called, percent
from .facts import Finding as Finding
from .model_checks import MODEL_CHECKS
from .repeats import Copy

INVERTED_Z, UNRELATED_Z, CONFIRMED_Z = -3.0, 1.0, 2.0


LEAST_MET = 50


def all_findings(lfs: LFFacts, model: ModelFacts) -> tuple[Finding, ...]:
    """All that the checks find, the worst first."""
    found = [finding for check in LF_CHECKS for finding in check(lfs)]
    found += [finding for check in MODEL_CHECKS for finding in check(model)]
    found += copies(lfs, model)
    return tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))


def too_few_lfs(lfs: LFFacts) -> list[Finding]:
    """Fewer LFs than it takes to tell accuracies."""
    n_voting = int((lfs.fit_coverage > 0).sum())
    if n_voting >= LEAST_LFS:
        return []
    vote = "LF votes" if n_voting == 1 else "LFs vote"
    message = f"Only {n_voting} {vote}, so that nothing can be learned of accuracies"
    return [
        Finding("too-few-lfs", "danger", None, message, "add LFs until there are three or more")
    ]


def inverted(lfs: LFFacts) -> list[Finding]:
    """LFs that gold labels, or else the other LFs, contradict more often than chance, beyond sampling noise."""
    z, by_labels = _judged(lfs)
    return [
        Finding(
            "inverted",
            "danger",
            lfs.name[j],
            _against_labels(lfs.name[j], lfs.labelled, j)
            if by_labels[j]
            else _against_others(lfs.name[j], lfs.consensus, j),
            "swap its labels if they are mixed up, else drop it",
        )
        for j in np.flatnonzero(z < INVERTED_Z)
    ]


def _against_others(name: Any, others: Any, j: Any) -> str:
    return (
        f"{called(name)} votes against the others: {others.agreed[j]:.0%} of the votes beside its own agree with it, "
        f"by chance it would be {others.by_chance[j]:.0%}"
    )


def _against_labels(name: Any, labels: Any, j: Any) -> str:
    return (
        f"{called(name)} votes against gold labels: {labels.agreed[j]:.0%} of its {labels.met[j]:.0f} votes on "
        f"labelled rows are right, by chance it would be {labels.by_chance[j]:.0%}"
    )


def below_chance(lfs: LFFacts) -> list[Finding]:
    """LFs whose accuracy is below chance, beyond sampling noise, and that the others do not confirm either."""
    if lfs.intervals is None:
        return []
    low, high, chance = lfs.intervals.low, lfs.intervals.high, lfs.intervals.chance
    below = high < chance
    # Where LFs are poor, the classes of maximum likelihood may be swapped; then good LFs look bad.
    below &= ~(_judged(lfs)[0] > UNRELATED_Z)
    return [
        Finding(
            "below-chance",
            "danger",
            lfs.name[j],
            f"{called(lfs.name[j])} is right in {low[j]:.0%} to {high[j]:.0%} of its votes, dealt at random they "
            f"would be in {chance[j]:.0%}",
            "swap its labels if they are mixed up, else drop it",
        )
        for j in np.flatnonzero(below)
    ]


def unrelated(lfs: LFFacts) -> list[Finding]:
    """LFs that agree with the others no more than chance, though they meet often, and are not known to be good."""
    if lfs.consensus is None:
        return []
    z, agreement = _judged(lfs)[0], lfs.consensus
    lost = (z >= INVERTED_Z) & (z < UNRELATED_Z) & (agreement.met >= LEAST_MET)
    if lfs.intervals is not None:
        lost &= ~(lfs.intervals.low > lfs.intervals.chance)
    return [
        Finding(
            "unrelated",
            "warning",
            lfs.name[j],
            f"{called(lfs.name[j])} agrees with the others no more than by chance ({agreement.agreed[j]:.0%}, chance "
            f"{agreement.by_chance[j]:.0%})",
            "look at rows in which it votes, or drop it",
        )
        for j in np.flatnonzero(lost)
    ]


def never_votes(lfs: LFFacts) -> list[Finding]:
    """LFs that never voted in fit, or not in these rows and by no accident of few rows."""
    in_fit, here = lfs.fit_coverage, lfs.coverage
    accident = len(here) * (1 - in_fit) ** lfs.n_samples >= ACCIDENT
    silent = (here == 0) & ((in_fit == 0) | ~accident)
    return [
        *(_silent_finding(lfs.name[j], in_fit[j]) for j in np.flatnonzero(silent)),
        *(
            Finding(
                "never-votes",
                "warning",
                lfs.name[j],
                f"{called(lfs.name[j])} did not vote in fit, so that its votes say nothing",
                "fit on rows in which it votes",
            )
            for j in np.flatnonzero((in_fit == 0) & (here > 0))
        ),
    ]


def _silent_finding(name: Any, in_fit: float) -> Finding:
    message = f"{called(name)} never votes"
    if in_fit:
        message += f" in these rows, in those of fit it did in {percent(in_fit)}"
    return Finding("never-votes", "warning", name, message, "mend or drop it")


def never_overlapping(lfs: LFFacts) -> list[Finding]:
    """LFs that share no row with another one."""
    if (lfs.fit_coverage > 0).sum() < LEAST_LFS:
        return []
    return [
        Finding(
            "never-overlapping",
            "warning",
            lfs.name[j],
            f"{called(lfs.name[j])} never votes beside another LF, so that its accuracy is what it was taken "
            "to be before training",
            "add LFs that vote on the same rows, or label some of them",
        )
        for j in np.flatnonzero(lfs.alone)
    ]


def few_votes(lfs: LFFacts) -> list[Finding]:
    """LFs with too few votes to learn from."""
    return [
        Finding(
            "few-votes",
            "info",
            lfs.name[j],
            f"{called(lfs.name[j])} has too few votes ({lfs.fit_votes[j]:.0f}) to learn its accuracy",
            "widen it, or read its accuracy as a guess",
        )
        for j in np.flatnonzero((lfs.fit_votes > 0) & (lfs.fit_votes < FEW_VOTES))
    ]


def one_sided(lfs: LFFacts) -> list[Finding]:
    """LFs that give one vote only."""
    return [
        Finding(
            "one-sided",
            "info",
            lfs.name[j],
            f"{called(lfs.name[j])} gives one vote only, so that the votes alone do not tell how often it is right",
            "judge it on labelled rows if much depends on it",
        )
        for j in np.flatnonzero(lfs.kinds == 1)
    ]


LF_CHECKS = (
    too_few_lfs,
    inverted,
    below_chance,
    unrelated,
    never_votes,
    never_overlapping,
    few_votes,
    one_sided,
)


def _judged(lfs: LFFacts) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Agreement beyond chance in standard errors, and where gold labels say it rather than the other LFs.

    Labels decide where they confirm an LF or condemn it. Where they confirm one that the others contradict, the
    others are wrong together, and their word counts for no LF; nor does it for an LF whose accuracy is above chance
    by the estimate that labels chose.
    """
    z = np.full(len(lfs.name), np.nan) if lfs.consensus is None else _z(lfs.consensus)
    if lfs.labelled is None:
        return z, np.zeros(len(z), dtype=bool)
    of_labels = _z(lfs.labelled)
    confirmed = of_labels > CONFIRMED_Z
    decided = confirmed | (of_labels < INVERTED_Z)
    unheard = np.full(len(z), (confirmed & (z < INVERTED_Z)).any())
    if lfs.intervals is not None:
        unheard |= lfs.intervals.low > lfs.intervals.chance
    return np.where(decided, of_labels, np.where(unheard, np.nan, z)), decided


def _z(agreement: Consensus) -> NDArray[np.float64]:
    """Agreement beyond chance in standard errors; NaN where nothing is to compare."""
    beyond = agreement.agreed - agreement.by_chance
    none = np.full(len(beyond), np.nan)
    return np.divide(beyond, agreement.error, out=none, where=agreement.error > 0)


def copies(lfs: LFFacts, model: ModelFacts) -> list[Finding]:
    """LFs that repeat another one's votes, each beside the one most like it."""
    closest = {copy.second: copy for copy in reversed(model.copies)}
    return [_copy_finding(closest[second], lfs, model) for second in sorted(closest)]


def _copy_finding(copy: Copy, lfs: LFFacts, model: ModelFacts) -> Finding:
    first, second = lfs.name[copy.first], lfs.name[copy.second]
    allowed_for = (copy.first, copy.second) in model.dependencies
    is_harmless = allowed_for or copy.rows < FEW_VOTES
    can_declare = model.kind == "LabelModelClassifier"
    remedy = "drop one, or merge the two"
    if allowed_for:
        remedy = "leave both, or drop one"
    elif can_declare:
        remedy = "drop one, merge the two, or declare them (dependencies)"
    return Finding(
        "near-duplicate",
        "info" if is_harmless else "warning",
        second,
        f"{called(second)} nearly repeats {called(first)} (alike in {copy.agreement:.0%} of {copy.rows:.0f} rows), "
        + (
            "which the fit allows for" if allowed_for else "so that their common errors count twice"
        ),
        remedy,
    )
