"""What there is to say of a fit: each check looks at the numbers for one fault and says it in a sentence."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from ..._learning.observed import LEAST_LFS
from ..._utils import listed, plain, quoted
from .facts import Consensus, Facts
from .parts import SEVERITIES, Copy, Finding, called, percent

FEW_VOTES = 30
# Probability, in all classes or LFs together, below which something is no accident of few rows.
ACCIDENT = 0.001
FEW_LABELS, MOST_NAMES = 30, 5
SAME_LABELS, LOW_AGREEMENT, LEAST_AGREEMENT = 0.95, 0.9, 0.7
SILENT, MOSTLY_SILENT = 0.1, 0.5
SHIFT, LARGE_SHIFT = 0.1, 0.2
LEAST_LOSS, LOSS_Z = 0.01, 3.0
INVERTED_Z, UNRELATED_Z, CONFIRMED_Z = -3.0, 1.0, 2.0
LEAST_MET = 50


def all_findings(facts: Facts) -> tuple[Finding, ...]:
    """All that the checks find, the worst first."""
    found = [finding for check in CHECKS for finding in check(facts)]
    return tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))


# Labeling functions -------------------------------------------------------------------------------


def too_few_lfs(facts: Facts) -> list[Finding]:
    """Fewer LFs than it takes to tell accuracies."""
    n_voting = int((facts.kept.coverage > 0).sum())
    if n_voting >= LEAST_LFS:
        return []
    vote = "LF votes" if n_voting == 1 else "LFs vote"
    message = f"Only {n_voting} {vote}, so that nothing can be learned of accuracies"
    return [
        Finding("too-few-lfs", "danger", None, message, "add LFs until there are three or more")
    ]


def inverted(facts: Facts) -> list[Finding]:
    """LFs that gold labels, or else the other LFs, contradict more often than chance, beyond sampling noise."""
    z, by_labels = _judged(facts)
    found = []
    for j in np.flatnonzero(z < INVERTED_Z):
        message = _against_labels(facts, j) if by_labels[j] else _against_others(facts, j)
        found.append(Finding("inverted", "danger", facts.name[j], message, _upside_down(facts, j)))
    return found


def _upside_down(facts: Facts, j: np.intp) -> str:
    """What to do about an LF that says the opposite of what it should."""
    if facts.gives_scores[j]:
        return "turn its scale if that is a mistake, the model has learned to read it upside down"
    if _are_labels_doubtful(facts):
        return (
            "swap its labels, or the gold labels (which confirm no LF), if they are mixed up; else look at rows in "
            "which it disagrees, and mend it"
        )
    return (
        "swap its labels if they are mixed up, else look at rows in which it disagrees, and mend it"
    )


def _are_labels_doubtful(facts: Facts) -> bool:
    """Whether gold labels contradict two LFs or more and confirm none, as where their classes are swapped."""
    if facts.labelled is None:
        return False
    z = _z(facts.labelled)
    return bool((z < INVERTED_Z).sum() > 1 and not (z > CONFIRMED_Z).any())


def _against_others(facts: Facts, j: np.intp) -> str:
    others = facts.consensus
    assert others is not None  # noqa: S101
    return (
        f"{called(facts.name[j])} votes against the others: {others.agreed[j]:.0%} of the votes beside its own agree "
        f"with it, by chance it would be {others.by_chance[j]:.0%}"
    )


def _against_labels(facts: Facts, j: np.intp) -> str:
    labels = facts.labelled
    assert labels is not None  # noqa: S101
    return (
        f"{called(facts.name[j])} votes against gold labels: {labels.agreed[j]:.0%} of its {labels.met[j]:.0f} votes "
        f"on labelled rows are right, by chance it would be {labels.by_chance[j]:.0%}"
    )


def below_chance(facts: Facts) -> list[Finding]:
    """LFs whose accuracy is below chance, beyond sampling noise, and that the others do not confirm either."""
    if facts.intervals is None:
        return []
    _, low, high, chance = facts.intervals
    below = high < chance
    # Where LFs are poor, the classes of maximum likelihood may be swapped; then good LFs look bad.
    below &= ~(_judged(facts)[0] > UNRELATED_Z)
    return [
        Finding(
            "below-chance",
            "danger",
            facts.name[j],
            f"{called(facts.name[j])} is right in {low[j]:.0%} to {high[j]:.0%} of its votes, dealt at random they "
            f"would be in {chance[j]:.0%}",
            _upside_down(facts, j),
        )
        for j in np.flatnonzero(below)
    ]


def unrelated(facts: Facts) -> list[Finding]:
    """LFs that agree with the others no more than chance, though they meet often, and are not known to be good."""
    if facts.consensus is None:
        return []
    z, agreement = _judged(facts)[0], facts.consensus
    lost = (z >= INVERTED_Z) & (z < UNRELATED_Z) & (agreement.met >= LEAST_MET)
    if facts.intervals is not None:
        _, low, _, chance = facts.intervals
        lost &= ~(low > chance)
    return [
        Finding(
            "unrelated",
            "warning",
            facts.name[j],
            f"{called(facts.name[j])} agrees with the others no more than by chance ({agreement.agreed[j]:.0%}, chance "
            f"{agreement.by_chance[j]:.0%})",
            "look at rows in which it votes, and mend it if it is wrong in them",
        )
        for j in np.flatnonzero(lost)
    ]


def never_votes(facts: Facts) -> list[Finding]:
    """LFs that never voted in fit, or not in these rows and by no accident of few rows."""
    in_fit, here = facts.kept.coverage, facts.coverage
    accident = len(here) * (1 - in_fit) ** facts.model.n_samples >= ACCIDENT
    silent = (here == 0) & ((in_fit == 0) | ~accident)
    return [
        *(_silent_finding(facts.name[j], in_fit[j]) for j in np.flatnonzero(silent)),
        *(
            Finding(
                "never-votes",
                "warning",
                facts.name[j],
                f"{called(facts.name[j])} did not vote in fit, so that its votes say nothing",
                "fit on rows in which it votes",
            )
            for j in np.flatnonzero((in_fit == 0) & (here > 0))
        ),
    ]


def _silent_finding(name: Hashable, in_fit: float) -> Finding:
    message = f"{called(name)} never votes"
    if in_fit:
        message += f" in these rows, in those of fit it did in {percent(in_fit)}"
    return Finding("never-votes", "warning", name, message, "mend it, or leave it out")


def never_overlapping(facts: Facts) -> list[Finding]:
    """LFs that share no row with another one."""
    if (facts.kept.coverage > 0).sum() < LEAST_LFS:
        return []
    return [
        Finding(
            "never-overlapping",
            "warning",
            facts.name[j],
            f"{called(facts.name[j])} never votes beside another LF, so that its accuracy is what it was taken "
            "to be before training",
            "add LFs that vote on the same rows, or label some of them",
        )
        for j in np.flatnonzero((facts.kept.coverage > 0) & ~facts.kept.overlaps)
    ]


def few_votes(facts: Facts) -> list[Finding]:
    """LFs with too few votes to learn from."""
    return [
        Finding(
            "few-votes",
            "info",
            facts.name[j],
            f"{called(facts.name[j])} has too few votes ({facts.fit_votes[j]:.0f}) to learn its accuracy",
            "widen it, or read its accuracy as a guess",
        )
        for j in np.flatnonzero((facts.fit_votes > 0) & (facts.fit_votes < FEW_VOTES))
    ]


def one_sided(facts: Facts) -> list[Finding]:
    """LFs that only ever vote for one class."""
    return [
        Finding(
            "one-sided",
            "info",
            facts.name[j],
            f"{called(facts.name[j])} only ever votes for one class, so that the votes alone do not tell how often it "
            "is right",
            "judge it on labelled rows if much depends on it",
        )
        for j in np.flatnonzero(facts.kinds == 1)
    ]


def _judged(facts: Facts) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Agreement beyond chance in standard errors, and where gold labels say it rather than the other LFs.

    Labels decide where they confirm an LF or condemn it. Where they confirm one that the others contradict, the
    others are wrong together, and their word counts for no LF; nor does it for an LF whose accuracy is above chance
    by the estimate that labels chose.
    """
    z = np.full(len(facts.name), np.nan) if facts.consensus is None else _z(facts.consensus)
    if facts.labelled is None:
        return z, np.zeros(len(z), dtype=bool)
    of_labels = _z(facts.labelled)
    confirmed = of_labels > CONFIRMED_Z
    decided = confirmed | (of_labels < INVERTED_Z)
    unheard = np.full(len(z), (confirmed & (z < INVERTED_Z)).any())
    if facts.intervals is not None:
        _, low, _, chance = facts.intervals
        unheard |= low > chance
    return np.where(decided, of_labels, np.where(unheard, np.nan, z)), decided


