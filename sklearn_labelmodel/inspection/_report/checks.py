"""What there is to say of a fit: each check looks at the numbers for one fault and says it in a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from ..._learning.observed import LEAST_LFS
from ..._utils import listed, plain, quoted
from .facts import Facts
from .parts import SEVERITIES, Check, Finding, FitNumbers, called, percent

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


def too_few_lfs(facts: Facts) -> Iterator[Finding]:
    """Fewer LFs than it takes to tell accuracies."""
    n_voting = int((facts.kept.coverage > 0).sum())
    if n_voting < LEAST_LFS:
        vote = "LF votes" if n_voting == 1 else "LFs vote"
        message = f"Only {n_voting} {vote}, so that nothing can be learned of accuracies"
        remedy = "add LFs until there are three or more"
        yield Finding("too-few-lfs", "danger", None, message, remedy)


def inverted(facts: Facts) -> Iterator[Finding]:
    """LFs that gold labels, or else the other LFs, contradict more often than chance, beyond sampling noise."""
    z, by_labels = _judged(facts)
    for j in np.flatnonzero(z < INVERTED_Z):
        known = facts.labelled if by_labels[j] else facts.consensus
        # Where z is a number, one of them was there to compare with.
        assert known is not None  # noqa: S101
        met, agreed, chance, _ = known[:, j]
        name, by_chance = called(facts.name[j]), f"by chance it would be {chance:.0%}"
        message = (
            f"{name} votes against gold labels: {agreed:.0%} of its {met:.0f} votes on labelled rows are right, "
            f"{by_chance}"
            if by_labels[j]
            else f"{name} votes against the others: {agreed:.0%} of the votes beside its own agree with it, {by_chance}"
        )
        yield Finding("inverted", "danger", facts.name[j], message, _upside_down(facts, j))


def _upside_down(facts: Facts, j: np.intp) -> str:
    """What to do about an LF that says the opposite of what it should."""
    if facts.gives_scores[j]:
        return "turn its scale if that is a mistake, the model has learned to read it upside down"
    z = np.zeros(0) if facts.labelled is None else _z(facts.labelled)
    # Where gold labels contradict two LFs or more and confirm none, their classes may be swapped.
    if (z < INVERTED_Z).sum() > 1 and not (z > CONFIRMED_Z).any():
        return (
            "swap its labels, or the gold labels (which confirm no LF), if they are mixed up; else look at rows in "
            "which it disagrees, and mend it"
        )
    return (
        "swap its labels if they are mixed up, else look at rows in which it disagrees, and mend it"
    )


def below_chance(facts: Facts) -> Iterator[Finding]:
    """LFs whose accuracy is below chance, beyond sampling noise, and that the others do not confirm either."""
    if facts.intervals is None:
        return
    _, low, high, chance = facts.intervals
    # Where LFs are poor, the classes of maximum likelihood may be swapped; then good LFs look bad.
    for j in np.flatnonzero((high < chance) & ~(_judged(facts)[0] > UNRELATED_Z)):
        message = (
            f"{called(facts.name[j])} is right in {low[j]:.0%} to {high[j]:.0%} of its votes, dealt at random they "
            f"would be in {chance[j]:.0%}"
        )
        yield Finding("below-chance", "danger", facts.name[j], message, _upside_down(facts, j))


def unrelated(facts: Facts) -> Iterator[Finding]:
    """LFs that agree with the others no more than chance, though they meet often, and are not known to be good."""
    if facts.consensus is None:
        return
    z, (met, agreed, by_chance, _) = _judged(facts)[0], facts.consensus
    lost = (z >= INVERTED_Z) & (z < UNRELATED_Z) & (met >= LEAST_MET)
    if facts.intervals is not None:
        _, low, _, chance = facts.intervals
        lost &= ~(low > chance)
    for j in np.flatnonzero(lost):
        message = (
            f"{called(facts.name[j])} agrees with the others no more than by chance ({agreed[j]:.0%}, chance "
            f"{by_chance[j]:.0%})"
        )
        remedy = "look at rows in which it votes, and mend it if it is wrong in them"
        yield Finding("unrelated", "warning", facts.name[j], message, remedy)


def never_votes(facts: Facts) -> Iterator[Finding]:
    """LFs that never voted in fit, or not in these rows and by no accident of few rows."""
    in_fit, here = facts.kept.coverage, facts.coverage
    accident = len(here) * (1 - in_fit) ** facts.model.n_samples >= ACCIDENT
    for j in np.flatnonzero((here == 0) & ((in_fit == 0) | ~accident)):
        message = f"{called(facts.name[j])} never votes"
        if in_fit[j]:
            message += f" in these rows, in those of fit it did in {percent(in_fit[j])}"
        yield Finding("never-votes", "warning", facts.name[j], message, "mend it, or leave it out")
    for j in np.flatnonzero((in_fit == 0) & (here > 0)):
        message = f"{called(facts.name[j])} did not vote in fit, so that its votes say nothing"
        remedy = "fit on rows in which it votes"
        yield Finding("never-votes", "warning", facts.name[j], message, remedy)


def never_overlapping(facts: Facts) -> Iterator[Finding]:
    """LFs that share no row with another one."""
    votes = facts.kept.coverage > 0
    if votes.sum() < LEAST_LFS:
        return
    for j in np.flatnonzero(votes & ~facts.kept.overlaps):
        message = (
            f"{called(facts.name[j])} never votes beside another LF, so that its accuracy is what it was taken "
            "to be before training"
        )
        remedy = "add LFs that vote on the same rows, or label some of them"
        yield Finding("never-overlapping", "warning", facts.name[j], message, remedy)


def few_votes(facts: Facts) -> Iterator[Finding]:
    """LFs with too few votes to learn from."""
    votes = np.rint(facts.kept.coverage * facts.kept.n_samples)
    for j in np.flatnonzero((votes > 0) & (votes < FEW_VOTES)):
        name = called(facts.name[j])
        message = f"{name} has too few votes ({votes[j]:.0f}) to learn its accuracy"
        remedy = "widen it, or read its accuracy as a guess"
        yield Finding("few-votes", "info", facts.name[j], message, remedy)


def one_sided(facts: Facts) -> Iterator[Finding]:
    """LFs that only ever vote for one class."""
    for j in np.flatnonzero(facts.kinds == 1):
        message = (
            f"{called(facts.name[j])} only ever votes for one class, so that the votes alone do not tell how often it "
            "is right"
        )
        remedy = "judge it on labelled rows if much depends on it"
        yield Finding("one-sided", "info", facts.name[j], message, remedy)


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


def _z(consensus: NDArray[np.float64]) -> NDArray[np.float64]:
    """Agreement beyond chance in standard errors; NaN where nothing is to compare."""
    _, agreed, by_chance, error = consensus
    none = np.full(len(error), np.nan)
    return np.divide(agreed - by_chance, error, out=none, where=error > 0)


def near_duplicates(facts: Facts) -> Iterator[Finding]:
    """LFs that repeat another one's votes, each beside the one most like it."""
    closest = {copy.second: copy for copy in reversed(facts.model.copies)}
    for _, copy in sorted(closest.items()):
        first, second = facts.name[copy.first], facts.name[copy.second]
        effect = "so that their common errors count twice"
        remedy = "merge the two, or use LabelModelClassifier, which lets them count less"
        if copy.allowed_for:
            effect = "which the fit allows for"
            remedy = "leave both, they count less where they agree"
        elif "declare dependencies" in facts.capabilities:
            remedy = "declare them (dependencies), or merge the two"
        message = (
            f"{called(second)} nearly repeats {called(first)} (alike in {copy.agreement:.0%} of {copy.rows:.0f} rows), "
            f"{effect}"
        )
        severity = "info" if copy.allowed_for or copy.rows < FEW_VOTES else "warning"
        yield Finding("near-duplicate", severity, second, message, remedy)


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


