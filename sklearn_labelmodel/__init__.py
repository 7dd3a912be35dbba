"""Weak supervision as scikit-learn estimators."""

from ._label_model import LabelModelClassifier

__all__ = ["LabelModelClassifier"]
__version__ = "0.1.0"
