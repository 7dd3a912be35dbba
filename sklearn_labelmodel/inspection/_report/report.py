"""The fit report: what a fitted label model has to say of itself and of its labeling functions."""

from __future__ import annotations

import os
import tempfile
import webbrowser
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from ..._utils import quoted
from ..._utils.keeping import write_whole
from .._page.page import document, fragment
from .._page.store import parts_of, stored
from .._page.text import markdown, sentences
from .checked import SOUND, checks_of
from .checks import all_findings
from .drift import drift_findings, drift_of
from .facts import Facts
from .finding import SEVERITIES, Finding
from .likelihood import FOREIGN
from .parts import FitNumbers, ReportParts

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

    def to_html(self, path: Any = None) -> str | None:
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

    def to_markdown(self, path: Any = None) -> str | None:
        """The report as Markdown, for a pull request or a wiki; `path` as in `to_html`."""
        return _written(markdown(self), path)

    def to_json(self, path: Any = None) -> str | None:
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


def _written(text: str, path: Any) -> str | None:
    if path is None:
        return text
    write_whole(path, text.encode("utf-8"))
    return None


def make_report(
    facts: Facts, ignore: Iterable[str] = (), reference: ReportParts | None = None
) -> FitReport:
    """Check the numbers, and put the findings beside them.

    Parameters
    ----------
    facts : Facts
    ignore : iterable of str
        Codes of findings to leave out.
    reference : ReportParts or None
        An older report, to say what drifted since.

    Raises
    ------
    ValueError
        A code that no finding has; a reference on other LFs.
    """
    ignored = _known_codes(ignore)
    findings = tuple(_with_rows(finding, facts) for finding in all_findings(facts))
    report = FitReport(findings, _frame(facts), _numbers(facts), _votes(facts))
    drift = None if reference is None else drift_of(report, reference)
    if drift is not None and reference is not None:
        findings += drift_findings(drift, facts.n_samples, reference.model.n_samples)
    told = [finding for finding in findings if finding.code not in ignored]
    told.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    looks = facts.looks
    return replace(
        report,
        findings=tuple(told),
        lfs=report.lfs.assign(findings=_codes(facts, told)),
        checks=checks_of(facts, findings, ignored, reference is not None),
        pairs=looks.pairs if looks else None,
        contested=looks.contested if looks else (),
        gold=looks.gold if looks else None,
        drift=drift,
        settings=facts.settings,
    )


def _known_codes(ignore: Iterable[str]) -> list[str]:
    codes = [ignore] if isinstance(ignore, str) else list(ignore)
    for code in codes:
        if code not in SOUND:
            raise ValueError(
                f"ignore names {quoted(code)}, which is the code of no finding. Codes are {', '.join(SOUND)}."
            )
    return codes


def _with_rows(finding: Finding, facts: Facts) -> Finding:
    """With rows to look at, and what would be without the LF."""
    looks = facts.looks
    if looks is None:
        return finding
    if finding.lf is None:
        rows = {"against-majority": looks.outvoted_rows, "silent-rows": looks.silent_rows}
        return replace(finding, rows=rows.get(finding.code, ()))
    j = facts.name.tolist().index(finding.lf)
    share = looks.without[j]
    return replace(
        finding,
        rows=_rows_of(finding, j, facts),
        without=None if np.isnan(share) else float(share),
    )


def _rows_of(finding: Finding, j: int, facts: Facts) -> tuple[Any, ...]:
    looks = facts.looks
    if looks is None or finding.code == "never-votes":
        return ()
    if finding.code == "near-duplicate":
        return next((rows for (_, second), rows in looks.rows_of_copy.items() if second == j), ())
    return looks.rows_of_lf.get(j, ())


def _numbers(facts: Facts) -> FitNumbers:
    looks = facts.looks
    return FitNumbers(
        kind=facts.kind,
        classes=facts.classes,
        class_prior=facts.class_prior,
        prior_source=facts.learned.prior.source,
        n_rows=facts.n_samples if looks is None else looks.n_rows,
        n_samples=facts.n_samples,
        n_labels=facts.n_labels,
        converged=facts.converged,
        diverged=facts.diverged,
        silent=facts.silent,
        shares=facts.shares,
        labels=facts.labels,
        agreement=facts.agreement,
        outvoted=facts.outvoted,
        held_out=facts.held_out,
        copies=facts.copies,
        alpha=looks.alpha if looks else None,
    )


def _votes(facts: Facts) -> Any:
    import pandas as pd

    counted = () if facts.looks is None else facts.looks.votes
    names = facts.name.tolist()
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


def _frame(facts: Facts) -> Any:
    import pandas as pd

    nothing = np.full(len(facts.name), np.nan)
    intervals, consensus, looks = facts.intervals, facts.consensus, facts.looks
    columns: dict[str, Any] = {
        "votes": facts.votes,
        "coverage": facts.coverage,
        "learned_accuracy": facts.learned_accuracy,
        "accuracy": nothing if intervals is None else intervals.estimate,
        "low": nothing if intervals is None else intervals.low,
        "high": nothing if intervals is None else intervals.high,
        "chance": nothing if intervals is None else intervals.chance,
        "reason": "needs report(L)" if intervals is None else _reasons(facts, intervals.reason),
        "agreement": nothing if consensus is None else consensus.agreed,
        "agreement_by_chance": nothing if consensus is None else consensus.by_chance,
        "without": nothing if looks is None else looks.without,
    }
    if looks is not None and looks.right is not None:
        columns |= {"correct": looks.right, "incorrect": looks.wrong}
    index = pd.Index(facts.name, name="lf", tupleize_cols=False)
    return pd.DataFrame(columns | {"findings": ""}, index=index)


def _reasons(facts: Facts, reasons: list[str]) -> list[str]:
    """Why there is no interval, where a vote for several classes at once is no fault."""
    return [
        SETS if leaves_open and reason == FOREIGN else reason
        for reason, leaves_open in zip(reasons, facts.leaves_open, strict=True)
    ]
