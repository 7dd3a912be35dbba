"""What files of label models may hold."""

from __future__ import annotations

from .._evidence.model import ClassPrior, Dependence, History, VoteModel
from .._evidence.table import VoteTable
from .._utils.keeping import Savable


class SavableModel(Savable):
    """A label model that can be saved: what it learned is dataclasses of arrays."""

    @classmethod
    def _held(cls) -> tuple[type, ...]:
        from .._learning.observed import KeptCounts
        from .._votes.codes import Bin
        from .._votes.gold import GoldCounts
        from .._votes.scores import Scores
        from .reading import Counting

        parts = (VoteModel, VoteTable, ClassPrior, Dependence, History)
        return *parts, KeptCounts, GoldCounts, Bin, Scores, Counting
