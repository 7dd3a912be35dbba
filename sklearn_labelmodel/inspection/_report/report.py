"""The fit report: what a fitted label model has to say of itself and of its labeling functions."""

from __future__ import annotations

import os
import tempfile
import webbrowser
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from ..._utils import quoted
from ..._utils.keeping import write_whole
from .._fitted import learned_accuracies
from .._page.page import document, fragment
from .._page.store import parts_of, stored
from .._page.text import markdown, sentences
from .drift import drift_findings, drift_of
from .facts import Facts
from .likelihood import FOREIGN
from .parts import SEVERITIES, Check, Finding, ReportParts

if TYPE_CHECKING:
    import pandas as pd


SETS = "votes for several classes at once"
# What holds where nothing is found.
SOUND = {
    "diverged": "Training did not diverge",
    "not-converged": "Training reached its tolerance",
    "too-few-lfs": "Three LFs or more vote",
    "inverted": "No LF votes against the others, or against gold labels",
    "below-chance": "No LF is right less often than by chance",
    "unrelated": "Every LF agrees with the others more than by chance",
    "near-duplicate": "No LF repeats another one",
    "never-votes": "Every LF votes",
    "never-overlapping": "Every LF shares rows with another one",
    "few-votes": "Every LF has votes enough to learn from",
    "one-sided": "Every LF votes for two classes or more",
    "against-majority": "Labels hardly differ from majority vote",
    "worse-than-majority": "Held-out votes are foreseen no worse than by majority vote",
    "shifted-shares": "Predicted class shares are those of the class prior",
    "lost-classes": "Every class labels some row",
    "silent-rows": "Nearly every row has a vote",
    "drifted-coverage": "LFs vote as often as in the reference",
    "drifted-votes": "LFs cast the votes that they cast in the reference",
    "drifted-agreement": "LFs agree as in the reference",
}
NEED_ROWS = {
    "against-majority",
    "below-chance",
    "lost-classes",
    "near-duplicate",
    "shifted-shares",
    "silent-rows",
    "worse-than-majority",
}
NO_LOOK, NO_REFERENCE = "it takes a look at rows: report(L)", "no reference was given"


SETS = "votes for several classes at once"


