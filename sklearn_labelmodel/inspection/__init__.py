"""Look at labeling functions and label models: summaries, reports, labels that abstain, and displays."""

from ._decisions import filter_unlabeled, probs_to_preds
from ._plot.accuracy import LFAccuracyDisplay
from ._plot.coverage import LFCoverageDisplay, LossCurveDisplay
from ._plot.pairs import LFConflictDisplay, LFOverlapDisplay
from ._report.checks import Finding
from ._report.report import FitReport
from ._scores import score_summary
from ._summary import lf_summary

__all__ = [
    "Finding",
    "FitReport",
    "LFAccuracyDisplay",
    "LFConflictDisplay",
    "LFCoverageDisplay",
    "LFOverlapDisplay",
    "LossCurveDisplay",
    "filter_unlabeled",
    "lf_summary",
    "probs_to_preds",
    "score_summary",
]