def _z(agreement: Consensus) -> NDArray[np.float64]:
    """Agreement beyond chance in standard errors; NaN where nothing is to compare."""
    beyond = agreement.agreed - agreement.by_chance
    none = np.full(len(beyond), np.nan)
    return np.divide(beyond, agreement.error, out=none, where=agreement.error > 0)


def near_duplicates(facts: Facts) -> list[Finding]:
    """LFs that repeat another one's votes, each beside the one most like it."""
    closest = {copy.second: copy for copy in reversed(facts.model.copies)}
    return [_copy_finding(closest[second], facts) for second in sorted(closest)]


def _copy_finding(copy: Copy, facts: Facts) -> Finding:
    first, second = facts.name[copy.first], facts.name[copy.second]
    effect = "so that their common errors count twice"
    remedy = "merge the two, or use LabelModelClassifier, which lets them count less"
    if copy.allowed_for:
        effect, remedy = "which the fit allows for", "leave both, they count less where they agree"
    elif "declare dependencies" in facts.capabilities:
        remedy = "declare them (dependencies), or merge the two"
    return Finding(
        "near-duplicate",
        "info" if copy.allowed_for or copy.rows < FEW_VOTES else "warning",
        second,
        f"{called(second)} nearly repeats {called(first)} (alike in {copy.agreement:.0%} of {copy.rows:.0f} rows), "
        f"{effect}",
        remedy,
    )