def shifted_shares(facts: Facts) -> Iterator[Finding]:
    """Predicted class shares that contradict the class prior, by more than sampling noise."""
    model = facts.model
    heeded, source = "heed a prior" in facts.capabilities, model.prior_source
    unheeded = not heeded and source == "uniform" and (model.silent or 0.0) < SILENT
    if model.shares is None or unheeded:
        return
    gap, prior = model.shares - model.class_prior, model.class_prior
    shift, chi2 = np.abs(gap).sum() / 2, _n_voted(model) * (gap**2 / prior).sum()
    if shift < SHIFT or chdtrc(len(gap) - 1, chi2) > ACCIDENT:
        return
    y = int(np.argmax(np.abs(gap)))
    in_part = f"{model.kind} heeds it in rows without votes only"
    message = (
        f"Class {quoted(plain(model.classes[y]))} gets {percent(model.shares[y])} of the predicted probability, the "
        f"class prior says {percent(prior[y])}, and {'labels depend on it' if heeded else in_part}"
    )
    can = facts.capabilities
    more = [text for of, needed, text in MORE_REMEDIES if of == source and needed in can]
    if not heeded and source != "uniform":
        more.append("use LabelModelClassifier, which heeds them")
    remedy = ", or ".join([SHARES_REMEDIES[source], *more])
    severity = "warning" if shift >= LARGE_SHIFT else "info"
    yield Finding("shifted-shares", severity, None, message, remedy)


def _n_voted(model: FitNumbers) -> float:
    """Rows with votes among those read."""
    return model.n_samples * (1 - (model.silent or 0.0))


def lost_classes(facts: Facts) -> Iterator[Finding]:
    """Classes that no row with votes is labelled with, though there are rows enough."""
    model = facts.model
    if model.labels is None:
        return
    accident = len(model.labels) * (1 - model.class_prior) ** _n_voted(model) >= ACCIDENT
    lost = np.flatnonzero((model.labels == 0) & ~accident)
    if len(lost):
        names = listed([repr(plain(model.classes[y])) for y in lost], MOST_NAMES)
        doubtful = "the gold labels" if model.prior_source == "labels" else "class_balance"
        remedy = f"add LFs for {'it' if len(lost) == 1 else 'them'}, or check {doubtful}"
        yield Finding("lost-classes", "warning", None, f"No row is labelled {names}", remedy)


