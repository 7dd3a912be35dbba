"""Look at labeling functions and label models: summaries, labels that abstain, and displays."""

from ._accuracy_display import LFAccuracyDisplay
from ._lf_displays import LFCoverageDisplay, LossCurveDisplay
from ._lf_summary import lf_summary
from ._pair_displays import LFConflictDisplay, LFOverlapDisplay
from ._probabilities import filter_unlabeled, probs_to_preds

__all__ = [
    "LFAccuracyDisplay",
    "LFConflictDisplay",
    "LFCoverageDisplay",
    "LFOverlapDisplay",
    "LossCurveDisplay",
    "filter_unlabeled",
    "lf_summary",
    "probs_to_preds",
]
