"""Votes as small integer codes, made a block of rows at a time, so that a large matrix is never copied.

A vote code indexes `Votes.values`, the sorted distinct votes of the whole matrix; one code stands for
the abstain.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field, replace
from functools import total_ordering
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from .._utils import quoted

SURVEY_CELLS = 1 << 16
# Stored votes take so much longer than cells.
SPARSE_SHARE = 0.1
# Fewer than 2^24 rows, so that float32 counts them.
CHUNK_CELLS, CHUNK_ROWS = 1 << 24, 1 << 18
NARROW = 16
TILE_CELLS = 1 << 16
SPARSE_TILE = 1 << 18


@dataclass(frozen=True)
class Votes(ABC):
    """Votes of n_samples rows by n_lfs labeling functions, as codes.

    Attributes
    ----------
    n_samples, n_lfs : int
    values : ndarray of shape (n_values,)
        The vote that each code stands for, sorted; some may never occur.
    abstain_code : int
        The code of "no vote": an index of `values` that is the abstain marker, or n_values.
    names : ndarray of shape (n_lfs,) or None
        LF names, for messages.
    weight : ndarray of shape (n_samples,) or None, default=None
        How many rows each stands for, wherever these lie; None where each is a row in its place.
    """

    n_samples: int
    n_lfs: int
    values: NDArray[Any]
    abstain_code: int
    names: NDArray[np.object_] | None
    weight: NDArray[np.float64] | None = field(default=None, kw_only=True)

    @abstractmethod
    def block(self, start: int, stop: int) -> NDArray[Any]:
        """Vote codes of rows start to stop, shape (n_lfs, stop - start), unsigned integers."""

    @abstractmethod
    def take(self, rows: NDArray[np.intp]) -> Votes:
        """The votes of some rows; the codes stay what they are."""

    def coded(self, codes: NDArray[Any]) -> ColumnVotes:
        """Other rows of the same votes, by their codes, (n_lfs, n_rows)."""
        n_rows = codes.shape[1]
        return ColumnVotes(n_rows, self.n_lfs, self.values, self.abstain_code, self.names, codes)

    @property
    def cells_per_row(self) -> float:
        """Cells that a row takes."""
        return float(self.n_lfs)

    def chunks(self, least: int = 1) -> list[slice]:
        """Runs of rows, at least so many each but for the last, to work on one by one."""
        n_rows = max(least, min(CHUNK_ROWS, int(CHUNK_CELLS / max(1.0, self.cells_per_row))))
        starts = range(0, self.n_samples, n_rows)
        return [slice(start, min(start + n_rows, self.n_samples)) for start in starts]

    def blocks(self, cells_per_vote: int = 1) -> Iterator[tuple[slice, NDArray[Any]]]:
        """Rows and vote codes of each block of rows, few enough for a result of so many cells a vote."""
        n_rows = max(1, SURVEY_CELLS // (self.n_lfs * cells_per_vote))
        for start in range(0, self.n_samples, n_rows):
            rows = slice(start, min(start + n_rows, self.n_samples))
            yield rows, self.block(rows.start, rows.stop)

    def part(self, rows: NDArray[np.intp], lfs: NDArray[np.intp]) -> NDArray[Any]:
        """Vote codes of some LFs in some rows, shape (n_lfs, n_rows)."""
        return self.take(rows).block(0, len(rows))[lfs]

    @property
    def n_rows(self) -> float:
        """Rows that the votes are of."""
        return self.n_samples if self.weight is None else float(self.weight.sum())

    def some_rows(self, n_rows: int) -> NDArray[np.intp]:
        """About so many rows, evenly spaced; all where there are no more."""
        if self.weight is None:
            return np.unique(np.linspace(0, self.n_samples - 1, n_rows).astype(np.intp))
        ends = np.cumsum(self.weight)
        places = (np.arange(n_rows) + 0.5) * (ends[-1] / n_rows)
        return np.minimum(np.searchsorted(ends, places), len(ends) - 1)

    def place(self, lf: int, row: int) -> str:
        """How messages call a cell."""
        lf_name = lf_label(self.names, lf)
        return f"{lf_name}, row {row}" if self.weight is None else lf_name

    @property
    def n_codes(self) -> int:
        """Codes there are, the abstain's included."""
        return max(len(self.values), self.abstain_code + 1)

    def runs(self, most_patterns: int) -> list[slice]:
        """Neighbouring LFs taken together, as many as have at most so many patterns of votes."""
        together = max(1, int(np.log(most_patterns) / np.log(max(self.n_codes, 2))))
        ends = range(0, self.n_lfs, together)
        return [slice(start, min(start + together, self.n_lfs)) for start in ends]

    def run_patterns(self, lfs: slice) -> NDArray[np.intp]:
        """Vote codes of every pattern of a run, shape (n_patterns, LFs of the run)."""
        n_lfs = lfs.stop - lfs.start
        return np.indices((self.n_codes,) * n_lfs).reshape(n_lfs, -1).T

    def run_codes(
        self, start: int, stop: int, runs: list[slice], dtype: type[np.signedinteger] = np.intp
    ) -> Iterator[NDArray[Any]]:
        """For each run, which pattern the rows start to stop have, shape (stop - start,)."""
        codes = self.block(start, stop)
        for lfs in runs:
            n_patterns = self.n_codes ** (lfs.stop - lfs.start)
            joint = codes[lfs.start].astype(np.min_scalar_type(n_patterns))
            for column in codes[lfs.start + 1 : lfs.stop]:
                joint *= joint.dtype.type(self.n_codes)
                joint += column
            yield joint.astype(dtype)

    def cells(
        self, start: int, stop: int
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[Any]]:
        """Row (counted from start), LF and code of every vote in the rows start to stop, row by row."""
        n_rows = max(1, SPARSE_TILE // self.n_lfs)
        spoken, said = [], []
        # One tile at least, so that no rows have no cells.
        for first in range(start, max(stop, start + 1), n_rows):
            tile = np.ascontiguousarray(self.block(first, min(first + n_rows, stop)).T).ravel()
            found = np.flatnonzero(tile != self.abstain_code)
            said.append(tile[found])
            spoken.append(found + (first - start) * self.n_lfs)
        row, lf = np.divmod(np.concatenate(spoken), self.n_lfs)
        return row, lf, np.concatenate(said)

    @property
    def vote_values(self) -> NDArray[Any]:
        """`values` without the abstain marker."""
        return self.values[np.arange(len(self.values)) != self.abstain_code]

    @property
    def code_dtype(self) -> np.dtype[Any]:
        return np.min_scalar_type(len(self.values))

    def first_cell(self, codes: NDArray[np.intp]) -> tuple[int, int, Any] | None:
        """Row, LF and vote of the first cell that holds one of these codes."""
        for block_rows, block in self.blocks():
            rows, lfs = np.nonzero(np.isin(block.T, codes))
            if len(rows):
                value = self.values.tolist()[block[lfs[0], rows[0]]]
                return block_rows.start + int(rows[0]), int(lfs[0]), value
        return None


@dataclass(frozen=True)
class DenseVotes(Votes):
    """Whole numbers (as integers, booleans or floats with NaN), read from the array block by block."""

    array: NDArray[Any]

    def take(self, rows: NDArray[np.intp]) -> DenseVotes:
        return replace(self, array=self.array[rows], n_samples=len(rows))

    def block(self, start: int, stop: int) -> NDArray[Any]:
        cells = self.array[start:stop]
        if self.array.dtype.kind == "f":
            return self._float_block(cells)
        if not self._is_compact:
            return np.searchsorted(self.values, cells.T).astype(self.code_dtype)
        codes = np.empty(cells.shape[::-1], dtype=self.code_dtype)
        low = np.asarray(self.values[0]).astype(self.code_dtype)
        n_rows = max(1, TILE_CELLS // self.n_lfs)
        for first in range(0, len(cells), n_rows):
            # Unsigned differences wrap, so the low bytes suffice; they are the quicker to transpose.
            tile = cells[first : first + n_rows].astype(self.code_dtype)
            tile -= low
            codes[:, first : first + n_rows] = tile.T
        return codes

    def _float_block(self, cells: NDArray[Any]) -> NDArray[Any]:
        missing = np.isnan(cells)
        cells = np.where(missing, self.values[0], cells)
        if self._is_compact:
            codes = (cells - self.values[0]).astype(self.code_dtype)
        else:
            codes = np.searchsorted(self.values, cells).astype(self.code_dtype)
        codes[missing] = self.abstain_code
        return np.ascontiguousarray(codes.T)

    def run_codes(
        self, start: int, stop: int, runs: list[slice], dtype: type[np.signedinteger] = np.intp
    ) -> Iterator[NDArray[Any]]:
        if not self._is_narrow:
            yield from super().run_codes(start, stop, runs, dtype)
            return
        places = [self.n_codes ** np.arange(lfs.stop - lfs.start)[::-1] for lfs in runs]
        codes = np.empty((len(runs), stop - start), dtype=np.intp)
        n_rows = max(1, TILE_CELLS // self.n_lfs)
        for first in range(start, stop, n_rows):
            tile = self.array[first : min(first + n_rows, stop)].astype(np.int64, copy=False)
            rows = slice(first - start, first - start + len(tile))
            for run, lfs in enumerate(runs):
                np.matmul(tile[:, lfs], places[run], out=codes[run, rows])
        for run, joint in enumerate(codes):
            joint -= int(self.values[0]) * int(places[run].sum())
            yield joint.astype(dtype, copy=False)

    def cells(
        self, start: int, stop: int
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[Any]]:
        plain = self._is_compact and self._is_in_rows and self.abstain_code < len(self.values)
        if not plain or int(self.values[-1]) > np.iinfo(np.int64).max:
            return super().cells(start, stop)
        array = self.array[start:stop].ravel()
        marker = int(self.values[self.abstain_code])
        # One tile at least, so that no rows have no cells.
        spoken = np.concatenate(
            [
                first + np.flatnonzero(array[first : first + SPARSE_TILE] != marker)
                for first in range(0, max(1, len(array)), SPARSE_TILE)
            ]
        )
        row, lf = np.divmod(spoken, self.n_lfs)
        return row, lf, array[spoken].astype(np.int64) - int(self.values[0])

    @property
    def _is_compact(self) -> bool:
        return len(self.values) - 1 == int(self.values[-1]) - int(self.values[0])

    @property
    def _is_narrow(self) -> bool:
        """Whether rows of whole numbers are so short that a product reads them best."""
        small = self.n_lfs <= NARROW and abs(int(self.values[0])) < 1 << 31
        return small and self._is_in_rows and self._is_compact

    @property
    def _is_in_rows(self) -> bool:
        """Whether the array holds whole numbers row by row."""
        return self.array.flags.c_contiguous and self.array.dtype.kind != "f"


@dataclass(frozen=True)
class ColumnVotes(Votes):
    """Columns of any kind, coded as they were read."""

    codes: NDArray[Any]

    def take(self, rows: NDArray[np.intp]) -> ColumnVotes:
        return replace(self, codes=self.codes[:, rows], n_samples=len(rows))

    def block(self, start: int, stop: int) -> NDArray[Any]:
        return self.codes[:, start:stop]


@dataclass(frozen=True)
class SparseVotes(Votes):
    """The stored entries of a sparse matrix, in CSR order; what is not stored abstains."""

    codes: NDArray[Any]
    indices: NDArray[Any]
    indptr: NDArray[Any]

    def take(self, rows: NDArray[np.intp]) -> SparseVotes:
        lengths = self.indptr[rows + 1] - self.indptr[rows]
        indptr = np.concatenate([[0], np.cumsum(lengths)])
        entries = np.repeat(self.indptr[rows] - indptr[:-1], lengths) + np.arange(indptr[-1])
        return replace(
            self,
            codes=self.codes[entries],
            indices=self.indices[entries],
            indptr=indptr,
            n_samples=len(rows),
        )

    def block(self, start: int, stop: int) -> NDArray[Any]:
        dense = np.full((self.n_lfs, stop - start), self.abstain_code, dtype=self.code_dtype)
        entries = slice(self.indptr[start], self.indptr[stop])
        rows = np.repeat(np.arange(stop - start), np.diff(self.indptr[start : stop + 1]))
        dense[self.indices[entries], rows] = self.codes[entries]
        return dense

    def part(self, rows: NDArray[np.intp], lfs: NDArray[np.intp]) -> NDArray[Any]:
        some = self.take(rows)
        place = np.full(self.n_lfs, len(lfs))
        place[lfs] = np.arange(len(lfs))
        indices = place[some.indices]
        chosen = indices < len(lfs)
        kept = np.append(0, np.cumsum(chosen))
        few = replace(
            some,
            n_lfs=len(lfs),
            codes=some.codes[chosen],
            indices=indices[chosen],
            indptr=kept[some.indptr],
        )
        return few.block(0, len(rows))

    def cells(
        self, start: int, stop: int
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[Any]]:
        entries = slice(self.indptr[start], self.indptr[stop])
        codes = self.codes[entries]
        rows = np.repeat(np.arange(stop - start), np.diff(self.indptr[start : stop + 1]))
        spoken = np.flatnonzero(codes != self.abstain_code)
        lfs = self.indices[entries].astype(np.intp)
        return (
            (rows, lfs, codes)
            if len(spoken) == len(codes)
            else (
                rows[spoken],
                lfs[spoken],
                codes[spoken],
            )
        )

    @property
    def cells_per_row(self) -> float:
        return 1 + len(self.codes) / max(1, self.n_samples)


def is_sparse(votes: Votes) -> TypeGuard[SparseVotes]:
    """Whether it is quicker to look at the votes alone than at all cells."""
    cells = votes.n_samples * votes.n_lfs
    return isinstance(votes, SparseVotes) and len(votes.codes) < SPARSE_SHARE * cells


def lf_label(names: NDArray[np.object_] | None, lf: int) -> str:
    """How messages call an LF: by its name, else by its column."""
    return f"LF {lf}" if names is None else f"LF {quoted(names[lf])}"


def is_text(values: NDArray[Any]) -> bool:
    """Whether an array of votes or labels holds strings (else numbers)."""
    return values.dtype.kind in "OUST" and any(isinstance(value, str) for value in values)


@total_ordering
@dataclass(frozen=True)
class Bin:
    """What a score is among votes: the bin that it falls into.

    Attributes
    ----------
    place : int
        Counted from the lowest scores.
    label : scalar or None
        The class that scores speak for; None for the second of two.
    """

    place: int
    label: Hashable = None

    def __lt__(self, other: object) -> bool:
        """Bins come in order, after all votes."""
        return isinstance(other, Bin) and self._key < other._key

    @property
    def _key(self) -> tuple[bool, Any, int]:
        return self.label is not None, self.label, self.place


def is_bin(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Which of some votes are bins of scores."""
    if values.dtype.kind != "O":
        return np.zeros(len(values), dtype=bool)
    return np.array([isinstance(value, Bin) for value in values], dtype=bool)


def check_any_vote(symbols: NDArray[Any]) -> None:
    """Raise a ValueError where no vote was observed.

    Parameters
    ----------
    symbols : ndarray of shape (n_symbols, ...)
        The votes that occur.
    """
    if not len(symbols):
        raise ValueError(
            "L holds no vote: every cell is the abstain marker or missing. Check the parameter `abstain`."
        )


@dataclass(frozen=True)
class GoldLabels:
    """Trusted labels of some or all rows.

    Attributes
    ----------
    values : ndarray of shape (n_values,)
        Sorted distinct labels.
    codes : ndarray of shape (n_samples,), dtype intp
        Index of each row's label in `values`; n_values where the row is unlabelled.
    unsettled : int, default=None
        The code of the label -1, where it is not known yet whether it marks rows without one.
    weight : ndarray of shape (n_samples,) or None, default=None
        How many rows each stands for, where that is not one.
    """

    values: NDArray[Any]
    codes: NDArray[np.intp]
    unsettled: int | None = None
    weight: NDArray[np.float64] | None = None

    @property
    def n_labelled(self) -> int:
        """Labelled rows; parts of one count as one."""
        if not len(self.values):
            return 0
        labelled = self.codes < len(self.values)
        weight = None if self.weight is None else self.weight[labelled]
        return int(np.count_nonzero(labelled) if weight is None else np.ceil(weight.sum()))

    @property
    def complete(self) -> bool:
        """Whether every row is labelled."""
        return bool((self.codes < len(self.values)).all())

    def take(self, rows: NDArray[np.intp]) -> GoldLabels:
        """The labels of some rows."""
        weight = None if self.weight is None else self.weight[rows]
        return replace(self, codes=self.codes[rows], weight=weight)


def no_gold(n_samples: int) -> GoldLabels:
    """Gold labels of no row; they take no memory."""
    return GoldLabels(np.array([], dtype=np.intp), np.broadcast_to(np.intp(0), n_samples))


def class_index(values: NDArray[Any], classes: NDArray[Any]) -> NDArray[np.intp]:
    """Position of each value in classes; n_classes for a value that is no class."""
    position = {label: i for i, label in enumerate(classes.tolist())}
    return np.array([position.get(v, len(classes)) for v in values.tolist()], dtype=np.intp)