# The model ----------------------------------------------------------------------------------------


# What can be done where class shares and the class prior disagree: by where the latter is from, and what else by what
# the model can do.
SHARES_REMEDIES = {
    "uniform": "give the shares as class_balance",
    "given": "check the shares in class_balance",
    "labels": "check that labelled rows are drawn at random",
    "learned": "give the shares as class_balance if you know them",
}
MORE_REMEDIES = (
    ("uniform", "estimate a prior", "have them learned with class_balance='estimate'"),
    ("given", "estimate a prior", "have them learned with class_balance='estimate'"),
    ("given", "learn a prior", "leave it out to have them learned"),
    ("labels", "heed a prior", "give the shares as class_balance"),
    ("learned", "learn a prior", "raise max_iter"),
)


def shifted_shares(facts: Facts) -> list[Finding]:
    """Predicted class shares that contradict the class prior, by more than sampling noise."""
    model = facts.model
    if model.shares is None:
        return []
    heeded, source = "heed a prior" in facts.capabilities, model.prior_source
    if not heeded and source == "uniform" and (model.silent or 0.0) < SILENT:
        return []
    gap, prior = model.shares - model.class_prior, model.class_prior
    shift, chi2 = np.abs(gap).sum() / 2, facts.n_voted * (gap**2 / prior).sum()
    if shift < SHIFT or chdtrc(len(gap) - 1, chi2) > ACCIDENT:
        return []
    y = int(np.argmax(np.abs(gap)))
    in_part = f"{model.kind} heeds it in rows without votes only"
    message = (
        f"Class {quoted(plain(model.classes[y]))} gets {percent(model.shares[y])} of the predicted probability, the "
        f"class prior says {percent(prior[y])}, and {'labels depend on it' if heeded else in_part}"
    )
    severity = "warning" if shift >= LARGE_SHIFT else "info"
    return [Finding("shifted-shares", severity, None, message, _shares_remedy(facts))]


