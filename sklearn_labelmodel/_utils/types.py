"""What users pass, as types: as much of each kind of thing as is used of it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from typing import Self

    import pandas as pd
    import polars as pl
    import pyarrow as pa


class Frame(Protocol):
    """A table of pandas or polars, of Dask, Spark or DuckDB."""

    @property
    def columns(self) -> Iterable[Hashable]: ...

    def __getitem__(self, key: Any, /) -> Any: ...


class ArrowRows(Protocol):
    """A table, a reader or a data set of Arrow."""

    @property
    def schema(self) -> object: ...


class Ordered(Protocol):
    """What is sorted and looked up: votes, classes and gold labels; strings, numbers, dates, bins of scores."""

    def __hash__(self) -> int: ...

    def __lt__(self, other: Any, /) -> bool: ...


# Rows in memory, in columns of unlike types.
Table: TypeAlias = "pd.DataFrame | pl.DataFrame | pa.Table"
# Raw records, one a row.
RecordsLike: TypeAlias = ArrayLike | Frame | sp.sparray | sp.spmatrix | Sequence[object]
# Votes of LFs, (n_samples, n_lfs); lists hold None where nothing is said.
VoteMatrix: TypeAlias = RecordsLike | ArrowRows
# Votes on several labels, in the four forms of `MultilabelClassifier`.
VotesByLabel: TypeAlias = Mapping[Any, VoteMatrix] | RecordsLike
# Columns of the records that hold votes.
VoteColumns: TypeAlias = Iterable[Hashable] | Callable[[Any], Iterable[Hashable]]
# A label for each row, None where it is not known; of rows that are not in memory the name of a column.
LabelsLike: TypeAlias = ArrayLike | Sequence[object]
# What stands for "no vote": one value or several. Missing values always do.
Marker: TypeAlias = Hashable | Iterable[Hashable]
# A dict of str is no Mapping of Hashable: keys of mappings are invariant.
ClassBalance: TypeAlias = ArrayLike | Mapping[Any, float] | str
VoteMeanings: TypeAlias = Mapping[Any, Any]
ScoreColumns: TypeAlias = str | Iterable[Hashable] | Mapping[Any, Any]
# One precision for all LFs, or one for each.
Precisions: TypeAlias = ArrayLike | Mapping[Any, float]


# A number, or one for each of some things.
Numbers: TypeAlias = float | np.float64 | NDArray[np.float64]
# Numbers of pairs, dense where that is small.
PairMatrix: TypeAlias = NDArray[np.float64] | sp.csr_array
# Votes or scores, of which columns are taken.
Columns: TypeAlias = "Table | sp.csc_array | NDArray[Any]"


class Estimator(Protocol):
    """An estimator of scikit-learn that is trained."""

    def fit(self, X: RecordsLike, y: LabelsLike | None, /) -> Self: ...

    def get_params(self, deep: bool = True) -> dict[str, Any]: ...

    def set_params(self, **params: Any) -> Self: ...


class Predictor(Protocol):
    """What predicts the classes of rows."""

    @property
    def classes_(self) -> NDArray[Any]: ...

    def predict(self, X: RecordsLike, /) -> NDArray[Any]: ...


class Classifier(Estimator, Predictor, Protocol):
    """A classifier of scikit-learn; it may lack one of both methods that score classes."""

    def predict_proba(self, X: RecordsLike, /) -> NDArray[np.float64]: ...

    def decision_function(self, X: RecordsLike, /) -> NDArray[np.float64]: ...


class LabelModel(Estimator, Predictor, Protocol):
    """A label model, or what wraps one as a classifier."""

    def predict_proba(self, X: RecordsLike, /) -> NDArray[np.float64]: ...


class Splitter(Protocol):
    """A splitter of scikit-learn, such as `KFold`."""

    def split(
        self, X: RecordsLike, y: LabelsLike | None = None, groups: LabelsLike | None = None
    ) -> Iterable[tuple[ArrayLike, ArrayLike]]: ...


# How rows are split into folds.
CrossValidator: TypeAlias = int | Splitter | Iterable[tuple[ArrayLike, ArrayLike]] | None


class Transformer(Estimator, Protocol):
    """A transformer of scikit-learn, such as `LabelingFunctions`."""

    def fit(self, X: RecordsLike, y: LabelsLike | None = None, /) -> Self: ...

    def transform(self, X: RecordsLike, /) -> VoteMatrix: ...
