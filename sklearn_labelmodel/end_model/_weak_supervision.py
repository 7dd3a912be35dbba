"""From labeling functions to a trained classifier."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, _fit_context, clone
from sklearn.utils import get_tags, indexable
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import _check_feature_names, _check_n_features, _num_samples

from .._models.label_model import LabelModelClassifier
from .._utils import check_row_order, unchanged_on_error, warn_user
from .._utils.keeping import Savable
from .._utils.pages import HasPage
from .._votes.codes import GoldLabels
from ._records import (
    check_default_reads,
    check_not_column_names,
    check_not_one_text,
    resolve_vote_columns,
    with_names,
)
from ._refine import check_refinable, refined
from ._shares import (
    KnownShares,
    can_match,
    known_shares,
    out_of_fold_scores,
    share_offsets,
    warn_of_scarce_class,
)
from ._soft_labels import Floats, Places, Training
from ._training_rows import (
    N_FOLDS,
    covered_rows,
    gold_codes,
    gold_of_classes,
    labelled_rows,
    training_rows,
    with_gold,
)
from ._views import LabelingViews

if TYPE_CHECKING:
    from sklearn.utils import Tags

    from .._utils.types import (
        ClassBalance,
        CrossValidator,
        Estimator,
        Frame,
        LabelModel,
        LabelsLike,
        RecordsLike,
        Transformer,
        VoteColumns,
        VoteMatrix,
    )


class WeakSupervisionClassifier(
    HasPage, Savable, LabelingViews, MetaEstimatorMixin, ClassifierMixin, BaseEstimator
):
    """Train a classifier on records that only labeling functions have labelled.

    Labeling functions vote on every record, a label model turns the votes into class probabilities, and a
    classifier learns from the records with these probabilities as soft labels. It then predicts from records alone:
    also those on which no labeling function votes.

    Parameters
    ----------
    labeler : transformer, default=None
        Turns records into votes, such as :class:`LabelingFunctions`. Without one the votes come from
        `vote_columns`, or are passed to `fit` as L.
    label_model : label model, default=None
        Turns votes into class probabilities. None: :class:`LabelModelClassifier` with its defaults. A
        `sklearn.frozen.FrozenEstimator` of a fitted one is used as it is.
    estimator : classifier, default=None
        What is trained on the soft labels. None: `sklearn.linear_model.LogisticRegression`.
    uncovered : {"drop", "prior"}, default="drop"
        Rows without a vote and without a gold label are not trained on, or with the class prior as soft label.
    min_confidence : float, default=None
        In [0, 1]; rows whose most probable class has less are not trained on. None: no limit. A class may lose all its
        rows by it, since some classes are less certain than others; `keep_share` is fair to all.
    labels : {"soft", "hard", "native"}, default="soft"
        What the estimator learns from.

        - "soft": each row once for every class, weighted with its probability (:func:`soft_label_expand`). The
          estimator's `fit` must take `sample_weight`; of a Pipeline, its last step's. An estimator with
          the attribute ``accepts_soft_labels = True`` gets the probabilities themselves, as with "native".
        - "hard": the most probable class; rows in which classes are tied are left out. For every estimator.
        - "native": ``estimator.fit(X, proba)`` with the probabilities as array of shape (n_rows, n_classes),
          columns in the order of `classes_`. For networks (skorch with a cross-entropy loss) and regressors.
    vote_columns : list of str or callable, default=None
        Columns of a DataFrame X that hold votes, or a function of X that returns their names, such as
        `sklearn.compose.make_column_selector`. They are taken away before the estimator sees X, in `fit` and, if they
        are there, in `predict`.
    match_shares : "auto", None, array-like of shape (n_classes,) or dict of class to share, default="auto"
        Class shares that predictions are to have. A classifier trained on cautious soft labels hardly predicts rare
        classes; offsets of its log probabilities give each class its share of the rows of `fit`, predicted out of fold.

        - "auto": the label model's `class_balance` where that is given, else the shares of the gold labels in y, which
          must be a random sample (unless they label every row, or the label model ignores them); then predicted shares
          within one standard error are left as they are. Where the estimator scores no classes, a warning.
        - None: none.
        - shares: these, positive and adding up to 1, in the order of `classes_` or as a dict.
    cv : int, splitter or iterable of (train, test), default=5
        Folds of all rows of X for `match_shares`: clones of the estimator that did not see a row predict it, so there
        are as many more fits. A number makes folds of consecutive rows of each most probable class.
    use_votes : bool, default=False
        Whether probabilities are the mean of the classifier's and the label model's, where the labeler or the vote
        columns vote on a record. Only predictions read it: ``set_params`` changes it without a new fit.
    keep_share : float, default=None
        In (0, 1]; of the rows of each most probable class, this share is trained on: the most certain ones. None: all.
    refine : {"features"} or None, default=None
        Whether soft labels are made better by the records before the estimator is trained on them. "features": clones
        of the estimator predict every row out of fold, with the shares of `match_shares`. Calibrated by the soft
        labels, that is the row's class prior, with which a :class:`LabelModelClassifier` learns anew what each vote
        says. Class shares must be known. Each round costs as many fits as `cv` has folds.
    n_refine : int, default=1
        Rounds of `refine`, at least 1. More than a few do harm where features are many, as words are; on few and good
        ones, as sentence embeddings are, eight were better than one.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The label model's classes, in its order.
    labeler_ : transformer or None
        The fitted labeler.
    label_model_ : label model
        The fitted label model.
    estimator_ : classifier
        The fitted classifier. It can be used, and saved, by itself.
    vote_columns_ : list of str
        Columns that were taken as votes; empty without `vote_columns`.
    class_offsets_ : ndarray of shape (n_classes,)
        What is added to log probabilities (without any, to the decision function); 0 where no shares are matched.
    class_shares_ : ndarray of shape (n_classes,) or None
        The shares that predictions of the rows of `fit` are given; None where no shares are matched.
    refined_proba_ : ndarray of shape (n_samples, n_classes) or None
        The soft labels of the rows of `fit` that the estimator was trained on after `refine`; None where those of
        `label_model_` were kept.
    n_features_in_ : int
        Columns of X that the estimator sees; not there where X has no columns (a list of texts).
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where X is a DataFrame with string names.

    See Also
    --------
    LabelModelClassifier : The label model alone.
    soft_label_expand : Soft labels for a training loop of one's own.

    Notes
    -----
    Only the last step of a Pipeline gets soft labels. The steps before it are fitted on every row once, with its
    most probable class as y, so that texts are not vectorized, or features selected, on repeated rows.

    Matched shares say that the records to be predicted hold the classes in the shares of the records of `fit`. Where
    they do not, or where a given share is wrong, accuracy is lost; `unshifted_proba` and ``match_shares=None`` do
    without. Log loss is mostly smaller without, too.

    Without labels, parameters of the estimator can be chosen by `score(X)`: ``GridSearchCV(model, grid).fit(X)``.

    With ``class_weight="balanced"`` some estimators, such as SVC, count the copies of rows instead of adding up their
    weights, which balances nothing; give them the weights of the classes.

    Examples
    --------
    >>> from sklearn.feature_extraction.text import CountVectorizer
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_labelmodel.end_model import WeakSupervisionClassifier
    >>> texts = ["subscribe to my channel", "win a prize on my channel", "lovely song", "what a voice"]
    >>> votes = [["spam", None, "spam"], [None, "spam", "spam"], ["ham", "ham", None], ["ham", "ham", None]]
    >>> model = WeakSupervisionClassifier(estimator=make_pipeline(CountVectorizer(), LogisticRegression()))
    >>> model.fit(texts, L=votes).predict(["a lovely voice", "see my channel"])
    array(['ham', 'spam'], dtype=object)
    """

    # Where groups are routed to the splitter of a search, the folds within keep them together too.
    __metadata_request__fit = {"groups": True}

    _parameter_constraints: dict[str, list[Any]] = {
        "labeler": [HasMethods(["fit", "transform"]), None],
        "label_model": [HasMethods(["fit", "predict_proba"]), None],
        "estimator": [HasMethods(["fit"]), None],
        "uncovered": [StrOptions({"drop", "prior"})],
        "min_confidence": [Interval(Real, 0, 1, closed="both"), None],
        "labels": [StrOptions({"soft", "hard", "native"})],
        "vote_columns": [list, callable, None],
        "match_shares": [StrOptions({"auto"}), Mapping, "array-like", None],
        "cv": ["cv_object"],
        "use_votes": ["boolean"],
        "keep_share": [Interval(Real, 0, 1, closed="right"), None],
        "refine": [StrOptions({"features"}), None],
        "n_refine": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        labeler: Transformer | None = None,
        label_model: LabelModel | None = None,
        estimator: Estimator | None = None,
        uncovered: str = "drop",
        min_confidence: float | None = None,
        labels: str = "soft",
        vote_columns: VoteColumns | str | None = None,
        match_shares: ClassBalance | None = "auto",
        cv: CrossValidator = N_FOLDS,
        use_votes: bool = False,
        keep_share: float | None = None,
        refine: str | None = None,
        n_refine: int = 1,
    ):
        self.labeler = labeler
        self.label_model = label_model
        self.estimator = estimator
        self.uncovered = uncovered
        self.min_confidence = min_confidence
        self.labels = labels
        self.vote_columns = vote_columns
        self.match_shares = match_shares
        self.cv = cv
        self.use_votes = use_votes
        self.keep_share = keep_share
        self.refine = refine
        self.n_refine = n_refine

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X: RecordsLike,
        y: LabelsLike | None = None,
        L: VoteMatrix | None = None,
        groups: LabelsLike | None = None,
    ) -> WeakSupervisionClassifier:
        """Label the records by their votes, and train the estimator on them.

        Parameters
        ----------
        X : array-like, dataframe, sparse matrix or list of n_samples records
            Whatever the labeler and the estimator take.
        y : array-like of shape (n_samples,), default=None
            Gold labels of all or some rows, for the label model and, as certain labels, for the estimator. -1 (unless
            it is a class) or a missing value marks a row without one.
        L : array-like, dataframe or sparse matrix of shape (n_samples, n_lfs), default=None
            Votes, where neither a labeler nor `vote_columns` gives them. Within `GridSearchCV` pass it to its
            `fit` (with metadata routing: after ``set_fit_request(L=True)``).
        groups : array-like of shape (n_samples,), default=None
            Groups of rows that splitters such as `GroupKFold` keep together, for `cv`.

        Returns
        -------
        self : WeakSupervisionClassifier

        Raises
        ------
        ValueError
            No source of votes, or more than one; votes or labels that the label model refuses; no row left to train
            on; an estimator that cannot be trained on soft labels, or whose shares cannot be matched; `refine` where no
            class shares are known, or with another label model or an estimator without `predict_proba`.

        Warns
        -----
        UserWarning
            Shares are known, but a class has fewer than five rows: they are not matched. `min_confidence` leaves out
            most rows of a class. Features do not tell the classes: labels are not refined. `n_refine` without `refine`.
        """
        with unchanged_on_error(self):
            self._check_effect()
            check_not_one_text(X)
            check_row_order(X=X, y=y, L=L)
            records, votes = self._records_and_votes(X, L)
            self._check_records(records)
            proba, candidates, gold = self._soft_labels(votes, y)
            training = Training(self._end_estimator(), self.classes_, self.labels)
            choose_rows = partial(self._training_rows, candidates)
            out_of_fold = partial(out_of_fold_scores, training, records, cv=self.cv, groups=groups)
            rows = choose_rows(proba)
            # Of gold labels alone, or of one class, nothing is left to refine.
            refines = self.refine is not None and len(self.classes_) > 1 and not gold.complete
            known = self._known_shares(gold, proba, rows, refines)
            self.refined_proba_ = None
            if known is not None and refines:
                codes = gold_codes(gold, self.classes_)
                of_fit = self.label_model_, votes, codes, proba, known
                self.refined_proba_ = refined(*of_fit, self.n_refine, choose_rows, out_of_fold)
            if self.refined_proba_ is not None:
                proba, rows = self.refined_proba_, choose_rows(self.refined_proba_)
            trained = training.fit(indexable(records)[0], proba, rows)
            self.estimator_, self._native = trained.estimator, trained.native
            self.class_offsets_, self.class_shares_ = np.zeros(len(self.classes_)), None
            if known is not None:
                found = share_offsets(known, out_of_fold(proba, rows))
                self.class_offsets_, self.class_shares_ = found
            self._votes = votes
        return self

    def _check_effect(self) -> None:
        """Raise a ValueError, or warn, where a parameter can have no effect."""
        if self.use_votes and self.labeler is None and self.vote_columns is None:
            raise ValueError(
                "use_votes=True needs votes on the records to be predicted. Give a labeler or vote_columns, or leave "
                "it False and average predict_proba with that of label_model_."
            )
        # A search over both may try it, so it is no error.
        if self.refine is None and self.n_refine != 1:
            warn_user(
                f"n_refine={self.n_refine} has no effect, since labels are not refined (refine=None). Pass "
                "refine='features' too, or leave n_refine=1."
            )

    def _check_records(self, records: RecordsLike) -> None:
        """Check that the estimator can read them, and remember their columns."""
        if self.estimator is None:
            check_default_reads(records)
        check_not_column_names(self._end_estimator(), records)
        _check_feature_names(self, records, reset=True)
        _check_n_features(self, records, reset=True)

    def _label_model(self) -> LabelModel:
        return LabelModelClassifier() if self.label_model is None else self.label_model

    def _end_estimator(self) -> Estimator:
        if self.estimator is not None:
            return self.estimator
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression()

    def _records_and_votes(
        self, X: RecordsLike, L: VoteMatrix | None
    ) -> tuple[RecordsLike, VoteMatrix]:
        """What the estimator sees, and the label matrix, from the one source of votes there is."""
        sources = {"labeler": self.labeler, "vote_columns": self.vote_columns, "L": L}
        given = [name for name, source in sources.items() if source is not None]
        if len(given) != 1:
            both = f"{' and '.join(given)} both give votes"
            fault = both if given else "There are no votes to learn from"
            raise ValueError(
                f"{fault}. Give exactly one of: the parameter `labeler` (a transformer from records to votes), the "
                "parameter `vote_columns` (columns of X), or the votes themselves, fit(X, L=votes)."
            )
        self.labeler_, self.vote_columns_ = None, []
        if self.labeler is not None:
            labeler = self.labeler_ = clone(self.labeler)
            # A labeler need not have a method fit_transform.
            at_once = hasattr(labeler, "fit_transform")
            L = labeler.fit_transform(X) if at_once else labeler.fit(X).transform(X)
            L = with_names(L, labeler)
        elif self.vote_columns is not None:
            self.vote_columns_ = resolve_vote_columns(X, self.vote_columns)
            X, L = self._without_votes(X), cast("Frame", X)[self.vote_columns_]
        if _num_samples(L) != _num_samples(X):
            raise ValueError(
                f"X has {_num_samples(X)} rows and the votes have {_num_samples(L)}; row i of both must be the "
                "same record."
            )
        return X, L

    def _soft_labels(
        self, L: VoteMatrix, y: LabelsLike | None
    ) -> tuple[Floats, NDArray[np.bool_], GoldLabels]:
        """P(class) of every row by the label model, which rows may be trained on, and the gold labels."""
        self.label_model_ = clone(self._label_model()).fit(L, y)
        self.classes_ = np.asarray(self.label_model_.classes_)
        proba = self.label_model_.predict_proba(L)
        gold = gold_of_classes(self.label_model_, y, len(proba))
        candidates = np.ones(len(proba), dtype=bool)
        if self.uncovered == "drop":
            candidates = covered_rows(self.label_model_, L)
            candidates[labelled_rows(gold)] = True
        return with_gold(proba, gold, self.classes_), candidates, gold

    def _training_rows(self, candidates: NDArray[np.bool_], proba: Floats) -> Places:
        limits = self.min_confidence, self.keep_share
        return training_rows(proba, candidates, self.classes_, *limits)

    def _known_shares(
        self, gold: GoldLabels, proba: Floats, rows: Places, refines: bool
    ) -> KnownShares | None:
        """Class shares that are known and can be matched."""
        estimator = self._end_estimator()
        known = known_shares(self.match_shares, self.label_model_, gold, self.classes_)
        if refines:
            check_refinable(self.label_model_, estimator, known)
        if known is None or not can_match(estimator, self.labels, self.match_shares):
            return None
        hard = self.labels == "hard"
        scarce = warn_of_scarce_class(proba, rows, self.classes_, hard=hard, refines=refines)
        return None if scarce else known

    def _sk_visual_block_(self) -> Any:
        parts: dict[str, Any] = {} if self.labeler is None else {"labeler": self.labeler}
        parts["label_model"] = self._label_model()
        parts["estimator"] = self._end_estimator()
        try:
            from sklearn.utils._repr_html.estimator import _VisualBlock
        except ImportError:  # scikit-learn 1.6
            from sklearn.utils._estimator_html_repr import _VisualBlock

        return _VisualBlock(
            "serial",
            list(parts.values()),
            names=[f"{name}: {type(part).__name__}" for name, part in parts.items()],
            name_details=list(map(str, parts.values())),
            dash_wrapped=False,
        )

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self._end_estimator()).input_tags
        if self.labeler is not None:
            taken = get_tags(self.labeler).input_tags
            tags.input_tags.sparse &= taken.sparse
            tags.input_tags.allow_nan &= taken.allow_nan
        tags.target_tags.required = False
        return tags
