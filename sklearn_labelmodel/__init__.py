"""Weak supervision as scikit-learn estimators."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._models.label_model import LabelModelClassifier

if TYPE_CHECKING:
    from ._models.dawid_skene import DawidSkeneClassifier
    from ._models.majority_vote import MajorityVoteClassifier
    from ._models.multilabel import MultilabelClassifier, MultilabelReport
    from ._votes.statistics import VoteStatistics
    from .end_model import TunedAbstainClassifier, WeakSupervisionClassifier, soft_label_expand
    from .inspection import filter_unlabeled, lf_summary, probs_to_preds, score_summary
    from .labeling import (
        ABSTAIN,
        BinLF,
        ClassifierLF,
        ColumnLF,
        KeywordLF,
        LabelingFunctions,
        LookupLF,
        RegexLF,
        ScoreLF,
        ThresholdLF,
        labeling_function,
        votes_from_long,
    )

__all__ = [
    "ABSTAIN",
    "BinLF",
    "ClassifierLF",
    "ColumnLF",
    "DawidSkeneClassifier",
    "KeywordLF",
    "LabelModelClassifier",
    "LabelingFunctions",
    "LookupLF",
    "MajorityVoteClassifier",
    "MultilabelClassifier",
    "MultilabelReport",
    "RegexLF",
    "ScoreLF",
    "ThresholdLF",
    "TunedAbstainClassifier",
    "VoteStatistics",
    "WeakSupervisionClassifier",
    "filter_unlabeled",
    "labeling_function",
    "lf_summary",
    "probs_to_preds",
    "score_summary",
    "soft_label_expand",
    "votes_from_long",
]
__version__ = "0.1.0"

_HOMES = {
    "DawidSkeneClassifier": "_models.dawid_skene",
    "MajorityVoteClassifier": "_models.majority_vote",
    "MultilabelClassifier": "_models.multilabel",
    "MultilabelReport": "_models.multilabel",
    "TunedAbstainClassifier": "end_model",
    "VoteStatistics": "_votes.statistics",
    "WeakSupervisionClassifier": "end_model",
    "soft_label_expand": "end_model",
    "filter_unlabeled": "inspection",
    "lf_summary": "inspection",
    "probs_to_preds": "inspection",
    "score_summary": "inspection",
}
_WINGS = ("datasets", "end_model", "inspection", "labeling")


def __getattr__(name: str) -> Any:
    """Load what the label model does not need when it is first asked for: importing stays quick."""
    if name in _WINGS:
        return import_module(f".{name}", __name__)
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES.get(name, 'labeling')}", __name__), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__, *_WINGS])
