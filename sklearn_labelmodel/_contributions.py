"""Why a row got its probabilities: what each vote, and what is known without them, adds to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

if TYPE_CHECKING:
    import pandas as pd


class ContributionsMixin:
    """Contributions of a fitted label model whose posterior adds up evidence."""

    def contributions(self: Any, L: Any) -> NDArray[np.float64]:
        """What each vote adds for each class, and the prior.

        Parameters
        ----------
        L : array-like, dataframe or sparse matrix of shape (n_samples, n_lfs)

        Returns
        -------
        contributions : ndarray of shape (n_samples, n_lfs + 1, n_classes), dtype float64
            [i, j, y] is what the vote of LF j in row i adds for class y: its log-likelihood, less where the model
            tempers a row's votes; 0 for an abstain. [i, n_lfs, y] is the log of the prior: of `voted_prior_`, most
            of it tempered with the votes, or of `voteless_prior_`. The softmax over y of the sum over the
            second axis is `predict_proba`.

        Raises
        ------
        NotFittedError, ValueError, TypeError
            As `predict_proba`.

        Examples
        --------
        >>> from sklearn_labelmodel import LabelModelClassifier
        >>> L = [[1, 1, -1], [0, -1, 0], [1, 0, 1], [0, 0, 0], [-1, 1, 1]]
        >>> model = LabelModelClassifier().fit(L)
        >>> model.contributions(L).shape
        (5, 4, 2)
        """
        from .inspection._explain import contributions

        check_is_fitted(self)
        votes = self._read_votes(L)
        return contributions(votes, self._evidence(votes))

    def explain(self: Any, row: Any) -> pd.DataFrame:
        """Why one row gets its label: the prior and every vote, the strongest first.

        Parameters
        ----------
        row : array-like, Series or one-row dataframe
            The votes of one row, in the order of `fit`.

        Returns
        -------
        explanation : DataFrame
            The vote, and per class what it adds less the mean over the classes: above zero it speaks for the
            class. Abstains are left out.

        Raises
        ------
        NotFittedError, ValueError, TypeError
            As `predict_proba`; ValueError for more than one row.

        Examples
        --------
        >>> from sklearn_labelmodel import LabelModelClassifier
        >>> L = [[1, 1, -1], [0, -1, 0], [1, 0, 1], [0, 0, 0], [-1, 1, 1]]
        >>> model = LabelModelClassifier().fit(L)
        >>> model.explain([1, 0, -1])["vote"].tolist()
        [None, 1, 0]
        """
        from .inspection._explain import explain_row

        check_is_fitted(self)
        if hasattr(row, "to_frame") and getattr(row, "ndim", 2) == 1:
            row = row.to_frame().T
        elif np.ndim(row) == 1:
            row = [row]
        votes = self._read_votes(row)
        names = getattr(self, "feature_names_in_", None)
        return explain_row(votes, self._evidence(votes), self.classes_, names)
