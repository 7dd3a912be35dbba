"""The transformer that applies labeling functions to records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.base import TransformerMixin, _fit_context
from sklearn.utils import metadata_routing
from sklearn.utils._param_validation import StrOptions
from sklearn.utils._set_output import _get_output_config
from sklearn.utils.metaestimators import _BaseComposition

from .._engines.source import Frame
from .._engines.sources import source_of
from .._utils import message_of, quoted, warn_user
from .._utils.keeping import Savable
from .._utils.pages import HasPage
from ._base import BaseLabelingFunction, as_labeling_function
from ._lazy import lazy_votes
from ._records import LabelingFunctionError, Records
from ._run import run, vote_matrix, votes_of
from ._score import ScoreLF

if TYPE_CHECKING:
    from sklearn.utils import Tags

    from .._utils.types import RecordsLike


class LabelingFunctions(HasPage, Savable, TransformerMixin, _BaseComposition):
    """Apply labeling functions to records: one column of votes for each function.

    Nothing is learned: `fit` only validates, and `transform` works without it.

    Parameters
    ----------
    lfs : list of labeling functions
        Made with :func:`labeling_function`, ready-made ones such as :class:`RegexLF`, or plain
        functions of one row. Their names must differ.
    n_jobs : int or None, default=None
        Number of worker processes; -1 for as many as there are cores, None for 1 or what
        `joblib.parallel_config` says. Row-wise functions share the rows out, vectorized ones
        always see all rows. Lambdas and closures can be sent to workers.
    on_error : {"raise", "abstain"}, default="raise"
        What happens where a labeling function raises. "raise": a
        :class:`~sklearn_labelmodel.labeling.LabelingFunctionError` that names function and row. "abstain": the function
        abstains there, and one warning counts these rows for each function. Mistakes that no row
        is at fault of, such as a column that is not there, always raise.
    progress : bool, default=False
        Whether to show a progress bar.

    Raises
    ------
    LabelingFunctionError
        By `fit` and `transform`, if a name is missing or there twice. By `transform`, if a
        function raises, returns something other than class labels and missing values, or, being
        vectorized, another number of votes than there are rows.

    See Also
    --------
    RegexLF, KeywordLF : Votes by what a text contains.
    ThresholdLF, BinLF, LookupLF : Votes by the value of a column.
    ScoreLF : The scores of a column.
    ClassifierLF : Votes of a classifier where it is sure.
    ColumnLF : Votes that already exist.

    Notes
    -----
    Parameters of the labeling functions are reached by their names, as `<name>__<parameter>`, so
    that `GridSearchCV` can tune them. Names that are made of parameters change with these; give a
    function that you tune a `name`.

    Votes keep the type that they have. The matrix is numeric if all votes are numbers of one kind,
    else of dtype object with None as abstentions.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_labelmodel.labeling import (
    ...     LabelingFunctions, RegexLF, ThresholdLF, labeling_function)
    >>> @labeling_function()
    ... def thanks(row):
    ...     return "ham" if row.text.startswith("Thank") else None
    >>> comments = pd.DataFrame(
    ...     {"text": ["Subscribe!", "Thanks", "ok"], "n_links": [2, 0, 0]}, index=["a", "b", "c"])
    >>> labeler = LabelingFunctions([
    ...     thanks,
    ...     RegexLF("[Ss]ubscribe", label="spam", column="text", name="subscribe"),
    ...     ThresholdLF("n_links", ">", 1, label="spam", name="links"),
    ... ])
    >>> labeler.transform(comments)
    array([[None, 'spam', 'spam'],
           ['ham', None, None],
           [None, None, None]], dtype=object)
    >>> labeler.get_feature_names_out()
    array(['thanks', 'subscribe', 'links'], dtype=object)
    >>> labeler.set_params(links__value=5).transform(comments)[:, 2]
    array([None, None, None], dtype=object)
    """

    # A choice of columns, no metadata of rows.
    __metadata_request__transform = {"keep": metadata_routing.UNUSED}

    _parameter_constraints: dict[str, list[Any]] = {
        "lfs": [list, tuple],
        "n_jobs": [Integral, None],
        "on_error": [StrOptions({"raise", "abstain"})],
        "progress": ["boolean"],
    }

    def __init__(
        self,
        lfs: Sequence[BaseLabelingFunction | Callable[..., object]],
        n_jobs: int | None = None,
        on_error: str = "raise",
        progress: bool = False,
    ) -> None:
        self.lfs = lfs
        self.n_jobs = n_jobs
        self.on_error = on_error
        self.progress = progress

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: object = None, y: object = None) -> LabelingFunctions:  # noqa: ARG002
        """Check the labeling functions' names; nothing is learned.

        Parameters
        ----------
        X : ignored
        y : ignored

        Returns
        -------
        self : LabelingFunctions
        """
        self._checked_lfs()
        return self

    def transform(self, X: RecordsLike, keep: Sequence[Hashable] = ()) -> Any:
        """Return the votes of all labeling functions.

        Parameters
        ----------
        X : DataFrame, Series, array or list of n_samples records
            From pandas, polars, NumPy or SciPy; or a DataFrame of Dask or Spark.
        keep : list of column names, default=()
            Columns of a Dask or Spark DataFrame that stand before the votes, such as an identifier.

        Returns
        -------
        L : ndarray of shape (n_samples, n_lfs)
            See the notes for its dtype. What `set_output` asks for instead, with the names of the
            labeling functions and, in pandas, the index of `X`. Of a DataFrame of Dask or Spark,
            another one, which the workers compute when it is asked for: a column for each
            labeling function, of the type that the votes of the first rows have.
        """
        self._validate_params()
        lfs = self._checked_lfs()
        source = source_of(X, on_workers=True)
        if isinstance(source, Frame):
            names = [lf.get_name() for lf in lfs]
            return lazy_votes(source, names, partial(self._columns, lfs), keep)
        if len(keep):
            raise ValueError(
                "`keep` is for DataFrames of Dask and Spark. Add the columns to the result."
            )
        votes = vote_matrix(self._columns(lfs, X))
        # The wrapper of scikit-learn 1.6 keeps the index of a DataFrame only.
        to_pandas = _get_output_config("transform", self)["dense"] == "pandas"
        if to_pandas and isinstance(X, pd.Series):
            return pd.DataFrame(votes, index=X.index)
        return votes

    def _columns(self, lfs: list[BaseLabelingFunction], X: RecordsLike) -> list[np.ndarray]:
        """The votes of each labeling function, n_lfs arrays of shape (n_samples,)."""
        records = Records(X)
        stop_on_error = self.on_error == "raise"
        outcomes = run(
            lfs, records, n_jobs=self.n_jobs, stop_on_error=stop_on_error, progress=self.progress
        )
        failed = [
            (quoted(lf.get_name()), n_failed, *failure)
            for lf, (_, n_failed, failure) in zip(lfs, outcomes, strict=True)
            if failure is not None
        ]
        if failed:
            _tell_failures(failed, records, stop_on_error)
        return [
            votes if lf.vectorized else votes_of(votes, records, lf.get_name())
            for lf, (votes, *_) in zip(lfs, outcomes, strict=True)
        ]

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:  # noqa: ARG002
        """Return the labeling functions' names.

        Parameters
        ----------
        input_features : ignored

        Returns
        -------
        names : ndarray of shape (n_lfs,), dtype object
        """
        return np.asarray([lf.get_name() for lf in self._checked_lfs()], dtype=object)

    @property
    def scores(self) -> dict[int, Any] | None:
        """The parameter `scores` of label models: the class that each column of a ScoreLF speaks for; None without."""
        lfs = enumerate(self._checked_lfs())
        scored = {column: lf.label for column, lf in lfs if isinstance(lf, ScoreLF)}
        return scored or None

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters, and with `deep` those of the labeling functions.

        Parameters
        ----------
        deep : bool, default=True

        Returns
        -------
        params : dict
            Those of the labeling functions as `<name>__<parameter>`.
        """
        return self._get_params("_named_lfs", deep=deep)

    def set_params(self, **params: Any) -> LabelingFunctions:
        """Set parameters, those of the labeling functions as `<name>__<parameter>`.

        Parameters
        ----------
        **params : dict

        Returns
        -------
        self : LabelingFunctions
        """
        if "lfs" in params:
            self.lfs = params.pop("lfs")
        return self._set_params("_named_lfs", **params)

    @property
    def _named_lfs(self) -> list[tuple[str, BaseLabelingFunction]]:
        if not isinstance(self.lfs, (list, tuple)):
            return []
        return [(lf.get_name(), lf) for lf in self.lfs if isinstance(lf, BaseLabelingFunction)]

    @_named_lfs.setter
    def _named_lfs(self, named_lfs: list[tuple[str, BaseLabelingFunction]]) -> None:
        pairs = zip(self._named_lfs, named_lfs, strict=True)
        new = {id(old): replacement for (_, old), (_, replacement) in pairs}
        self.lfs = [new.get(id(lf), lf) for lf in self.lfs]

    def _checked_lfs(self) -> list[BaseLabelingFunction]:
        lfs = [as_labeling_function(lf) for lf in self.lfs]
        if not lfs:
            raise LabelingFunctionError("LabelingFunctions needs at least one labeling function.")
        names = [lf.get_name() for lf in lfs]
        for name in names:
            _check_name(name, reserved=self.get_params(deep=False))
        repeated = [quoted(name) for name, count in Counter(names).items() if count > 1]
        if repeated:
            raise LabelingFunctionError(
                f"labeling functions must have different names, and {', '.join(repeated)} occurs "
                "more than once. Give all but one of them another name=..."
            )
        return lfs

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.no_validation = True
        tags.transformer_tags.preserves_dtype = []
        tags.input_tags.string = True
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        return tags