def disagreement(facts: Facts) -> Iterator[Finding]:
    """Labels that differ from majority vote in many rows."""
    model = facts.model
    unlike = model.outvoted
    if unlike is None or 1 - unlike >= LOW_AGREEMENT:
        return
    start, rows = "Labels differ from majority vote", f"in {unlike:.0%} of the rows with votes"
    if model.n_labels >= FEW_LABELS:
        labels = f"the {model.n_labels:,} gold labels that the fit has learned from"
        message = f"{start}, which knows nothing of {labels}, {rows}"
        remedy = "compare both on other labelled rows before you prefer majority vote"
        yield Finding("against-majority", "info", None, message, remedy)
    else:
        severity = "danger" if 1 - unlike < LEAST_AGREEMENT else "warning"
        remedy = "check some of these rows by hand before you trust either"
        yield Finding("against-majority", severity, None, f"{start} {rows}", remedy)


def worse_than_majority(facts: Facts) -> Iterator[Finding]:
    """Held-out votes that majority vote foresees better; it matters less where the labels hardly differ."""
    model, held_out = facts.model, facts.model.held_out
    if held_out is None:
        return
    own, majority, error = held_out
    if majority - own >= max(LEAST_LOSS, LOSS_Z * error):
        message = (
            f"{model.kind} foresees held-out votes worse than majority vote does (log-likelihood {own:.3f} a row, "
            f"{majority:.3f})"
        )
        departs = model.outvoted is not None and 1 - model.outvoted < SAME_LABELS
        remedy = "compare both on labelled rows before you prefer it"
        severity = "warning" if departs else "info"
        yield Finding("worse-than-majority", severity, None, message, remedy)


def training(facts: Facts) -> Iterator[Finding]:
    """Training that ended worse than it started, or was asked to reach a tolerance and did not."""
    if facts.model.diverged:
        message = "Training diverged, so that neither accuracies nor labels mean anything"
        yield Finding("diverged", "danger", None, message, "lower lr, or momentum")
    elif facts.model.converged is False:
        message, remedy = (
            "Training stopped before it reached tol",
            "allow more iterations, or raise tol",
        )
        yield Finding("not-converged", "warning", None, message, remedy)


def silent_rows(facts: Facts) -> Iterator[Finding]:
    """Rows without votes."""
    silent = facts.model.silent
    if silent is not None and silent >= SILENT:
        message = (
            f"{silent:.0%} of the rows have no vote, so that nothing but the prior is known of them"
        )
        severity = "warning" if silent >= MOSTLY_SILENT else "info"
        remedy = (
            "leave them out of training (filter_unlabeled), add LFs that cover them, or label some"
        )
        yield Finding("silent-rows", severity, None, message, remedy)


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
    training,
    silent_rows,
    near_duplicates,
)


# What was looked for ------------------------------------------------------------------------------


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
    "shifted-shares": "Predicted class shares are near the class prior, or as far as chance explains",
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
    checks = []
    others = {code: code for code in found if code not in SOUND}
    for code, sound in (SOUND | others).items():
        state, why = "found", ""
        if code in ignored:
            state, why = "ignored", f"{found[code]} found" if found[code] else "nothing found"
        elif not found[code]:
            why = _obstacle(facts, code, compared)
            state = "not checked" if why else "passed"
        checks.append(Check(code, sound, state, why))
    return tuple(checks)


def _obstacle(facts: Facts, code: str, compared: bool) -> str:
    """Why something could not be checked, "" where it could."""
    model, consensus = facts.model, facts.consensus
    if code.startswith("drifted"):
        return "" if compared else "no reference was given"
    if code in ("inverted", "unrelated"):
        if consensus is None:
            return "fit kept no pairs of votes: report(L) counts them"
        with np.errstate(invalid="ignore"):
            known = facts.labelled is not None or (consensus[3] > 0).any()
        return "" if known else "no LF meets votes for different classes"
    if code == "not-converged" and model.converged is None:
        return "no tolerance was asked for"
    if model.silent is None:
        return "it takes a look at rows: report(L)" if code in NEED_ROWS else ""
    if code == "below-chance" and (facts.intervals is None or np.isnan(facts.intervals).all()):
        reasons = Counter(facts.reason).most_common(3)
        most = ", ".join(f"{reason} ({n})" for reason, n in reasons if reason)
        return f"votes tell no LF's accuracy: {most}" if most else "votes tell no LF's accuracy"
    if code == "against-majority" and model.outvoted is None:
        return "no vote is for a class"
    if code == "worse-than-majority" and model.held_out is None:
        return _no_held_out(facts)
    return ""


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
