"""Label matrices to try things on: generated ones, and rules over real measurements."""

from ._breast_cancer import breast_cancer_rules
from ._generated import make_label_matrix
from ._wrench import load_wrench

__all__ = ["breast_cancer_rules", "load_wrench", "make_label_matrix"]