def _shares_remedy(facts: Facts) -> str:
    source, can = facts.model.prior_source, facts.capabilities
    more = [text for of, needed, text in MORE_REMEDIES if of == source and needed in can]
    if "heed a prior" not in can and source != "uniform":
        more.append("use LabelModelClassifier, which heeds them")
    return ", or ".join([SHARES_REMEDIES[source], *more])


def lost_classes(facts: Facts) -> list[Finding]:
    """Classes that no row with votes is labelled with, though there are rows enough."""
    model = facts.model
    if model.labels is None:
        return []
    accident = len(model.labels) * (1 - model.class_prior) ** facts.n_voted >= ACCIDENT
    lost = np.flatnonzero((model.labels == 0) & ~accident)
    if not len(lost):
        return []
    names = listed([repr(plain(model.classes[y])) for y in lost], MOST_NAMES)
    message = f"No row is labelled {names}"
    doubtful = "the gold labels" if model.prior_source == "labels" else "class_balance"
    remedy = f"add LFs for {'it' if len(lost) == 1 else 'them'}, or check {doubtful}"
    return [Finding("lost-classes", "warning", None, message, remedy)]


def disagreement(facts: Facts) -> list[Finding]:
    """Labels that differ from majority vote in many rows."""
    model = facts.model
    unlike = model.outvoted
    if unlike is None or 1 - unlike >= LOW_AGREEMENT:
        return []
    if model.n_labels >= FEW_LABELS:
        message = (
            f"Labels differ from majority vote, which knows nothing of the {model.n_labels:,} gold labels that the fit "
            f"has learned from, in {unlike:.0%} of the rows with votes"
        )
        remedy = "compare both on other labelled rows before you prefer majority vote"
        return [Finding("against-majority", "info", None, message, remedy)]
    message = f"Labels differ from majority vote in {unlike:.0%} of the rows with votes"
    severity = "danger" if 1 - unlike < LEAST_AGREEMENT else "warning"
    remedy = "check some of these rows by hand before you trust either"
    return [Finding("against-majority", severity, None, message, remedy)]


def worse_than_majority(facts: Facts) -> list[Finding]:
    """Held-out votes that majority vote foresees better; it matters less where the labels hardly differ."""
    model = facts.model
    if model.held_out is None:
        return []
    own, majority = model.held_out.own, model.held_out.majority
    if majority - own < max(LEAST_LOSS, LOSS_Z * model.held_out.error):
        return []
    message = (
        f"{model.kind} foresees held-out votes worse than majority vote does (log-likelihood {own:.3f} a row, "
        f"{majority:.3f})"
    )
    departs = model.outvoted is not None and 1 - model.outvoted < SAME_LABELS
    severity = "warning" if departs else "info"
    remedy = "compare both on labelled rows before you prefer it"
    return [Finding("worse-than-majority", severity, None, message, remedy)]


def diverged(facts: Facts) -> list[Finding]:
    """Training that ended worse than it started."""
    if not facts.model.diverged:
        return []
    message = "Training diverged, so that neither accuracies nor labels mean anything"
    return [Finding("diverged", "danger", None, message, "lower lr, or momentum")]


def not_converged(facts: Facts) -> list[Finding]:
    """Training that was asked to reach a tolerance and did not."""
    model = facts.model
    if model.converged is not False or model.diverged:
        return []
    message = "Training stopped before it reached tol"
    return [
        Finding("not-converged", "warning", None, message, "allow more iterations, or raise tol")
    ]


def silent_rows(facts: Facts) -> list[Finding]:
    """Rows without votes."""
    model = facts.model
    if model.silent is None or model.silent < SILENT:
        return []
    message = f"{model.silent:.0%} of the rows have no vote, so that nothing but the prior is known of them"
    severity = "warning" if model.silent >= MOSTLY_SILENT else "info"
    remedy = "leave them out of training (filter_unlabeled), add LFs that cover them, or label some"
    return [Finding("silent-rows", severity, None, message, remedy)]


CHECKS = (
    too_few_lfs,
    inverted,
    below_chance,
    unrelated,
    never_votes,
    never_overlapping,
    few_votes,
    one_sided,
    shifted_shares,
    disagreement,
    worse_than_majority,
    lost_classes,
    diverged,
    not_converged,
    silent_rows,
    near_duplicates,
)
