"""Weak supervision as scikit-learn estimators."""

from ._dawid_skene import DawidSkeneClassifier
from ._label_model import LabelModelClassifier
from ._majority_vote import MajorityVoteClassifier
from .end_model import WeakSupervisionClassifier, soft_label_expand
from .inspection import filter_unlabeled, lf_summary, probs_to_preds
from .labeling import (
    ABSTAIN,
    ClassifierLF,
    ColumnLF,
    KeywordLF,
    LabelingFunctions,
    LookupLF,
    RegexLF,
    ThresholdLF,
    labeling_function,
)

__all__ = [
    "ABSTAIN",
    "ClassifierLF",
    "ColumnLF",
    "DawidSkeneClassifier",
    "KeywordLF",
    "LabelModelClassifier",
    "LabelingFunctions",
    "LookupLF",
    "MajorityVoteClassifier",
    "RegexLF",
    "ThresholdLF",
    "WeakSupervisionClassifier",
    "filter_unlabeled",
    "labeling_function",
    "lf_summary",
    "probs_to_preds",
    "soft_label_expand",
]
__version__ = "0.1.0"
