"""The fit report: what a fitted label model has to say of itself and of its labeling functions."""

from __future__ import annotations

import os
import platform
import tempfile
import webbrowser
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from ..._utils import as_objects, check_row_order, quoted, warn_user
from ..._utils.keeping import write_whole
from ..._votes.classes import check_same_kind
from ..._votes.codes import Votes
from ..._votes.gold import read_gold
from ..._votes.suspects import warn_of_new_values
from .._fitted import FittedModel
from .._page.markdown import markdown
from .._page.page import document, fragment
from .._page.store import parts_of, stored
from .checks import SOUND, all_findings, checks_of, inverted
from .drift import drift_findings, drift_of
from .facts import Facts
from .gold import with_gold
from .likelihood import FOREIGN
from .measure import measure, measure_fit
from .parts import SEVERITIES, Finding, ReportParts
from .rows import with_rows

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from ..._utils.types import LabelsLike, VoteMatrix

MOST_CELLS, MOST_VOTES = 10_000_000, 5_000_000
PACKAGES = ("sklearn-labelmodel", "scikit-learn", "numpy", "scipy", "pandas", "torch")
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


# Making -------------------------------------------------------------------------------------------


def report_of_fit(model: FittedModel) -> FitReport:
    """What a fitted label model tells without its votes."""
    facts = measure_fit(model)
    return replace(report_of_facts(facts, all_findings(facts)), settings=settings_of(model))


def make_report(
    model: FittedModel,
    L: VoteMatrix,
    y: LabelsLike | None = None,
    reference: FitReport | VoteMatrix | None = None,
    ignore: Iterable[str] = (),
) -> FitReport:
    """What a fitted label model, votes and gold labels tell; parameters and errors are those of its `report`."""
    check_row_order(L=L, y=y)
    places, votes, n_rows = some_rows(model, L)
    facts = measure(model, votes, n_rows)
    findings = all_findings(facts)
    if reference is not None and not isinstance(reference, FitReport):
        reference = _earlier(model, reference)
    report = report_of_facts(facts, findings, ignore, reference)
    # What users call the rows: labels of the index of a pandas object, else their numbers.
    index: Any = getattr(L, "index", None)
    row = as_objects(index[places] if hasattr(index, "get_indexer") else places.tolist())
    report = with_rows(report, facts, findings, model, votes, row)
    if y is not None:
        classes = model.vote_model_.classes
        gold = read_gold(y, n_rows, classes=classes)
        check_same_kind(classes, gold.values, ("classes", "labels of y"))
        warn_of_new_values(gold.values, classes, "y", "counts as wrong")
        report = with_gold(report, model, votes, row, gold.take(places))
    return replace(report, settings=settings_of(model))


def warn_of_inverted(model: FittedModel) -> None:
    """Warn of LFs that vote against the others, as far as `fit` can tell."""
    found = [str(finding) for finding in inverted(measure_fit(model))]
    if found:
        more = f" Likewise {len(found) - 1} more: see report_." if len(found) > 1 else ""
        warn_user(found[0] + more)


def some_rows(model: FittedModel, L: VoteMatrix) -> tuple[NDArray[np.intp], Votes, int]:
    """The rows that are read, evenly spaced where they are many: places and votes; and how many rows there are."""
    votes, k = model._read_votes(L), len(model.vote_model_.classes)
    a_row = max(1.0, float(model._kept.coverage.sum()))
    most = max(1, min(MOST_CELLS // max(votes.n_lfs, k), int(MOST_VOTES / a_row)))
    n_rows = votes.n_samples
    if n_rows <= most:
        return np.arange(n_rows), votes, n_rows
    places = np.linspace(0, n_rows - 1, most).astype(np.intp)
    return places, votes.take(places), n_rows


def _earlier(model: FittedModel, reference: VoteMatrix) -> FitReport:
    """What older votes told."""
    try:
        _, votes, n_rows = some_rows(model, reference)
        facts = measure(model, votes, n_rows)
    except (ValueError, TypeError) as error:
        raise type(error)(f"reference: {error}") from error
    return report_of_facts(facts, ())


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
    ignored = [ignore] if isinstance(ignore, str) else list(ignore)
    for code in ignored:
        if code not in SOUND:
            raise ValueError(
                f"ignore names {quoted(code)}, which is the code of no finding. Codes are {', '.join(SOUND)}."
            )
    report = FitReport(findings=(), lfs=_lfs(facts), model=facts.model, votes=_votes(facts))
    if reference is not None:
        drift, n_before = drift_of(report, reference), reference.model.n_samples
        findings = (*findings, *drift_findings(drift, facts.model.n_samples, n_before))
        report = replace(report, drift=drift)
    told = [finding for finding in findings if finding.code not in ignored]
    told.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    of_lf: dict[Any, dict[str, None]] = {}
    for finding in told:
        of_lf.setdefault(finding.lf, {})[finding.code] = None
    return replace(
        report,
        findings=tuple(told),
        lfs=report.lfs.assign(findings=[", ".join(of_lf.get(lf, ())) for lf in facts.name]),
        checks=checks_of(facts, findings, ignored, reference is not None),
    )


def _lfs(facts: Facts) -> pd.DataFrame:
    import pandas as pd

    nothing = np.full(len(facts.name), np.nan)
    unknown = np.tile(nothing, (4, 1))
    estimate, low, high, chance = unknown if facts.intervals is None else facts.intervals
    _, agreed, by_chance, _ = unknown if facts.consensus is None else facts.consensus
    reason = list(facts.reason)
    if FOREIGN in reason:
        # A vote for several classes at once is no fault.
        for j in np.flatnonzero(facts.leaves_open):
            reason[j] = SETS if reason[j] == FOREIGN else reason[j]
    columns: dict[str, Any] = {
        "votes": np.rint(facts.coverage * facts.model.n_samples),
        "coverage": facts.coverage,
        "learned_accuracy": np.where(facts.kinds > 0, facts.learned.accuracies, np.nan),
        "accuracy": estimate,
        "low": low,
        "high": high,
        "chance": chance,
        "reason": "needs report(L)" if facts.intervals is None else reason,
        "agreement": agreed,
        "agreement_by_chance": by_chance,
        "without": nothing,
        "findings": "",
    }
    index = pd.Index(facts.name, name="lf", tupleize_cols=False)
    return pd.DataFrame(columns, index=index)


def _votes(facts: Facts) -> pd.DataFrame:
    import pandas as pd

    counted, names = facts.counted, facts.name.tolist()
    columns = {
        "lf": pd.Series([names[j] for j, _, _ in counted], dtype=object),
        "vote": pd.Series([vote for _, vote, _ in counted], dtype=object),
        "rows": pd.Series([rows for _, _, rows in counted], dtype=np.float64),
    }
    return pd.DataFrame(columns)


def settings_of(model: FittedModel) -> dict[str, str]:
    """Parameters of a model in words, those that differ from the default marked, versions and the time."""
    default = type(model)().get_params()
    settings = {}
    for name, value in model.get_params().items():
        words = quoted(value)
        settings[name] = words + ("" if words == quoted(default[name]) else " (set)")
    settings["Python"] = platform.python_version()
    for package in PACKAGES:
        try:
            settings[package] = version(package)
        except PackageNotFoundError:
            settings[package] = "not installed as a package"
    return settings | {"made": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"}
