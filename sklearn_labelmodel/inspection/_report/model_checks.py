"""What there is to say of the model: its class shares, its labels, its training."""

from __future__ import annotations

import numpy as np
from scipy.special import chdtrc

from ..._utils import listed, plain
from .facts import ACCIDENT, Finding, ModelFacts, percent

FEW_LABELS, MOST_NAMES = 30, 5


SAME_LABELS, LOW_AGREEMENT, LEAST_AGREEMENT = 0.95, 0.9, 0.7


SILENT, MOSTLY_SILENT = 0.1, 0.5


SHIFT, LARGE_SHIFT = 0.1, 0.2


LEAST_LOSS, LOSS_Z = 0.01, 3.0


# What can be done where class shares and the class prior disagree, by where the latter is from.
ESTIMATE = "have them learned with class_balance='estimate'"


SAMPLE = "check that labelled rows are drawn at random"


SHARES_REMEDIES = {
    ("LabelModelClassifier", "uniform"): f"give the shares as class_balance, or {ESTIMATE}",
    ("LabelModelClassifier", "given"): f"check the shares in class_balance, or {ESTIMATE}",
    ("LabelModelClassifier", "labels"): f"{SAMPLE}, or give the shares as class_balance",
    ("LabelModelClassifier", "learned"): "give the shares as class_balance if you know them",
    (
        "DawidSkeneClassifier",
        "given",
    ): "check the shares in class_balance, or leave it out to have them learned",
    (
        "DawidSkeneClassifier",
        "learned",
    ): "give the shares as class_balance if you know them, or raise max_iter",
    ("MajorityVoteClassifier", "uniform"): "give the shares as class_balance",
    (
        "MajorityVoteClassifier",
        "given",
    ): "check the shares in class_balance, or use LabelModelClassifier, which heeds them",
    (
        "MajorityVoteClassifier",
        "labels",
    ): f"{SAMPLE}, or use LabelModelClassifier, which heeds their shares",
}


def shifted_shares(model: ModelFacts) -> list[Finding]:
    """Predicted class shares that contradict the class prior, by more than sampling noise."""
    if model.shares is None:
        return []
    is_majority = model.kind == "MajorityVoteClassifier"
    if is_majority and model.prior_from == "uniform" and (model.silent or 0.0) < SILENT:
        return []
    gap, prior = model.shares - model.class_prior, model.class_prior
    shift, chi2 = np.abs(gap).sum() / 2, model.n_voted * (gap**2 / prior).sum()
    if shift < SHIFT or chdtrc(len(gap) - 1, chi2) > ACCIDENT:
        return []
    y = int(np.argmax(np.abs(gap)))
    heeded = "majority vote heeds it in rows without votes only"
    role = heeded if is_majority else "labels lean on the prior"
    message = (
        f"Class {plain(model.classes[y])!r} gets {percent(model.shares[y])} of the predicted probability, the class "
        f"prior says {percent(prior[y])}, and {role}"
    )
    severity = "warning" if shift >= LARGE_SHIFT else "info"
    remedy = SHARES_REMEDIES.get((model.kind, model.prior_from), "check class_balance")
    return [Finding("shifted-shares", severity, None, message, remedy)]


def lost_classes(model: ModelFacts) -> list[Finding]:
    """Classes that no row with votes is labelled with, though there are rows enough."""
    if model.labels is None:
        return []
    accident = len(model.labels) * (1 - model.class_prior) ** model.n_voted >= ACCIDENT
    lost = np.flatnonzero((model.labels == 0) & ~accident)
    if not len(lost):
        return []
    names = listed([repr(plain(model.classes[y])) for y in lost], MOST_NAMES)
    message = f"No row is labelled {names}"
    remedy = f"add LFs for {'it' if len(lost) == 1 else 'them'}, or check class_balance"
    return [Finding("lost-classes", "warning", None, message, remedy)]


def disagreement(model: ModelFacts) -> list[Finding]:
    """Labels that differ from majority vote in many rows."""
    if model.agreement is None or model.agreement >= LOW_AGREEMENT:
        return []
    unlike = 1 - model.agreement
    if model.n_labels >= FEW_LABELS:
        message = (
            f"Labels differ from majority vote, which knows nothing of the {model.n_labels:,} gold labels that the fit "
            f"has learned from, in {unlike:.0%} of the rows with votes"
        )
        remedy = "compare both on other labelled rows before you prefer majority vote"
        return [Finding("against-majority", "info", None, message, remedy)]
    message = f"Labels differ from majority vote in {unlike:.0%} of the rows with votes"
    severity = "danger" if model.agreement < LEAST_AGREEMENT else "warning"
    remedy = "check some of these rows by hand before you trust either"
    return [Finding("against-majority", severity, None, message, remedy)]


def worse_than_majority(model: ModelFacts) -> list[Finding]:
    """Held-out votes that majority vote foresees better; it matters less where the labels hardly differ."""
    if model.held_out is None:
        return []
    own, majority = model.held_out.own, model.held_out.majority
    if majority - own < max(LEAST_LOSS, LOSS_Z * model.held_out.error):
        return []
    message = (
        f"{model.kind} foresees held-out votes worse than majority vote does (log-likelihood {own:.3f} a row, "
        f"{majority:.3f})"
    )
    departs = model.agreement is not None and model.agreement < SAME_LABELS
    severity = "warning" if departs else "info"
    remedy = "compare both on labelled rows before you prefer it"
    return [Finding("worse-than-majority", severity, None, message, remedy)]


def diverged(model: ModelFacts) -> list[Finding]:
    """Training that ended worse than it started."""
    if not model.diverged:
        return []
    message = "Training diverged, so that neither accuracies nor labels mean anything"
    return [Finding("diverged", "danger", None, message, "lower lr, or momentum")]


def not_converged(model: ModelFacts) -> list[Finding]:
    """Training that was asked to reach a tolerance and did not."""
    if model.converged is not False or model.diverged:
        return []
    message = "Training stopped before it reached tol"
    return [
        Finding("not-converged", "warning", None, message, "allow more iterations, or raise tol")
    ]


def silent_rows(model: ModelFacts) -> list[Finding]:
    """Rows without votes."""
    if model.silent is None or model.silent < SILENT:
        return []
    message = f"{model.silent:.0%} of the rows have no vote, so that nothing but the prior is known of them"
    severity = "warning" if model.silent >= MOSTLY_SILENT else "info"
    remedy = "leave them out of training (filter_unlabeled), add LFs that cover them, or label some"
    return [Finding("silent-rows", severity, None, message, remedy)]


MODEL_CHECKS = (
    shifted_shares,
    disagreement,
    worse_than_majority,
    lost_classes,
    diverged,
    not_converged,
    silent_rows,
)
