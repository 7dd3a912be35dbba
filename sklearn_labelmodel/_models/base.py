"""What all label models share: tags, reading L and y, and predictions from a table of evidence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import metadata_routing
from sklearn.utils.validation import (
    _check_sample_weight,
    _num_samples,
    check_is_fitted,
)

from .._evidence.combine import Evidence, find_symbols
from .._evidence.lookup import log_likelihood, posterior
from .._learning.observed import KeptVotes
from .._utils import warn_user
from .._votes.classes import check_same_kind, check_votes_are_classes, class_index
from .._votes.codes import Votes, is_text
from .._votes.containers import check_lf_names, check_row_order
from .._votes.encoding import find_encoding, renamed, warn_of_wrapper
from .._votes.gold import GoldLabels, read_gold
from .._votes.reader import read_votes
from .._votes.suspects import warn_of_new_values
from .scoring import weighted_mean

if TYPE_CHECKING:
    from .._votes.gold import GoldCounts
    from ..inspection._report.report import FitReport
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


NOTHING_LABELLED = (
    "y labels no row, so the score is the log-likelihood of the votes. It is no accuracy: do not average it with "
    "accuracies, or compare it with them. Give every fold labelled rows, or leave y out."
)


class BaseLabelModel(ClassifierMixin, BaseEstimator):
    """A classifier of rows of votes.

    A fitted one has classes_, class_prior_, symbols_, mu_ and coverage_; _mu_eps, the probability of a vote that
    was never seen; and _model_coverage, how often each LF votes by the model's account.
    """

    # L is this package's X; metadata routing would otherwise take it for metadata.
    __metadata_request__fit = {"L": metadata_routing.UNUSED}
    __metadata_request__predict = {"L": metadata_routing.UNUSED}
    __metadata_request__predict_proba = {"L": metadata_routing.UNUSED}
    __metadata_request__predict_log_proba = {"L": metadata_routing.UNUSED}
    __metadata_request__score = {"L": metadata_routing.UNUSED}

    abstain: Any
    classes: Any

    @classmethod
    @cache
    def _get_param_names(cls) -> list[str]:
        # Scikit-learn reads the signature at every fit, which takes as long as ten epochs of a small model.
        return cast(list[str], super()._get_param_names())

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.sparse = True
        tags.target_tags.required = False
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "classes_")

    def predict_proba(self, L: Any) -> NDArray[np.float64]:
        """Probability of every class given each row's votes.

        Parameters
        ----------
        L : array-like, dataframe or sparse matrix of shape (n_samples, n_lfs)
            Votes, as in `fit`. Votes that `fit` never saw from their LF carry no evidence.

        Returns
        -------
        proba : ndarray of shape (n_samples, n_classes), dtype float64
            In [0, 1], each row adding up to 1, columns in the order of `classes_`. A row without a vote gets
            `class_prior_` (or `voteless_prior_`, where the model has one).

        Raises
        ------
        NotFittedError
            `fit` was not called.
        ValueError
            Another number or order of LFs than in `fit`; votes that are no class labels.
        """
        check_is_fitted(self)
        return self._posterior(self._read_votes(L))

    def predict_log_proba(self, L: Any) -> NDArray[np.float64]:
        """Logarithm of `predict_proba`, shape (n_samples, n_classes); see there."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(L))

    def predict(self, L: Any) -> NDArray[Any]:
        """Most probable class of every row, the first of `classes_` on a tie; shape (n_samples,).

        Parameters and errors are those of `predict_proba`.
        """
        proba = self.predict_proba(L)
        return self.classes_[np.argmax(proba, axis=1)]

    def score(self, L: Any, y: Any = None, sample_weight: ArrayLike | None = None) -> float:
        """Accuracy on gold labels, or without them the mean log-likelihood of the votes.

        Parameters
        ----------
        L : array-like, dataframe or sparse matrix of shape (n_samples, n_lfs)
        y : array-like of shape (n_samples,), default=None
            Gold labels; rows labelled -1 (unless that is a class) or with a missing value do not count.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights of the rows.

        Returns
        -------
        score : float
            In [0, 1] with gold labels. Without any, the mean over rows of log P(votes), abstains included:
            higher is better on the same rows; see Notes for what it compares.

        Raises
        ------
        NotFittedError, ValueError
            As `predict_proba`, for a y that does not fit L, and for weights of which none counts.

        Notes
        -----
        Without labels it is the likelihood under `mu_` and `class_prior_`, so that it only compares settings that
        change these. Of `LabelModelClassifier`, `tempering` never does; `n_em_steps` and ``dependencies="auto"``
        against None do little, and where no LFs are found to copy each other and no labels anchor `mu_`, nothing. A
        search over them without labels then ends with the first candidate. `mu_eps` changes the likelihood by itself,
        since it bounds `mu_` and is the probability of a vote that `fit` never saw; leave it out of such a search.
        """
        check_is_fitted(self)
        check_row_order(L=L, y=y, sample_weight=sample_weight)
        votes = self._read_votes(L)
        weight = _check_sample_weight(sample_weight, np.empty((votes.n_samples, 1)))
        gold = read_gold(y, votes.n_samples, classes=self.classes_)
        if not gold.n_labelled:
            if y is not None:
                warn_user(NOTHING_LABELLED)
            return weighted_mean(self._log_likelihood(votes), weight)
        check_same_kind(self.classes_, gold.values, ("classes", "labels of y"))
        warn_of_new_values(gold.values, self.classes_, "y", "counts as wrong")
        labelled = gold.codes < len(gold.values)
        truth = class_index(gold.values, self.classes_)[gold.codes[labelled]]
        predicted = np.argmax(self._posterior(votes), axis=1)[labelled]
        return weighted_mean(predicted == truth, weight[labelled])

    @property
    def conditional_probs_(self) -> NDArray[np.float64]:
        """P(vote | Y) of every LF, shape (n_lfs, n_classes + 1, n_classes)."""
        n_classes = len(self.classes_)
        table = np.full((self.n_features_in_, n_classes + 1, n_classes), self._mu_eps)
        voted = class_index(self.symbols_["vote"], self.classes_)
        is_class = voted < n_classes
        table[self.symbols_["lf"][is_class], 1 + voted[is_class]] = self.mu_[is_class]
        table[:, 0] = 1 - table[:, 1:].sum(axis=1)
        return table

    @property
    def lf_accuracies_(self) -> NDArray[np.float64]:
        """P(vote is right | LF votes) of every LF, shape (n_lfs,)."""
        # Only the diagonals of `conditional_probs_`: of 1,000 LFs and 1,000 classes, all of it takes 8 GB.
        voted = class_index(self.symbols_["vote"], self.classes_)
        named = np.flatnonzero(voted < len(self.classes_))
        lf, voted = self.symbols_["lf"][named], voted[named]
        beyond_unseen = (self.mu_[named, voted] - self._mu_eps) * self.class_prior_[voted]
        right = np.bincount(lf, beyond_unseen, minlength=self.n_features_in_).astype(np.float64)
        right += self._mu_eps * self.class_prior_.sum()
        with np.errstate(divide="ignore"):
            return np.clip(right / self._model_coverage, 1e-6, 1.0)

    def _posterior(self, votes: Votes) -> NDArray[np.float64]:
        """P(Y | votes) of every row, shape (n_samples, n_classes)."""
        return posterior(votes, self._evidence(votes))

    def _evidence(self, votes: Votes) -> Evidence:
        """Log-likelihoods of the symbols; abstains and unseen votes say nothing."""
        table = np.vstack([np.log(self.mu_), np.zeros(len(self.classes_))])
        rows = find_symbols(votes, self.symbols_["lf"], self.symbols_["vote"])
        return Evidence(rows, table, np.log(self.class_prior_))

    def _log_likelihood(self, votes: Votes) -> NDArray[np.float64]:
        """Log P(votes) of every row, abstains and unseen votes included."""
        lf, n_symbols = self.symbols_["lf"], len(self.symbols_)
        silent, total = self._complete_table()
        table = np.log(np.vstack([self.mu_ / total[lf], silent / total, self._mu_eps / total]))
        rows = find_symbols(votes, lf, self.symbols_["vote"])
        lfs = np.arange(votes.n_lfs)[:, None]
        rows = np.where(rows == n_symbols, n_symbols + votes.n_lfs + lfs, rows)
        rows[:, [votes.abstain_code, len(votes.values)]] = n_symbols + lfs
        return log_likelihood(votes, Evidence(rows, table, np.log(self.class_prior_)))

    def _complete_table(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """P(abstain | Y) of each LF, and what its symbols, abstain and unseen votes add up to."""
        spoken = np.zeros((self.n_features_in_, len(self.classes_)))
        np.add.at(spoken, self.symbols_["lf"], self.mu_)
        silent = np.maximum(1 - spoken, self._mu_eps)
        return silent, spoken + silent + self._mu_eps

    def _read_training_data(self, L: Any, y: Any) -> tuple[Votes, GoldLabels]:
        names = check_lf_names(self, L, reset=True)
        check_row_order(L=L, y=y)
        gold = read_gold(y, _num_samples(L), classes=self.classes)
        votes = read_votes(
            L,
            abstain=self.abstain,
            names=names,
            allow_fractions=bool(gold.n_labelled) or self.classes is not None,
        )
        self.n_features_in_ = votes.n_lfs
        warn_of_wrapper(gold)
        self._encoding = find_encoding(votes, gold, self.classes)
        return renamed(votes, self._encoding), gold

    def _read_votes(self, L: Any) -> Votes:
        names = check_lf_names(self, L, reset=False)
        known = self.symbols_["vote"]
        fractions = known.dtype.kind == "f"
        votes = read_votes(L, abstain=self.abstain, names=names, allow_fractions=fractions)
        votes = renamed(votes, self._encoding)
        check_same_kind(votes.vote_values, known)
        if is_text(votes.values):
            warn_of_new_values(votes.values, known, "L", "is no evidence")
        if self.classes is not None:
            check_votes_are_classes(self.classes_, votes)
        if votes.n_lfs != self.n_features_in_:
            raise ValueError(
                f"X has {votes.n_lfs} features, but {type(self).__name__} is expecting "
                f"{self.n_features_in_} features as input"
            )
        return votes


@contextmanager
def unchanged_on_error(estimator: BaseEstimator) -> Iterator[None]:
    """Leave the estimator as it was, fitted or not, if the body raises."""
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise


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
        from ..inspection._report.measure import measure
        from ..inspection._report.report import make_report

        check_is_fitted(self)
        return make_report(*measure(self, L))

    @property
    def report_(self) -> FitReport:
        """What `fit` itself tells, without the votes: as `report`, but without what takes a look at rows.

        There are no intervals, class shares, agreement with majority vote, copies or held-out scores.
        """
        from ..inspection._report.measure import measure_fit
        from ..inspection._report.report import make_report

        check_is_fitted(self)
        return make_report(*measure_fit(self))

    def _warn_of_inverted(self) -> None:
        """Warn of LFs that vote against the others, as far as `fit` can tell."""
        from ..inspection._report.checks import inverted
        from ..inspection._report.measure import measure_fit

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
        from ..inspection._explain import contributions

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
        from ..inspection._explain import explain_row

        check_is_fitted(self)
        if hasattr(row, "to_frame") and getattr(row, "ndim", 2) == 1:
            row = row.to_frame().T
        elif np.ndim(row) == 1:
            row = [row]
        votes = self._read_votes(row)
        names = getattr(self, "feature_names_in_", None)
        return explain_row(votes, self._evidence(votes), self.classes_, names)
