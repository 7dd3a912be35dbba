"""One thing that a fit report has to say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..._utils import quoted
from ..._utils.pages import DOCS

SEVERITIES = ("danger", "warning", "info")


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
    rows : tuple, default=()
        Some rows to look at: labels of the index of L, or row numbers where it has none.
    without : float or None, default=None
        Share of the rows whose label would change if this LF abstained everywhere and nothing else changed; None where
        nobody looked.
    """

    code: str
    severity: str
    lf: Any
    message: str
    remedy: str
    rows: tuple[Any, ...] = ()
    without: float | None = None

    def __str__(self) -> str:
        return f"{self.message}; {self.remedy}."

    @property
    def url(self) -> str:
        """The page of the guide that says how it is found."""
        return f"{DOCS}guide/report.html#{self.code}"


def called(name: Any) -> str:
    """What messages call an LF."""
    return f"LF {quoted(name)}" if isinstance(name, str) else f"LF {name}"


def percent(share: float) -> str:
    """A percentage, of which small ones keep a digit."""
    return f"{share:.0%}" if share >= 0.01 else f"{100 * share:.1g}%"
