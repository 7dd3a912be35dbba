"""What files of label models may hold."""

from __future__ import annotations

from .._evidence.model import PARTS
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

        return *PARTS, KeptCounts, GoldCounts, Bin, Scores, Counting
