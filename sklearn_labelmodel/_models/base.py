"""What all label models share: fit as an outline, predictions by the vote model, scores, reports."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import cache, partial
from numbers import Real
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, _fit_context
from sklearn.utils import metadata_routing
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from .._engines.sources import source_of
from .._evidence.lookup import generative, log_likelihood, look_up, posterior, terms
from .._evidence.model import ClassPrior, VoteModel
from .._utils import check_row_order, kind_of, warn_user
from .._utils.pages import HasPage
from .._votes.codes import Votes, class_index, is_text
from .._votes.containers import is_in_memory
from .fitted import FittedVotes
from .keeping import SavableModel
from .scoring import NOTHING_LABELLED, most_probable, weighted_mean

if TYPE_CHECKING:
    from sklearn.utils import Tags

    from .._learning.observed import Observed
    from .._utils.types import LabelsLike, VoteMatrix
    from .._votes.statistics import VoteStatistics
    from ..inspection._report.report import FitReport
    from .reading import Counting
    from .sources import PredictedSource

Learner = Callable[["Observed", VoteModel], VoteModel]


class BaseLabelModel(HasPage, SavableModel, FittedVotes, ClassifierMixin, BaseEstimator):
    """A classifier of rows of votes: parameters, and a recipe of learners.

    What a fit learned is one object, `vote_model_`; all else that a fitted one knows of votes is read from it.
    """

    # L is this package's X; metadata routing would otherwise take it for metadata.
    __metadata_request__fit = {"L": metadata_routing.UNUSED}
    __metadata_request__predict = {"L": metadata_routing.UNUSED, "keep": metadata_routing.UNUSED}
    __metadata_request__predict_proba = {
        "L": metadata_routing.UNUSED,
        "keep": metadata_routing.UNUSED,
    }
    __metadata_request__predict_log_proba = {"L": metadata_routing.UNUSED}
    __metadata_request__score = {"L": metadata_routing.UNUSED}

    _parameter_constraints: dict[str, list[Any]] = {
        "classes": ["array-like", None],
        "abstain": ["array-like", Real, str, None],
        "scores": ["array-like", Mapping, str, None],
        "vote_meanings": [Mapping, None],
    }
    n_features_in_: int
    _counting: Counting | None
    # What the report may suggest.
    _capabilities: frozenset[str] = frozenset()

    @classmethod
    @cache
    def _get_param_names(cls) -> list[str]:
        # Scikit-learn reads the signature at every fit, which takes as long as ten epochs of a small model.
        return cast(list[str], super()._get_param_names())

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.sparse = True
        tags.target_tags.required = False
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "vote_model_")

    # Fitting --------------------------------------------------------------------------------------

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        L: VoteMatrix | VoteStatistics,
        y: LabelsLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Learn from the votes, and from gold labels where there are some.

        Parameters
        ----------
        L : array-like, dataframe or sparse matrix of shape (n_samples, n_lfs), VoteStatistics, or a source of rows
            Votes: class labels (numbers, booleans or strings), the marker `abstain` or a missing value. In a sparse
            matrix the stored entries are votes. Statistics hold the votes, labels and weights that they counted.
            Of a source, rows are counted where they are: a Dask DataFrame or Array, a Spark DataFrame, a DuckDB
            relation, a polars LazyFrame, a pyarrow Dataset or RecordBatchReader.
        y : array-like of shape (n_samples,), or str, default=None
            Gold labels of all or some rows; -1 or a missing value marks a row without one. -1 is a class
            where taking it away would leave a single class, or where `classes` names it. Of a source, a column's name.
        sample_weight : array-like of shape (n_samples,), or str, default=None
            How many rows each row stands for, from 0 on. Fractions are rounded to multiples of 2^-24. Of a source,
            a column's name.

        Returns
        -------
        self : estimator

        Raises
        ------
        ValueError
            Votes, labels or parameters that cannot be what was meant; the message names the place and the remedy.
        TypeError
            A vote that is neither a number nor a string.
        FloatingPointError
            Training diverged to a loss that is not finite.
        """
        from .reading import observe_votes

        source = None if is_in_memory(L) else source_of(L)
        if source is not None:
            from .sources import count_source

            column, weight = cast(Hashable, y), cast(Hashable, sample_weight)
            L, y, sample_weight = count_source(self, source, column, weight), None, None
        return self._fit(*observe_votes(self, L, y, sample_weight))

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        L: VoteMatrix,
        y: LabelsLike | None = None,
        classes: Iterable[Hashable] | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Learn from these rows and those of all calls before, as one `fit` on all of them would.

        Rows are counted and forgotten (see `VoteStatistics`); so a call takes the time of a fit of few rows, and what
        is kept does not grow with them. Give thousands of rows at a time.

        Parameters
        ----------
        L : array-like, dataframe or sparse matrix of shape (n_samples, n_lfs)
            Votes as in `fit`; the same LFs at each call.
        y : array-like of shape (n_samples,), default=None
            Gold labels as in `fit`.
        classes : array-like of shape (n_classes,), default=None
            For the first call, the classes that y holds in all calls together. Votes that are none of them are kept as
            symbols whose meaning is learned. Where neither this nor the parameter `classes` is given, classes are those
            of all rows so far.
        sample_weight : array-like of shape (n_samples,), default=None
            As in `fit`.

        Returns
        -------
        self : estimator

        Raises
        ------
        ValueError
            As `fit`; other LFs or `classes` than before; scores, whose bins follow from all rows. What was learned
            before stays as it is.

        Warns
        -----
        UserWarning
            After a `fit` on votes, which keeps no counts: these rows are the first.
        """
        from .reading import count_more, observe_statistics

        counting = count_more(self, L, y, classes, sample_weight)
        return self._fit(observe_statistics(self, *counting), counting)

    def _fit(self, observed: Observed, counting: Counting | None) -> Self:
        assumed = self._assume(observed)
        learned = self._learn(observed, assumed)
        self._warn(observed, learned)
        self._keep(observed, learned, counting)
        return self

    def _assume(self, observed: Observed, prior: ClassPrior | None = None) -> VoteModel:
        """The vote model that parameters and labels imply, before anything is learned.

        A class prior that is handed in is taken in place of theirs.
        """
        raise NotImplementedError

    def _recipe(self, observed: Observed, assumed: VoteModel) -> list[Learner]:
        """The learners, in turn; each makes the vote model of the next."""
        raise NotImplementedError

    def _learn(self, observed: Observed, assumed: VoteModel) -> VoteModel:
        model = assumed
        for learner in self._recipe(observed, assumed):
            model = learner(observed, model)
        return model

    def _keep(
        self, observed: Observed, learned: VoteModel, counting: Counting | None = None
    ) -> None:
        """Swap what was learned before for what is learned now, at once."""
        state: dict[str, Any] = {
            "n_features_in_": observed.n_lfs,
            "vote_model_": learned,
            "_encoding": observed.encoding,
            "_scores": observed.scores,
            "_kept": observed.kept(),
            "_counting": counting,
        }
        names = observed.names
        if names is not None:
            state["feature_names_in_"] = names
        elif "feature_names_in_" in vars(self):
            del self.feature_names_in_
        self.__dict__.update(state)

    def _warn(self, observed: Observed, learned: VoteModel) -> None:
        """Warn of what was learned."""

    # Predicting -----------------------------------------------------------------------------------

    def predict_proba(self, L: VoteMatrix, *, keep: Sequence[Hashable] = ()) -> NDArray[np.float64]:
        """Probability of every class given each row's votes.

        Parameters
        ----------
        L : array-like, dataframe or sparse matrix of shape (n_samples, n_lfs), or a source of rows
            Votes, as in `fit`. Votes that `fit` never saw from their LF carry no evidence. Of a source, the columns
            that `fit` saw are read.
        keep : str or list of column names, default=()
            Columns of a source that stand before the result, such as an identifier.

        Returns
        -------
        proba : ndarray of shape (n_samples, n_classes), dtype float64
            In [0, 1], each row adding up to 1, columns in the order of `classes_`. A row without a vote gets
            `class_prior_` (or `voteless_prior_`, where the model has one). Of a source, computed when asked for: the
            columns "probability_CLASS" of a DataFrame of Dask or Spark or a pyarrow RecordBatchReader; a Dask Array.

        Raises
        ------
        NotFittedError
            `fit` was not called.
        ValueError
            Another number or order of LFs than in `fit`; votes that are no class labels.
        """
        source = self._source_of(L, keep)
        if source is not None:
            return source.predict_proba()
        model = self.vote_model_
        return self._posterior(model, self._read_votes(L, model))

    def predict_log_proba(self, L: VoteMatrix) -> NDArray[np.float64]:
        """Logarithm of `predict_proba`, shape (n_samples, n_classes); see there."""
        proba = self.predict_proba(L)
        if not hasattr(proba, "__array_ufunc__"):
            raise TypeError(
                f"predict_log_proba does not take {kind_of(L)}, whose rows are not in memory. Take the logarithm of "
                "what predict_proba gives."
            )
        with np.errstate(divide="ignore"):
            return np.log(proba)

    def predict(self, L: VoteMatrix, *, keep: Sequence[Hashable] = ()) -> NDArray[Any]:
        """Most probable class of every row, the first of `classes_` on a tie; shape (n_samples,).

        Parameters and errors are those of `predict_proba`. Of a source of rows, the column "label".
        """
        source = self._source_of(L, keep)
        if source is not None:
            return source.predict()
        model = self.vote_model_
        votes, read = self._read_votes(L, model), partial(self._posterior, model)
        return model.classes[most_probable(read, votes, len(model.classes))]

    def _source_of(self, L: VoteMatrix, keep: Sequence[Hashable]) -> PredictedSource | None:
        """L where it is not in memory, to be predicted there."""
        check_is_fitted(self)
        source = None if is_in_memory(L) else source_of(L)
        keep = list(dict.fromkeys([keep] if isinstance(keep, str) else keep))
        if source is None and not len(keep):
            return None
        from .sources import PredictedSource

        return PredictedSource(self, source, keep)

    def score(
        self, L: VoteMatrix, y: LabelsLike | None = None, sample_weight: ArrayLike | None = None
    ) -> float:
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
        Without labels it is the likelihood under `mu_` and the class shares that mu was trained under (`class_prior_`,
        or where that is uniform those that votes tell), so that it compares settings that change these alone:
        `tempering` never does, `n_em_steps` and `dependencies` hardly. `mu_eps` changes it by itself, as the
        probability of a vote that `fit` never saw.
        """
        from .._votes.classes import check_same_kind
        from .._votes.gold import read_gold
        from .._votes.suspects import warn_of_new_values

        check_is_fitted(self)
        check_row_order(L=L, y=y, sample_weight=sample_weight)
        model = self.vote_model_
        votes = self._read_votes(L, model)
        weight = _check_sample_weight(sample_weight, np.empty((votes.n_samples, 1)))
        gold = read_gold(y, votes.n_samples, classes=model.classes)
        if not gold.n_labelled:
            if y is not None:
                warn_user(NOTHING_LABELLED)
            return weighted_mean(log_likelihood(votes, generative(model, votes)), weight)
        check_same_kind(model.classes, gold.values, ("classes", "labels of y"))
        warn_of_new_values(gold.values, model.classes, "y", "counts as wrong")
        labelled = gold.codes < len(gold.values)
        truth = class_index(gold.values, model.classes)[gold.codes[labelled]]
        read = partial(self._posterior, model)
        predicted = most_probable(read, votes, len(model.classes))[labelled]
        return weighted_mean(predicted == truth, weight[labelled])

    def _posterior(self, model: VoteModel, votes: Votes) -> NDArray[np.float64]:
        """P(Y | votes) of every row, shape (n_samples, n_classes)."""
        return posterior(votes, look_up(model, votes))

    def _terms(self, model: VoteModel, votes: Votes) -> NDArray[np.float64]:
        """What each vote, and last what is known without them, adds, (n_samples, n_lfs + 1, n_classes)."""
        return terms(votes, look_up(model, votes))

    def _read_votes(self, L: VoteMatrix, model: VoteModel | None = None) -> Votes:
        """The votes L as the fit read them whose vote model this is, else the last one."""
        from .._votes.classes import check_same_kind, check_votes_are_classes
        from .._votes.encoding import renamed
        from .._votes.meanings import literal_votes
        from .._votes.reader import check_lf_names, check_width, read_votes
        from .._votes.scores import n_columns, no_bins, read_beside, with_bins
        from .._votes.suspects import warn_of_new_values

        learned = self.vote_model_ if model is None else model
        names, known, scored = check_lf_names(self, L), learned.table.vote, self._scores
        known = known if scored is None else no_bins(known)
        n_lfs, fractions = len(learned.table.joint), known.dtype.kind == "f"
        if scored is None:
            votes = read_votes(L, abstain=self.abstain, names=names, allow_fractions=fractions)
            check_width(self, votes.n_lfs, n_lfs)
        else:
            check_width(self, n_columns(L), n_lfs)
            votes, _, cells = read_beside(
                L, scored, abstain=self.abstain, names=names, allow_fractions=fractions
            )
        if self._encoding is not None:
            votes = renamed(votes, self._encoding)
        if votes.values.dtype.kind != known.dtype.kind:
            check_same_kind(votes.vote_values, known, ("votes", "votes of fit"))
        if is_text(votes.values):
            warn_of_new_values(votes.values, known, "L", "is no evidence")
        if self.classes is not None:
            check_votes_are_classes(learned.classes, literal_votes(votes, self.vote_meanings))
        return votes if scored is None else with_bins(votes, scored, cells)

    # Looking at a fit -----------------------------------------------------------------------------

    def report(
        self,
        L: VoteMatrix,
        y: LabelsLike | None = None,
        reference: FitReport | VoteMatrix | None = None,
        ignore: Iterable[str] = (),
    ) -> FitReport:
        """Say what is wrong, or may be, with the labeling functions (LFs), the fit and its labels.

        How often each LF is right, with an interval; which are below chance, inverted, one-sided, copies or silent; how
        far labels and class shares agree with majority vote and the prior. The guide's page on reports has all.

        Parameters
        ----------
        L : array-like, dataframe or sparse matrix of shape (n_samples, n_lfs)
            Votes, usually those of `fit`. Of more than 10 million cells (rows times LFs, or times classes), or 5
            million votes, evenly spaced rows are read.
        y : array-like of shape (n_samples,), default=None
            Gold labels of all or some rows, as in `fit`, to hold labels and LFs against. They change no finding.
        reference : FitReport, or votes as L, default=None
            An older report, or older votes of the same LFs: what drifted since is found.
        ignore : list of str, default=()
            Codes of findings that you do not want to hear of again.

        Returns
        -------
        report : FitReport
            Print it, look at it in a notebook, `open()` it in the browser, or send it: `to_html(path)`.

        Raises
        ------
        NotFittedError, ValueError
            As `predict_proba`; a ValueError also for an L without votes, y or reference that do not fit, unknown codes.

        Notes
        -----
        Intervals hold the true accuracy as often as they say if LFs err independently given the class and abstain
        whatever it is; LFs that share errors look better than they are.

        Examples
        --------
        >>> from sklearn_labelmodel import LabelModelClassifier
        >>> from sklearn_labelmodel.datasets import make_label_matrix
        >>> data = make_label_matrix(1000, 6, accuracy=[0.9, 0.8, 0.8, 0.7, 0.7, 0.2], random_state=0)
        >>> report = LabelModelClassifier().fit(data.L).report(data.L)
        >>> [(finding.code, finding.lf) for finding in report.findings if finding.severity == "danger"]
        [('inverted', 5), ('below-chance', 5)]
        """
        from ..inspection._report.report import make_report

        check_is_fitted(self)
        return make_report(self, L, y, reference, ignore)

    @property
    def report_(self) -> FitReport:
        """What `fit` itself tells, without the votes: as `report`, but without what takes a look at rows.

        There are no intervals, class shares, agreement with majority vote, copies or held-out scores.
        """
        from ..inspection._report.report import report_of_fit

        check_is_fitted(self)
        return report_of_fit(self)