def _check_name(name: object, reserved: dict[str, object]) -> None:
    if not isinstance(name, str) or not name:
        raise LabelingFunctionError(f"a labeling function's name is a string, not {quoted(name)}.")
    if "__" in name:
        raise LabelingFunctionError(
            f"the labeling function name {quoted(name)} contains '__', which in scikit-learn parts a "
            "name from a parameter. Give it another name=..."
        )
    if name in reserved:
        raise LabelingFunctionError(
            f"the labeling function name {quoted(name)} is a parameter of LabelingFunctions. Give it "
            "another name=..."
        )


def _tell_failures(
    failed: list[tuple[str, int, int | None, Exception]], records: Records, stop_on_error: bool
) -> None:
    """Raise the first of the errors, or warn of all: who raised, on how many rows, first where, and what."""
    described = []
    for _, _, position, error in failed:
        where = "on the whole batch" if position is None else f"at {records.where(position)}"
        described.append(f"{type(error).__name__}({quoted(message_of(error))}) {where}")
    if stop_on_error:
        raise LabelingFunctionError(
            f"labeling function {failed[0][0]} raised {described[0]}. Return None for what it cannot judge, "
            "or pass on_error='abstain'."
        ) from failed[0][-1]
    reports = [
        f"{name} on {n_failed} of {len(records)} rows (first {what})"
        for (name, n_failed, *_), what in zip(failed, described, strict=True)
    ]
    warn_user(f"labeling functions raised and so abstained: {'; '.join(reports)}.")
