"""Labeling functions over raw records, and the transformer that turns records into votes."""

from ._lf_base import ABSTAIN, LabelingFunction, labeling_function
from ._lf_classifier import ClassifierLF
from ._lf_table import ColumnLF, LookupLF, ThresholdLF
from ._lf_text import KeywordLF, RegexLF
from ._lf_transformer import LabelingFunctions
from ._records import LabelingFunctionError

__all__ = [
    "ABSTAIN",
    "ClassifierLF",
    "ColumnLF",
    "KeywordLF",
    "LabelingFunction",
    "LabelingFunctionError",
    "LabelingFunctions",
    "LookupLF",
    "RegexLF",
    "ThresholdLF",
    "labeling_function",
]
