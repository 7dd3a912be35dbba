"""One thing that a fit report has to say, and the words that its sentences share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SEVERITIES = ("danger", "warning", "info")
FEW_VOTES = 30
# Probability, in all classes or LFs together, below which something is no accident of few rows.
ACCIDENT = 0.001


@dataclass(frozen=True)
class Finding:
    """One thing that a fit report has to say.

    Attributes
    ----------
    code : str
        What it is, in one word or a few joined by hyphens.
    severity : {"danger", "warning", "info"}
        "danger": labels are likely to be wrong. "warning": some may be. "info": worth knowing.
    lf : hashable or None
        Name (or column) of the labeling function that it is about; None for the model.
    message : str
        What was found, without a full stop.
    remedy : str
        What to do about it.
    """

    code: str
    severity: str
    lf: Any
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.message}; {self.remedy}."


def called(name: Any) -> str:
    return f"LF {name!r}" if isinstance(name, str) else f"LF {name}"


def percent(share: float) -> str:
    """A percentage, of which small ones keep a digit."""
    return f"{share:.0%}" if share >= 0.01 else f"{100 * share:.1g}%"
