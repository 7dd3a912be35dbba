"""Labeling functions over raw records, and the transformer that turns records into votes."""

from ._base import ABSTAIN, LabelingFunction, labeling_function
from ._classifier import ClassifierLF
from ._long import votes_from_long
from ._records import LabelingFunctionError
from ._score import BinLF, ScoreLF
from ._table import ColumnLF, LookupLF, ThresholdLF
from ._text import KeywordLF, RegexLF
from ._transformer import LabelingFunctions

__all__ = [
    "ABSTAIN",
    "BinLF",
    "ClassifierLF",
    "ColumnLF",
    "KeywordLF",
    "LabelingFunction",
    "LabelingFunctionError",
    "LabelingFunctions",
    "LookupLF",
    "RegexLF",
    "ScoreLF",
    "ThresholdLF",
    "labeling_function",
    "votes_from_long",
]
