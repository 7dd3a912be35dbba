"""What a trained weak supervision classifier tells of its labeling functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import _num_samples, check_is_fitted

from ..inspection._summary import lf_summary
from ._predictions import Predictions
from ._training_rows import innermost

if TYPE_CHECKING:
    import pandas as pd

    from .._utils.types import LabelsLike, RecordsLike, VoteMatrix
    from ..inspection._report.report import FitReport


class LabelingViews(Predictions):
    """`report`, `explain` and `lf_summary`, and the votes of `fit` that they look at, which are not pickled."""

    def __getstate__(self) -> Any:
        state: Any = super().__getstate__()
        return {name: value for name, value in state.items() if name != "_votes"}

    def report(
        self, X: RecordsLike | None = None, L: VoteMatrix | None = None, **options: Any
    ) -> FitReport:
        """Say what is wrong, or may be, with the labeling functions (LFs), the label model and its labels.

        Parameters
        ----------
        X : n_samples records, default=None
            Records on which the labeler is asked again, or that hold the vote columns. None: the records of `fit`.
        L : array-like, dataframe or sparse matrix of shape (n_samples, n_lfs), default=None
            Their votes, where neither a labeler nor vote columns give them.
        **options : dict
            `y`, `reference` and `ignore` of :meth:`LabelModelClassifier.report`.

        Returns
        -------
        report : FitReport
            That of :meth:`LabelModelClassifier.report`.

        Raises
        ------
        NotFittedError
            `fit` was not called.
        ValueError
            There are no votes to look at: the model was loaded from a file, which keeps no votes, and neither X nor L
            was passed.
        AttributeError
            The label model has no report.

        Examples
        --------
        >>> from sklearn.preprocessing import scale
        >>> from sklearn_labelmodel import WeakSupervisionClassifier
        >>> from sklearn_labelmodel.datasets import breast_cancer_rules
        >>> data = breast_cancer_rules()
        >>> X = scale(data.X)
        >>> model = WeakSupervisionClassifier().fit(X, L=data.L)
        >>> len(model.report().lfs) == data.L.shape[1]
        True
        """
        votes = self._votes_at_hand(X, L)
        return innermost(self.label_model_).report(votes, **options)

    def lf_summary(
        self, X: RecordsLike | None = None, y: LabelsLike | None = None, L: VoteMatrix | None = None
    ) -> pd.DataFrame:
        """Describe every labeling function (LF): how often it votes, meets others, and is right.

        Parameters
        ----------
        X : n_samples records, default=None
            Records on which the labeler is asked again, or that hold the vote columns. None: the records of `fit`.
        y : array-like of shape (n_samples,), default=None
            Gold labels of some of these records; -1 or a missing value marks one without.
        L : array-like, dataframe or sparse matrix of shape (n_samples, n_lfs), default=None
            Their votes, where neither a labeler nor vote columns give them.

        Returns
        -------
        summary : DataFrame of n_lfs rows
            That of :func:`~sklearn_labelmodel.lf_summary`.

        Raises
        ------
        NotFittedError, ValueError
            As `report`; a ValueError also for labels that do not suit.

        Examples
        --------
        >>> from sklearn.preprocessing import scale
        >>> from sklearn_labelmodel import WeakSupervisionClassifier
        >>> from sklearn_labelmodel.datasets import breast_cancer_rules
        >>> data = breast_cancer_rules()
        >>> X = scale(data.X)
        >>> model = WeakSupervisionClassifier().fit(X, L=data.L)
        >>> "empirical_accuracy" in model.lf_summary(y=data.y)
        True
        """
        votes, model = self._votes_at_hand(X, L), innermost(self.label_model_)
        learns = hasattr(model, "lf_accuracies_") and hasattr(type(model), "_read_votes")
        return lf_summary(votes, y, model if learns else None, getattr(model, "abstain", -1))

    def explain(self, X: RecordsLike | None = None, L: VoteMatrix | None = None) -> pd.DataFrame:
        """Why one record gets its label: the class prior, every vote, and what the classifier makes of the record.

        Parameters
        ----------
        X : one record, default=None
            In the container of `fit`: a list with one text, a dataframe of one row.
        L : array-like of shape (1, n_lfs), default=None
            Its votes, where neither a labeler nor vote columns give them.

        Returns
        -------
        explanation : DataFrame
            As :meth:`LabelModelClassifier.explain`, the strongest vote first: what each adds to the logarithm of every
            class's probability, less the mean over the classes. Above zero it speaks for the class. Where X is given,
            the last row, "end model", is the classifier's label, and its log probabilities likewise; it is not part
            of the sum of the others.

        Raises
        ------
        NotFittedError, ValueError
            As `report`; a ValueError also for more than one record.
        AttributeError
            The label model cannot explain.

        Examples
        --------
        >>> from sklearn.preprocessing import scale
        >>> from sklearn_labelmodel import WeakSupervisionClassifier
        >>> from sklearn_labelmodel.datasets import breast_cancer_rules
        >>> data = breast_cancer_rules()
        >>> X = scale(data.X)
        >>> model = WeakSupervisionClassifier().fit(X, L=data.L)
        >>> model.explain(X[:1], data.L[:1]).index[[0, -1]].tolist()
        ['class prior', 'end model']
        """
        if X is None and L is None:
            check_is_fitted(self)
            raise ValueError("Pass the record to explain: X with one record, or L with its votes.")
        votes = self._votes_at_hand(X, L)
        if _num_samples(votes) != 1:
            raise ValueError(
                f"One record can be explained at a time; got {_num_samples(votes)}. Pass one in its container: a list "
                "of one text, or a frame of one row."
            )
        table = innermost(self.label_model_).explain(votes)
        return table if X is None else self._with_end_model(table, X)

    def _with_end_model(self, table: pd.DataFrame, X: RecordsLike) -> pd.DataFrame:
        """The table with a last row for the classifier: its label, and its scores less their mean."""
        import pandas as pd

        from ..inspection._page.frames import END_MODEL, Explanation

        scores = self._log_scores(X)[0]
        label = self.classes_[int(np.argmax(scores))]
        index = pd.Index([END_MODEL], dtype=object, name="lf")
        said = pd.Series([label], index=index, dtype=object, name="vote")
        row = pd.DataFrame([scores - scores.mean()], index=index, columns=self.classes_.tolist())
        return Explanation(pd.concat([table, pd.concat([said, row], axis=1)]))

    def _votes_at_hand(self, X: RecordsLike | None, L: VoteMatrix | None) -> VoteMatrix:
        """Votes as passed, of the labeler, of columns, or those of `fit`."""
        check_is_fitted(self)
        if L is not None:
            return L
        if X is not None:
            return self._votes_on(X)
        if not hasattr(self, "_votes"):
            raise ValueError(
                "The votes of fit are at hand only in the model that was fitted, not in a loaded one or a copy. Pass "
                "the records, X, where a labeler or vote columns give the votes; else the votes, L."
            )
        return self._votes
