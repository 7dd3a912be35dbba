"""What a fit report is made of: plain numbers and words, with no model and no votes behind them; its gist as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from ..._utils import listed, quoted
from ..._utils.pages import DOCS

if TYPE_CHECKING:
    import pandas as pd


SEVERITIES = ("danger", "warning", "info")
NOUNS = {"danger": "danger", "warning": "warning", "info": "note"}
MOST_LINES, MOST_NAMES = 6, 4
CONVERGED = {True: "yes", False: "no", None: None}


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


def called(name: Hashable) -> str:
    """What messages call an LF."""
    return f"LF {quoted(name)}" if isinstance(name, str) else f"LF {name}"


class HeldOut(NamedTuple):
    """Mean log-likelihood of held-out rows, and the standard error of its difference from majority vote's.

    Attributes
    ----------
    own, majority, error : float
    """

    own: float
    majority: float
    error: float


class Copy(NamedTuple):
    """Two LFs that vote alike.

    Attributes
    ----------
    first, second : int
        Their columns, the lower first.
    rows : float
        Rows in which both vote; of one-sided LFs, rows in which the rarer one votes.
    agreement : float
        Share, in [0, 1], of these rows in which they vote the same.
    allowed_for : bool
        Whether the fit's dependencies connect them, directly or through others.
    """

    first: int
    second: int
    rows: float
    agreement: float
    allowed_for: bool = False


class Alpha(NamedTuple):
    """Krippendorff's alpha at the nominal level, and its 95% interval.

    Attributes
    ----------
    alpha, low, high : float
        NaN where votes do not tell.
    """

    alpha: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class FitNumbers:
    """Numbers on a fit and its labels; None where nobody looked.

    Attributes
    ----------
    kind : str
        Name of the model's class.
    classes : ndarray of shape (n_classes,)
    class_prior : ndarray of shape (n_classes,)
        P(Y).
    prior_source : {"given", "labels", "learned", "uniform"}
        Where it is from.
    n_rows, n_samples : int
        Rows there are, and rows of these that were read.
    n_labels : int
        Gold labels that accuracies were learned from.
    converged : bool or None
        Whether training reached the tolerance that it was given.
    diverged : bool
        Whether it ended worse than it started.
    silent : float or None
        Share of rows without a vote.
    shares, labels : ndarray of shape (n_classes,) or None
        Of rows with votes, mean probability and share of labels of each class.
    agreement : float or None
        Share of rows with votes whose label is that of majority vote, which draws lots where classes tie.
    outvoted : float or None
        Share of rows with votes whose label has fewer votes than another class.
    held_out : HeldOut or None
    copies : tuple of Copy
    alpha : Alpha or None
        Of the LFs' votes for single classes; a score is a vote for the class that it leans to.
    """

    kind: str
    classes: NDArray[Any]
    class_prior: NDArray[np.float64]
    prior_source: str
    n_rows: int
    n_samples: int
    n_labels: int = 0
    converged: bool | None = None
    diverged: bool = False
    silent: float | None = None
    shares: NDArray[np.float64] | None = None
    labels: NDArray[np.float64] | None = None
    agreement: float | None = None
    outvoted: float | None = None
    held_out: HeldOut | None = None
    copies: tuple[Copy, ...] = ()
    alpha: Alpha | None = None


class Evidence(NamedTuple):
    """What speaks for a row's label against the class that is next.

    Attributes
    ----------
    lf : hashable
        None for what is known without votes.
    vote : object
        The vote in words; None for what is known without votes.
    weight : float
        Log-odds: above zero for the label.
    """

    lf: Any
    vote: Any
    weight: float


class ContestedRow(NamedTuple):
    """A row whose votes contradict each other, and whose label is hardly likelier than another class.

    Attributes
    ----------
    row : hashable
        Label of the index of L, or the row's number.
    alike : int
        Rows with the same votes, among those looked at.
    label, rival : object
        The two most probable classes.
    p_label, p_rival : float
    evidence : tuple of Evidence
        What is known without votes, then the votes, the strongest first.
    """

    row: Any
    alike: int
    label: Any
    rival: Any
    p_label: float
    p_rival: float
    evidence: tuple[Evidence, ...]


class Pair(NamedTuple):
    """Two LFs that meet.

    Attributes
    ----------
    first, second : hashable
    rows : int
        Rows in which both vote, among those looked at.
    agreement : float
        Share of these in which they vote alike, in [0, 1].
    lift : float
        These rows, over what chance would bring if the two voted independently of each other.
    """

    first: Any
    second: Any
    rows: int
    agreement: float
    lift: float


@dataclass(frozen=True, eq=False)
class Pairs:
    """How LFs agree two by two.

    Attributes
    ----------
    meeting : bool
        Whether most LFs only ever vote for one class. Two of these always agree or never; what tells is how often
        they meet, against chance.
    lfs : tuple
        Names of the LFs of the table; none where they are too many for one.
    table : ndarray of shape (n, n)
        Agreement, or lift where `meeting`; NaN where two share no row, and on the diagonal.
    alike, at_odds : tuple of Pair
        The most alike and the most at odds of all pairs. Where `meeting`: those of one class and those of different
        classes that meet most often against chance.
    """

    meeting: bool
    lfs: tuple[Any, ...]
    table: NDArray[np.float64]
    alike: tuple[Pair, ...]
    at_odds: tuple[Pair, ...]


@dataclass(frozen=True, eq=False)
class GoldCheck:
    """Labels held against gold labels.

    Attributes
    ----------
    n_rows : int
        Labelled rows.
    accuracy, low, high : float
        Share of labels that are right, and its 95% Wilson interval.
    majority : float
        The same share of majority vote, which draws lots where classes tie.
    log_loss : float
        Mean of -log P(gold label).
    confusion : ndarray of shape (n_classes, n_classes), dtype int64
        [truth, label] rows.
    reliability : ndarray of shape (n_bins, 3)
        Of rows whose label is about as probable: its mean probability, how often it is right, and how many they are.
    """

    n_rows: int
    accuracy: float
    low: float
    high: float
    majority: float
    log_loss: float
    confusion: NDArray[np.int64]
    reliability: NDArray[np.float64]


class Check(NamedTuple):
    """One thing that was looked for.

    Attributes
    ----------
    code : str
    sound : str
        What holds where nothing is found.
    state : {"passed", "found", "not checked", "ignored"}
    why : str
        Why it was not checked, or how much was ignored.
    """

    code: str
    sound: str
    state: str
    why: str = ""


@dataclass(frozen=True, eq=False, repr=False)
class ReportParts:
    """All parts of a fit report; see `FitReport`."""

    findings: tuple[Finding, ...]
    lfs: pd.DataFrame
    model: FitNumbers
    votes: pd.DataFrame
    checks: tuple[Check, ...] = ()
    pairs: Pairs | None = None
    contested: tuple[ContestedRow, ...] = ()
    gold: GoldCheck | None = None
    drift: pd.DataFrame | None = None
    settings: dict[str, str] | None = None

    @property
    def worst(self) -> str | None:
        """Highest severity among the findings; None without any."""
        return self.findings[0].severity if self.findings else None

    def __str__(self) -> str:
        """The gist, for a terminal: one line for LFs of which the same is to be said."""
        lines, groups = [f"{shape_of(self)}: {counts_of(self.findings)}"], alike(self.findings)
        for first, *others in groups[:MOST_LINES]:
            names = listed([str(finding.lf) for finding in others], MOST_NAMES)
            likewise = f" Likewise {names}." if others else ""
            lines.append(f"  {first.severity:8} {first}{likewise}")
        if len(groups) > MOST_LINES:
            kinds = ", ".join(dict.fromkeys(group[0].code for group in groups[MOST_LINES:]))
            lines.append(f"  {'...':8} and {kinds}: see report.findings.")
        return "\n".join([*lines, f"  {_numbers(self)}"])

    def __repr__(self) -> str:
        return str(self)


Report = TypeVar("Report", bound=ReportParts)


# Shares -------------------------------------------------------------------------------------------


def wilson_intervals(
    successes: ArrayLike, trials: ArrayLike, confidence: float = 0.95
) -> NDArray[np.float64]:
    """Wilson score intervals of binomial proportions.

    Parameters
    ----------
    successes, trials : array-like of shape (n,)
    confidence : float, default=0.95
        In (0, 1).

    Returns
    -------
    intervals : ndarray of shape (n, 2)
        In [0, 1]; [0, 1] without a trial.

    References
    ----------
    E. B. Wilson. Probable Inference, the Law of Succession, and Statistical Inference. Journal of the American
    Statistical Association 22, 1927.
    """
    if not 0 < confidence < 1:
        raise ValueError(
            f"confidence is {quoted(confidence)}; it must be between 0 and 1, such as 0.95."
        )
    k, n = np.asarray(successes, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    z = ndtri(0.5 + confidence / 2)
    centre = (k + z**2 / 2) / (n + z**2)
    tried = np.maximum(n, 1)
    half = z * np.sqrt(k * (n - k) / tried + z**2 / 4) / (n + z**2)
    return np.clip(np.column_stack([centre - half, centre + half]), 0.0, 1.0)


def percent(share: float) -> str:
    """A percentage, of which small ones keep a digit."""
    return f"{share:.0%}" if share >= 0.01 else f"{100 * share:.1g}%"


def rounded(share: float | None) -> str | None:
    """A share in whole per cent, None where it is unknown."""
    return None if share is None or np.isnan(share) else f"{share:.0%}"


# Words --------------------------------------------------------------------------------------------


def count(number: int, noun: str) -> str:
    """A number of things."""
    plural = "es" if noun.endswith("s") else "s"
    return f"{number:,} {noun}{'' if number == 1 else plural}"


def shape_of(report: ReportParts) -> str:
    """What the report is on."""
    model = report.model
    size = f"{count(len(report.lfs), 'LF')}, {count(len(model.classes), 'class')}"
    return f"{model.kind} on {count(model.n_rows, 'row')}, {size}"


def counts_of(findings: tuple[Finding, ...]) -> str:
    """How many findings of each severity there are."""
    numbers = Counter(finding.severity for finding in findings)
    counted = [count(numbers[each], NOUNS[each]) for each in SEVERITIES if numbers[each]]
    return ", ".join(counted) or "nothing found"


def alike(findings: tuple[Finding, ...]) -> list[list[Finding]]:
    """Findings of one code, severity and remedy together, in the order of the first of each."""
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        kind = finding.code, finding.severity, finding.remedy
        groups.setdefault(kind, []).append(finding)
    return list(groups.values())


def _numbers(report: ReportParts) -> str:
    model, gold = report.model, report.gold
    alpha = np.nan if model.alpha is None else model.alpha.alpha
    known = {
        "labels right": gold
        and f"{gold.accuracy:.1%} of {gold.n_rows:,} (majority vote {gold.majority:.1%})",
        "agreement with majority vote": rounded(model.agreement),
        "Krippendorff's alpha": None if np.isnan(alpha) else f"{alpha:.2f}",
        "rows without votes": rounded(model.silent),
        "converged": None if model.diverged else CONVERGED[model.converged],
        "held-out score": model.held_out
        and f"{model.held_out.own:.3f} (majority vote {model.held_out.majority:.3f})",
    }
    parts = [f"{words} {number}" for words, number in known.items() if number is not None]
    return "; ".join(parts) or "report(L) says more."
