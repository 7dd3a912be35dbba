"""Look at labeling functions and label models: summaries, reports, labels that abstain, and displays."""

from ._accuracy_display import LFAccuracyDisplay
from ._lf_displays import LFCoverageDisplay, LossCurveDisplay
from ._lf_summary import lf_summary
from ._pair_displays import LFConflictDisplay, LFOverlapDisplay
from ._probabilities import filter_unlabeled, probs_to_preds
from ._report import FitReport
from ._report_checks import Finding

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
]