class FitReport(ReportParts):
    """What is to be said of a fit: print it, look at it in a notebook or a browser, send it, keep it.

    Attributes
    ----------
    findings : tuple of Finding
        All of them, the worst first. Each has a code, a severity ("danger", "warning" or "info"), the LF's name (None
        for the model), a message, a remedy, the address of its page in the guide, and rows to look at.
    lfs : DataFrame of n_lfs rows
        Indexed by LF name, or by column number. NaN where a number is not known.

        - votes (float), coverage (float): rows in which the LF votes, and their share.
        - learned_accuracy (float): what the model takes it to be.
        - accuracy, low, high (float): estimate of P(vote is right | LF votes) by maximum likelihood, and its 95%
          interval.
        - chance (float): the accuracy of its votes if they were dealt to rows at random.
        - reason (str): why there is no interval; "" where there is one.
        - agreement, agreement_by_chance (float): share of the other LFs' votes in the same rows that agree with its
          vote, and what it would be by chance.
        - without (float): share of the rows whose label would change if the LF abstained everywhere.
        - correct, incorrect (float): its votes on rows with a gold label, where y was given.
        - findings (str): codes of what was found, joined by commas.
    model : FitNumbers
        Numbers on the model and its labels: n_rows, n_samples (rows read), classes, class_prior, converged, silent
        (share of rows without votes), shares (of predicted probability), labels (shares of predicted classes),
        agreement (with majority vote that draws lots where classes tie), outvoted (share of rows with votes whose
        label has fewer votes than another class), held_out (own score, that of majority vote, and the error of their
        difference), copies, alpha (Krippendorff's, with its interval); None where unknown.
    votes : DataFrame
        How often each LF casts each vote: columns lf, vote, rows.
    checks : tuple of Check
        What was looked for, and whether it was found, passed, could not be checked (and why) or was ignored.
    pairs : Pairs or None
        How LFs agree two by two.
    contested : tuple of ContestedRow
        Rows whose votes contradict each other most, with what each vote says.
    gold : GoldCheck or None
        Labels held against gold labels, where y was given.
    drift : DataFrame or None
        What changed since the reference, by LF.
    settings : dict
        Parameters, versions, and when the report was made.

    Examples
    --------
    >>> from sklearn_labelmodel import LabelModelClassifier
    >>> from sklearn_labelmodel.datasets import make_label_matrix
    >>> data = make_label_matrix(500, 5, accuracy=0.8, random_state=0)
    >>> report = LabelModelClassifier().fit(data.L).report(data.L, data.y)
    >>> report.to_html("report.html")  # doctest: +SKIP
    >>> kept = FitReport.from_json(report.to_json())
    >>> kept.findings == report.findings
    True
    """

    def __str__(self) -> str:
        return sentences(self)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return fragment(self)

    def to_html(self, path: str | os.PathLike[str] | None = None) -> str | None:
        """The report as one HTML file: no script, and nothing that is fetched.

        Parameters
        ----------
        path : str or PathLike, default=None
            Where to write it; None returns the text.

        Raises
        ------
        OSError
            The file cannot be written.
        """
        return _written(document(self), path)

    def to_markdown(self, path: str | os.PathLike[str] | None = None) -> str | None:
        """The report as Markdown, for a pull request or a wiki; `path` as in `to_html`."""
        return _written(markdown(self), path)

    def to_json(self, path: str | os.PathLike[str] | None = None) -> str | None:
        """The report as JSON, for programs; `path` as in `to_html`.

        The guide's page on reports has the schema. `from_json` makes the report of it again; names and votes that are
        neither texts, numbers, booleans nor tuples of these come back as texts.
        """
        return _written(stored(self), path)

    @classmethod
    def from_json(cls, source: str | os.PathLike[str]) -> Self:
        """The report that `to_json` wrote.

        Parameters
        ----------
        source : str or PathLike
            The text, or a path to a file of it.

        Raises
        ------
        ValueError
            It is no report, or one of a later version of the schema.
        OSError
            The file cannot be read.
        """
        is_text = isinstance(source, str) and source.lstrip().startswith(("{", "["))
        text = str(source) if is_text else Path(source).read_text(encoding="utf-8")
        return cls(**parts_of(text))

    def open(self) -> str:
        """Show the report in the browser.

        Returns
        -------
        path : str
            The file that it was written to, in the folder for temporary files.
        """
        handle, path = tempfile.mkstemp(prefix="fit_report_", suffix=".html")
        os.close(handle)
        self.to_html(path)
        webbrowser.open(Path(path).as_uri())
        return path


def _written(text: str, path: str | os.PathLike[str] | None) -> str | None:
    if path is None:
        return text
    write_whole(path, text.encode("utf-8"))
    return None


# Numbers and findings -----------------------------------------------------------------------------


def report_of_facts(
    facts: Facts,
    findings: tuple[Finding, ...],
    ignore: Iterable[str] = (),
    reference: FitReport | None = None,
) -> FitReport:
    """The numbers, and the findings beside them.

    Parameters
    ----------
    facts : Facts
    findings : tuple of Finding
    ignore : iterable of str
        Codes of findings to leave out.
    reference : FitReport or None
        An older report, to say what drifted since.

    Raises
    ------
    ValueError
        A code that no finding has; a reference on other LFs.
    """
    ignored = _known_codes(ignore)
    report = FitReport(findings, _frame(facts), facts.model, _votes(facts))
    drift = None if reference is None else drift_of(report, reference)
    if drift is not None and reference is not None:
        findings += drift_findings(drift, facts.model.n_samples, reference.model.n_samples)
    told = [finding for finding in findings if finding.code not in ignored]
    told.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    return replace(
        report,
        findings=tuple(told),
        lfs=report.lfs.assign(findings=_codes(facts, told)),
        checks=checks_of(facts, findings, ignored, reference is not None),
        drift=drift,
    )


def _known_codes(ignore: Iterable[str]) -> list[str]:
    codes = [ignore] if isinstance(ignore, str) else list(ignore)
    for code in codes:
        if code not in SOUND:
            raise ValueError(
                f"ignore names {quoted(code)}, which is the code of no finding. Codes are {', '.join(SOUND)}."
            )
    return codes


