"""Look at labeling functions and label models: summaries, reports, labels that abstain, and displays."""

from ._agreement import Agreement, agreement
from ._check_votes import check_votes
from ._decisions import filter_unlabeled, probs_to_preds
from ._plot.accuracy import LFAccuracyDisplay
from ._plot.coverage import LFCoverageDisplay, LossCurveDisplay
from ._plot.pairs import LFConflictDisplay, LFOverlapDisplay
from ._report.parts import Finding
from ._report.report import FitReport
from ._summary import lf_summary, score_summary

__all__ = [
    "Agreement",
    "Finding",
    "FitReport",
    "LFAccuracyDisplay",
    "LFConflictDisplay",
    "LFCoverageDisplay",
    "LFOverlapDisplay",
    "LossCurveDisplay",
    "agreement",
    "check_votes",
    "filter_unlabeled",
    "lf_summary",
    "probs_to_preds",
    "score_summary",
]
