"""From votes or records to a trained classifier, or to labels at a wanted precision."""

from ._soft_labels import soft_label_expand
from ._tuned_abstain import TunedAbstainClassifier
from ._weak_supervision import WeakSupervisionClassifier

__all__ = ["TunedAbstainClassifier", "WeakSupervisionClassifier", "soft_label_expand"]
