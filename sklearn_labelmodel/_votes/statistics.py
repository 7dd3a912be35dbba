"""All that learning needs to know of the votes, in counts that add up."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Hashable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from .._utils import as_objects, plain, quoted
from .._utils.keeping import PlainState, write_whole
from .codes import ColumnVotes, SparseVotes, is_text
from .counted import Counted, add, coded, count, read_block
from .pairs import PairCounts
from .patterns import FoundRows, patterns_of
from .reader import markers_of

if TYPE_CHECKING:
    from .._utils.types import LabelsLike, Marker, VoteMatrix

FORMAT = 1
# What a file holds of each distinct row, besides its votes.
OF_A_ROW = ("identity", "key", "gold", "n_votes", "group", "weight")


class VoteStatistics(PlainState):
    """Counts of votes that add up over rows: all that the label models need to know to be fitted.

    Count each part of the rows where it lies, add the parts up in any order, and fit the sum:
    ``LabelModelClassifier().fit(a + b)`` is the same, to the last bit, as the fit on all rows.

    Parameters
    ----------
    L : array-like, dataframe or sparse matrix of shape (n_samples, n_lfs)
        Votes of some rows, in any container that `fit` takes.
    y : array-like of shape (n_samples,), default=None
        Gold labels of all or some of the rows, as in `fit`; -1 or a missing value marks a row without one.
    sample_weight : array-like of shape (n_samples,), default=None
        How many rows each row stands for, from 0 on: the counts of a GROUP BY, for instance. Fractions are rounded to
        multiples of 2^-24.
    abstain : scalar, list of scalars or None, default=-1
        Votes that mean "no vote", as in the label model that is to be fitted.

    Attributes
    ----------
    n_samples : float
        Rows, or the sum of their weights.
    n_lfs : int
    lf_names : ndarray of shape (n_lfs,) or None
        Names of the columns, where they have any.
    n_distinct : int
        Distinct rows that are kept, each with its count.
    complete : bool
        Whether these are all distinct rows that there are.

    Raises
    ------
    ValueError, TypeError
        As `fit` for votes, labels and weights that cannot be what was meant. Of sums: unlike LFs, markers or kinds of
        votes.

    Notes
    -----
    Kept are how often each pair of votes occurs in a row, gold labels included, and the distinct rows with their
    counts. Of rows with about equally many votes (1, 2 to 3, 4 to 7, ...) at most as many distinct ones are kept as
    hold some 16 million votes: those whose votes have the least hash values (bottom-k sampling), so that it does not
    matter where or in which order rows were counted. EM then reads these as a sample; pairs of votes are exact.

    Examples
    --------
    >>> from sklearn_labelmodel import LabelModelClassifier, VoteStatistics
    >>> from sklearn_labelmodel.datasets import make_label_matrix
    >>> L = make_label_matrix(1000, 6, random_state=0).L
    >>> counts = VoteStatistics(L[:300]) + VoteStatistics(L[300:])
    >>> counts
    VoteStatistics(n_samples=1000, n_lfs=6, n_distinct=409)
    >>> model, other = LabelModelClassifier().fit(counts), LabelModelClassifier().fit(L)
    >>> bool((model.predict_proba(L) == other.predict_proba(L)).all())
    True
    """

    def __init__(
        self,
        L: VoteMatrix,
        y: LabelsLike | None = None,
        sample_weight: ArrayLike | None = None,
        *,
        abstain: Marker = -1,
    ):
        self._set(count(*read_block(L, y, sample_weight, abstain=abstain)), abstain)

    @classmethod
    def of_counted(cls, counted: Counted, abstain: Marker) -> Self:
        """Statistics of what was counted."""
        self = cls.__new__(cls)
        self._set(counted, abstain)
        return self

    def _set(self, counted: Counted, abstain: Marker) -> None:
        self._counted = counted
        self._markers = _sorted_markers(abstain)

    @classmethod
    def _held(cls) -> tuple[type, ...]:
        return Counted, PairCounts, FoundRows, ColumnVotes, SparseVotes

    @property
    def n_samples(self) -> float:
        """Rows, or the sum of their weights."""
        return self._counted.pairs.n_samples

    @property
    def n_lfs(self) -> int:
        """Labeling functions."""
        return self._counted.pairs.n_lfs

    @property
    def lf_names(self) -> NDArray[np.object_] | None:
        """Names of the labeling functions, shape (n_lfs,); None where they have none."""
        return self._counted.names

    @property
    def n_distinct(self) -> int:
        """Distinct rows that are kept."""
        return len(self._counted.found.identity)

    @property
    def complete(self) -> bool:
        """Whether all distinct rows are kept."""
        return self._counted.found.complete

    def __add__(self, other: object) -> VoteStatistics:
        if not isinstance(other, VoteStatistics):
            return NotImplemented
        if self._markers != other._markers:
            raise ValueError(
                f"Votes that were counted with abstain={self._markers} and with abstain={other._markers} do not add "
                "up. Count both with the same `abstain`."
            )
        return VoteStatistics.of_counted(add(self._counted, other._counted), self._markers)

    def check_markers(self, abstain: Marker) -> None:
        """Raise a ValueError where votes were counted with other abstain markers."""
        if self._markers != _sorted_markers(abstain):
            raise ValueError(
                f"These votes were counted with abstain={self._markers}, and the label model has "
                f"abstain={quoted(abstain)}. Give both the same."
            )

    def __radd__(self, other: object) -> VoteStatistics:
        # The built-in sum starts from 0.
        return self if isinstance(other, int) and other == 0 else NotImplemented

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, VoteStatistics):
            return NotImplemented
        mine, theirs = as_arrays(self), as_arrays(other)
        return all(np.array_equal(mine[name], theirs[name]) for name in mine)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return (
            f"VoteStatistics(n_samples={self.n_samples:.15g}, n_lfs={self.n_lfs}, "
            f"n_distinct={self.n_distinct})"
        )

    def save(self, path: str | Path) -> None:
        """Write the counts to a file in NumPy's npz format, without pickle.

        Parameters
        ----------
        path : str or Path
        """
        data = io.BytesIO()
        np.savez(data, **as_arrays(self))  # type: ignore[arg-type]
        write_whole(path, data.getvalue())

    @classmethod
    def load(cls, path: str | Path) -> VoteStatistics:
        """Read counts that `save` wrote.

        Parameters
        ----------
        path : str or Path

        Raises
        ------
        ValueError
            The file holds something else, or a later format.
        """
        return from_file(path)


def _sorted_markers(abstain: Marker) -> list[Hashable]:
    return sorted((plain(marker) for marker in markers_of(abstain)), key=str)


# Files --------------------------------------------------------------------------------------------


def as_arrays(statistics: VoteStatistics) -> dict[str, NDArray[Any]]:
    """All that statistics hold, as arrays that need no pickle."""
    counted = statistics._counted
    pairs, found, together = counted.pairs, counted.found, sp.coo_array(counted.pairs.cooccurrence)
    votes, labels, weight = counted.rows
    cells = patterns_of(found.in_order(), votes, labels, weight, (pairs.lf, pairs.vote))
    return {
        "format": np.array(FORMAT),
        "names": _as_text(None if counted.names is None else counted.names.tolist()),
        "markers": _as_text([plain(marker) for marker in statistics._markers]),
        "n_samples": np.array(pairs.n_samples),
        "n_lfs": np.array(pairs.n_lfs),
        "lf": pairs.lf,
        "vote": _plain_values(pairs.vote),
        "gold_values": _plain_values(pairs.gold_values),
        "gold_counts": pairs.gold_counts,
        "gold_rows": pairs.gold_rows,
        "gold_voteless": pairs.gold_voteless,
        "pair_rows": together.row,
        "pair_columns": together.col,
        "pair_counts": together.data,
        "totals": found.totals,
        **{f"row_{name}": getattr(found, name) for name in OF_A_ROW},
        "cell_symbols": cells.indicators.indices,
        "cell_bounds": cells.indicators.indptr,
    }


def _as_text(value: object) -> NDArray[Any]:
    return np.array(json.dumps(value, default=str))


def _plain_values(values: NDArray[Any]) -> NDArray[Any]:
    # Arrays of strings would lose the zeros that these may end in. No values are of no kind.
    return _as_text(values.tolist()) if is_text(values) else values if len(values) else np.zeros(0)


def _own_values(values: NDArray[Any]) -> NDArray[Any]:
    return as_objects(json.loads(str(values))) if values.dtype.kind == "U" else values


def from_file(path: str | Path) -> VoteStatistics:
    """Read what `VoteStatistics.save` wrote."""
    # NumPy leaves a file open that it cannot read.
    data = io.BytesIO(Path(path).read_bytes())
    try:
        with np.load(data, allow_pickle=False) as file:
            held = {name: file[name] for name in file.files}
        found_format = int(held["format"])
    except (zipfile.BadZipFile, zlib.error, ValueError, KeyError, EOFError, TypeError) as error:
        raise ValueError(
            f"{path} holds no vote statistics. Give a file that VoteStatistics.save wrote."
        ) from error
    if found_format > FORMAT:
        raise ValueError(
            f"{path} is of format {found_format}, and this version reads formats up to {FORMAT}. Update "
            "sklearn-labelmodel."
        )
    return _from_arrays(held)


def _from_arrays(held: dict[str, NDArray[Any]]) -> VoteStatistics:
    names = json.loads(str(held["names"]))
    n_symbols, n_rows = len(held["lf"]), len(held["row_identity"])
    counts = (held["pair_counts"], (held["pair_rows"], held["pair_columns"]))
    pairs = PairCounts(
        n_samples=float(held["n_samples"]),
        n_lfs=int(held["n_lfs"]),
        lf=held["lf"],
        vote=_own_values(held["vote"]),
        cooccurrence=sp.csr_array(counts, shape=(n_symbols, n_symbols)),
        gold_counts=held["gold_counts"],
        gold_rows=held["gold_rows"],
        gold_voteless=held["gold_voteless"],
        gold_values=_own_values(held["gold_values"]),
    )
    of_rows = {name: held[f"row_{name}"] for name in OF_A_ROW}
    found = FoundRows(row=np.arange(n_rows), totals=held["totals"], **of_rows)
    values, symbol = np.unique(pairs.vote), held["cell_symbols"]
    votes = SparseVotes(
        n_samples=n_rows,
        n_lfs=pairs.n_lfs,
        values=values,
        abstain_code=len(values),
        names=None,
        codes=np.searchsorted(values, pairs.vote)[symbol],
        indices=pairs.lf[symbol],
        indptr=held["cell_bounds"],
    )
    if names is not None:
        # JSON has no tuples.
        names = as_objects(tuple(name) if isinstance(name, list) else name for name in names)
    return VoteStatistics.of_counted(
        Counted(names, pairs.compact(), found, coded(votes, values, found.n_votes)),
        json.loads(str(held["markers"])),
    )