def _frame(facts: Facts) -> pd.DataFrame:
    import pandas as pd

    nothing = np.full(len(facts.name), np.nan)
    consensus = facts.consensus
    unknown = np.full((4, len(nothing)), np.nan)
    estimate, low, high, chance = unknown if facts.intervals is None else facts.intervals
    columns: dict[str, Any] = {
        "votes": facts.votes,
        "coverage": facts.coverage,
        "learned_accuracy": learned_accuracies(facts.learned),
        "accuracy": estimate,
        "low": low,
        "high": high,
        "chance": chance,
        "reason": "needs report(L)" if facts.intervals is None else _reasons(facts),
        "agreement": nothing if consensus is None else consensus.agreed,
        "agreement_by_chance": nothing if consensus is None else consensus.by_chance,
        "without": nothing,
    }
    index = pd.Index(facts.name, name="lf", tupleize_cols=False)
    return pd.DataFrame(columns | {"findings": ""}, index=index)


def _reasons(facts: Facts) -> list[str]:
    """Why there is no interval, where a vote for several classes at once is no fault."""
    return [
        SETS if leaves_open and reason == FOREIGN else reason
        for reason, leaves_open in zip(facts.reason, facts.leaves_open, strict=True)
    ]


def _votes(facts: Facts) -> pd.DataFrame:
    import pandas as pd

    counted, names = facts.counted, facts.name.tolist()
    columns = {
        "lf": pd.Series([names[j] for j, _, _ in counted], dtype=object),
        "vote": pd.Series([vote for _, vote, _ in counted], dtype=object),
        "rows": pd.Series([rows for _, _, rows in counted], dtype=np.float64),
    }
    return pd.DataFrame(columns)


def _codes(facts: Facts, findings: list[Finding]) -> list[str]:
    codes: dict[Any, dict[str, None]] = {}
    for finding in findings:
        codes.setdefault(finding.lf, {})[finding.code] = None
    return [", ".join(codes.get(name, ())) for name in facts.name]


# What was looked for ------------------------------------------------------------------------------


def checks_of(
    facts: Facts, findings: Iterable[Finding], ignored: Iterable[str], compared: bool
) -> tuple[Check, ...]:
    """What became of each check.

    Parameters
    ----------
    facts : Facts
    findings : iterable of Finding
        Those that are ignored included.
    ignored : iterable of str
        Codes that nobody wants to hear of.
    compared : bool
        Whether there was a reference.
    """
    found = Counter(finding.code for finding in findings)
    codes = [*SOUND, *(code for code in found if code not in SOUND)]
    return tuple(_check(facts, code, found[code], set(ignored), compared) for code in codes)


def _check(facts: Facts, code: str, n_found: int, ignored: set[str], compared: bool) -> Check:
    sound = SOUND.get(code, code)
    if code in ignored:
        return Check(code, sound, "ignored", f"{n_found} found" if n_found else "nothing found")
    if n_found:
        return Check(code, sound, "found")
    why = _obstacle(facts, code, compared)
    return Check(code, sound, "not checked" if why else "passed", why)


def _obstacle(facts: Facts, code: str, compared: bool) -> str:
    """Why something could not be checked, "" where it could."""
    if code.startswith("drifted"):
        return "" if compared else NO_REFERENCE
    if code in ("inverted", "unrelated"):
        return _no_consensus(facts)
    if code == "not-converged" and facts.model.converged is None:
        return "no tolerance was asked for"
    if facts.model.silent is None:
        return NO_LOOK if code in NEED_ROWS else ""
    if code == "below-chance":
        return _no_interval(facts)
    if code == "against-majority" and facts.model.outvoted is None:
        return "no vote is for a class"
    if code == "worse-than-majority" and facts.model.held_out is None:
        return _no_held_out(facts)
    return ""


def _no_consensus(facts: Facts) -> str:
    if facts.consensus is None:
        return "fit kept no pairs of votes: report(L) counts them"
    with np.errstate(invalid="ignore"):
        comparable = (facts.consensus.error > 0).any()
    if comparable or facts.labelled is not None:
        return ""
    return "no LF meets votes for different classes"


def _no_interval(facts: Facts) -> str:
    if facts.intervals is not None and np.isfinite(facts.intervals).any():
        return ""
    reasons = Counter(facts.reason).most_common(3)
    most = ", ".join(f"{reason} ({n})" for reason, n in reasons if reason)
    return f"votes tell no LF's accuracy: {most}" if most else "votes tell no LF's accuracy"


def _no_held_out(facts: Facts) -> str:
    if facts.kept.gold is not None:
        return "gold labels were learned from: compare both on other labelled rows"
    if not facts.capabilities:
        return "this is majority vote itself"
    if facts.leaves_open.any():
        return "some votes leave several classes open"
    if facts.gives_scores.any():
        return "some columns hold scores"
    return "too few rows, too many parameters, or votes for what is none of the classes"
