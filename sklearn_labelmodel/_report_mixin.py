"""The fit report as a method of label models; what it takes is loaded when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from ._learning.observed import KeptVotes
from ._utils import warn_user

if TYPE_CHECKING:
    from ._votes.gold import GoldCounts
    from .inspection._report.report import FitReport

MOST_SYMBOLS = 256


class ReportMixin:
    """`report` and `report_` for label models."""

    def report(self, L: Any) -> FitReport:
        """Say what is wrong, or may be, with the labeling functions (LFs), the fit and its labels.

        Gold labels are not needed; those that accuracies were learned from count. The report says of each LF how
        often it is right, with a 95% interval; whether it is below chance, inverted against the others, unrelated to
        them, one-sided, nearly a copy of another, or votes too rarely or alone; and of the model how far its labels
        and class shares agree with majority vote and the class prior, and whether majority vote foresees held-out
        votes better.

        Parameters
        ----------
        L : array-like, dataframe or sparse matrix of shape (n_samples, n_lfs)
            Votes, usually those of `fit`. Where rows times LFs, or times classes, are more than 20 million, evenly
            spaced rows are read.

        Returns
        -------
        report : FitReport
            With `findings`, the table `lfs` and the numbers `model`; `print` shows the gist.

        Raises
        ------
        NotFittedError, ValueError
            As `predict_proba`; a ValueError also where L holds no vote.

        Notes
        -----
        The intervals do not come from `lf_accuracies_`, which training holds near its start, but from Dawid and
        Skene's model run to convergence. They hold the true accuracy as often as they say if LFs err
        independently given the class and abstain whatever it is; LFs that share errors look better than they are.
        There is none for an LF that gives one vote only, that never votes, that votes for what is no class,
        that repeats another one, or that does not meet two others that meet: `reason` says which.

        Chance, in "unrelated" and "inverted", is how often the LF's votes would agree with those of the others if it
        dealt them to any rows; inverted is three standard errors below. Where gold labels confirm or condemn an LF,
        they decide; they choose, too, between estimates that the votes alone find as likely, those with classes
        swapped. Held-out scores are those of fits on a random half of at most 20,000 rows, after all likelihood ratios
        of the model were raised to the power that suits this half best, so that they judge whom it trusts, not how
        far; there are none for more than a million parameters, nor for a model that learned from gold labels.

        Examples
        --------
        >>> from sklearn_labelmodel import LabelModelClassifier
        >>> from sklearn_labelmodel.datasets import make_label_matrix
        >>> data = make_label_matrix(1000, 6, accuracy=[0.9, 0.8, 0.8, 0.7, 0.7, 0.2], random_state=0)
        >>> report = LabelModelClassifier().fit(data.L).report(data.L)
        >>> [(finding.code, finding.lf) for finding in report.findings if finding.severity == "danger"]
        [('inverted', 5), ('below-chance', 5)]
        """
        from .inspection._report.measure import measure
        from .inspection._report.report import make_report

        check_is_fitted(self)
        return make_report(*measure(self, L))

    @property
    def report_(self) -> FitReport:
        """What `fit` itself tells, without the votes: as `report`, but without what takes a look at rows.

        There are no intervals, class shares, agreement with majority vote, copies or held-out scores.
        """
        from .inspection._report.measure import measure_fit
        from .inspection._report.report import make_report

        check_is_fitted(self)
        return make_report(*measure_fit(self))

    def _warn_of_inverted(self) -> None:
        """Warn of LFs that vote against the others, as far as `fit` can tell."""
        from .inspection._report.checks import inverted
        from .inspection._report.measure import measure_fit

        found = [str(finding) for finding in inverted(measure_fit(self)[0])]
        if found:
            more = f" Likewise {len(found) - 1} more: see report_." if len(found) > 1 else ""
            warn_user(found[0] + more)

    def _keep_for_report(
        self,
        n_samples: int,
        overlaps: NDArray[np.bool_],
        cooccurrence: Any = None,
        gold: GoldCounts | None = None,
    ) -> None:
        """Keep what `report_` needs of a fit's votes.

        Parameters
        ----------
        n_samples : int
        overlaps : ndarray of shape (n_lfs,), dtype bool
            Whether each LF shares a row with another.
        cooccurrence : ndarray of shape (n_symbols, n_symbols), default=None
            Rows in which two symbols occur; kept where it is dense and small.
        gold : GoldCounts, default=None
            Labels that were learned from.
        """
        small = isinstance(cooccurrence, np.ndarray) and len(cooccurrence) <= MOST_SYMBOLS
        self._kept = KeptVotes(n_samples, overlaps, cooccurrence if small else None, gold)
