"""Running labeling functions over records, in chunks of rows and worker processes; and what they return, checked."""

from __future__ import annotations

import numbers
import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from math import ceil
from typing import TYPE_CHECKING, Any, cast

import joblib
import numpy as np
import pandas as pd
from joblib.externals.loky.backend.reduction import dumps as dumps_for_worker
from sklearn.utils.parallel import Parallel, delayed

from .._utils import as_objects, quoted
from ._records import LabelingFunctionError, Records, missing

if TYPE_CHECKING:
    from .._utils.types import LabelsLike, RecordsLike
    from ._base import BaseLabelingFunction, LabelingFunction

# Bounds the memory that row objects take; the votes themselves are small.
_MOST_ROWS_AT_ONCE = 20_000
_VOTE_TYPES = (str, bytes, numbers.Number, np.generic, type(None), type(pd.NA), type(pd.NaT))


# What one labeling function said of a batch: its votes, fewer where it raised and that ended the run; the number of
# rows on which it raised; the first position and what was raised there, no position if the whole batch failed.
Outcome = tuple[Any, int, tuple[int | None, Exception] | None]
# Labeling functions, by position, to run together on a slice of the rows, or on all of them.
Task = tuple[list[int], slice | None]
LFs = Sequence["BaseLabelingFunction"]
# The labeling functions of a task, and its records.
Part = tuple[LFs, Records]


def run(
    lfs: LFs, records: Records, *, n_jobs: int | None, stop_on_error: bool, progress: bool
) -> list[Outcome]:
    """Run labeling functions.

    Parameters
    ----------
    lfs : list of n_lfs labeling functions
    records : Records
    n_jobs : int or None
    stop_on_error : bool
        Whether a labeling function that raises ends the run.
    progress : bool

    Returns
    -------
    outcomes : list of n_lfs tuples (votes, n_failed, failure)
    """
    n_workers = joblib.effective_n_jobs(n_jobs)
    tasks = _plan(lfs, len(records), n_workers)
    parts = (
        ([lfs[lf] for lf in positions], records if rows is None else records.take(rows))
        for positions, rows in (_watched(tasks, len(records)) if progress else tasks)
    )
    run_parts = _run_here if n_workers == 1 else partial(_run_in_workers, lfs, n_jobs)
    results = run_parts(parts, stop_on_error)
    outcomes: list[Outcome] = [([], 0, None) for _ in lfs]
    # Fewer results than tasks: the run was ended.
    for (positions, rows), task_outcomes in zip(tasks, results, strict=False):
        for lf, (votes, n_failed, failure) in zip(positions, task_outcomes, strict=True):
            if rows is None:
                outcomes[lf] = votes, n_failed, failure
                continue
            before, n_before, first = outcomes[lf]
            before.extend(votes)
            if first is None and failure is not None:
                first = rows.start + failure[0], failure[1]
            outcomes[lf] = before, n_before + n_failed, first
    return outcomes


def _plan(lfs: LFs, n_rows: int, n_workers: int) -> list[Task]:
    """Split the work: row-wise functions by rows, vectorized ones, which see all rows, apart."""
    vectorized = [position for position, lf in enumerate(lfs) if lf.vectorized]
    row_wise = [position for position, lf in enumerate(lfs) if not lf.vectorized]
    n_groups = len(vectorized) if n_workers == 1 else min(n_workers, len(vectorized))
    tasks: list[Task] = [(vectorized[group::n_groups], None) for group in range(n_groups)]
    size = _MOST_ROWS_AT_ONCE if n_workers == 1 else ceil(n_rows / (4 * n_workers))
    size = max(1, min(size, _MOST_ROWS_AT_ONCE))
    if row_wise:
        starts = range(0, max(n_rows, 1), size)
        tasks += [(row_wise, slice(start, start + size)) for start in starts]
    return tasks


def _run_here(parts: Iterable[Part], stop_on_error: bool) -> list[list[Outcome]]:
    results: list[list[Outcome]] = []
    for lfs, records in parts:
        results.append(_run_task(lfs, records, stop_on_error))
        if stop_on_error and any(failure for *_, failure in results[-1]):
            break
    return results


def _run_in_workers(
    lfs: LFs, n_jobs: int | None, parts: Iterable[Part], stop_on_error: bool
) -> list[list[Outcome]]:
    run_task = delayed(_run_task_in_worker)
    try:
        return Parallel(n_jobs=n_jobs)(
            run_task(some, records.data, stop_on_error) for some, records in parts
        )
    except pickle.PicklingError as error:
        raise LabelingFunctionError(_cannot_travel(lfs)) from error


def _run_task(lfs: LFs, records: Records, stop_on_error: bool) -> list[Outcome]:
    if all(lf.vectorized for lf in lfs):
        return [_vote_on_batch(lf, records, stop_on_error) for lf in lfs]
    rows = records.rows()
    return [_vote_by_row(cast("LabelingFunction", lf).function, rows, stop_on_error) for lf in lfs]


def _run_task_in_worker(lfs: LFs, data: RecordsLike, stop_on_error: bool) -> list[Outcome]:
    return [
        (votes, n_failed, failure and (failure[0], _portable(failure[1])))
        for votes, n_failed, failure in _run_task(lfs, Records(data), stop_on_error)
    ]


def _vote_by_row(
    function: Callable[[object], object], rows: Sequence[object], stop_on_error: bool
) -> Outcome:
    votes: list[object] = []
    n_failed, failure = 0, None
    for position, row in enumerate(rows):
        try:
            vote = function(row)
        except Exception as error:
            n_failed += 1
            failure = failure or (position, error)
            if stop_on_error:
                break
            vote = None
        votes.append(vote)
    return votes, n_failed, failure


def _vote_on_batch(lf: BaseLabelingFunction, records: Records, stop_on_error: bool) -> Outcome:
    try:
        votes = lf.vote(records)
    except LabelingFunctionError as error:
        if stop_on_error or error.rows is None:
            raise
        return _vote_without(error, error.rows, lf, records)
    except Exception as error:
        return np.full(len(records), None), len(records), (None, error)
    return votes_of(votes, records, lf.get_name()), 0, None


def _vote_without(
    error: Exception, rows: np.ndarray, lf: BaseLabelingFunction, records: Records
) -> Outcome:
    """Vote on the rows that are not at fault."""
    at_fault, kept = np.flatnonzero(rows), np.flatnonzero(~rows)
    votes = np.full(len(records), None)
    try:
        votes[kept] = lf.vote(records.take(kept))
    except LabelingFunctionError as again:
        if again.rows is None:
            raise
        # What took its time before may take too long now.
        rows = rows.copy()
        rows[kept[again.rows]] = True
        return _vote_without(error, rows, lf, records)
    return votes, len(at_fault), (int(at_fault[0]), error)


def _portable(error: Exception) -> Exception:
    """Return the error, or a stand-in if it would not survive the way between processes."""
    try:
        pickle.loads(pickle.dumps(error))
    # An error of the user's own class may raise anything when it is taken apart or put together.
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _cannot_travel(lfs: LFs) -> str:
    names = []
    for lf in lfs:
        try:
            dumps_for_worker(lf)
        except Exception:
            names.append(quoted(lf.get_name()))
    who = f"labeling function {', '.join(names)}" if names else "X"
    return (
        f"{who} cannot be pickled and sent to worker processes. Use n_jobs=None, or threads: "
        "`with joblib.parallel_config(backend='threading'): ...`"
    )


def _watched(tasks: list[Task], n_rows: int) -> Iterator[Task]:
    """Pass tasks on, with a bar that counts the votes of those that were taken before."""
    from tqdm.auto import tqdm

    sizes = [
        len(positions) * (n_rows if rows is None else len(range(n_rows)[rows]))
        for positions, rows in tasks
    ]
    with tqdm(total=sum(sizes), desc="labeling functions", unit="vote", unit_scale=True) as bar:
        for task, n_votes in zip(tasks, sizes, strict=True):
            yield task
            bar.update(n_votes)


# What they return ----------------------------------------------------------------------------------


def votes_of(votes: LabelsLike, records: Records, name: str) -> np.ndarray:
    """Make an array of what a labeling function returned, as a batch or row by row.

    Parameters
    ----------
    votes : array-like of shape (n_samples,)
        Class labels or missing values.
    records : Records
        The rows voted on, for the error message.
    name : str
        The labeling function's.

    Returns
    -------
    votes : ndarray of shape (n_samples,)
        Numbers if all votes are of one numeric type, else of dtype object with None as missing.
    """
    _check_order(votes, records, name)
    array = _one_dimensional(votes, name)
    if len(array) != len(records):
        raise LabelingFunctionError(
            f"vectorized labeling function {quoted(name)} returned {len(array)} votes for "
            f"{len(records)} rows. Return one vote for each row, None to abstain."
        )
    return array if array.dtype.kind in "biuf" else _typed(array.astype(object), records, name)


def _typed(votes: np.ndarray, records: Records, name: str) -> np.ndarray:
    types = set(map(type, votes.tolist()))
    for wrong in types:
        if not issubclass(wrong, _VOTE_TYPES):
            position = next(i for i, vote in enumerate(votes) if type(vote) is wrong)
            raise LabelingFunctionError(
                f"labeling function {quoted(name)} returned {quoted(votes[position])} "
                f"({wrong.__name__}) for {records.where(position)}, which is no class label. "
                "Return one number or string, or None to abstain."
            )
    if len(types) == 1 and issubclass(next(iter(types)), (bool, int, float, np.number, np.bool_)):
        numeric = np.asarray(votes.tolist())
        if numeric.dtype.kind in "biuf":
            return numeric
    if not types <= {str, int, bool, type(None)}:
        votes[missing(votes)] = None
    return votes


def _check_order(votes: LabelsLike, records: Records, name: str) -> None:
    pandas = isinstance(records.data, (pd.DataFrame, pd.Series))
    if isinstance(votes, pd.Series) and pandas and not votes.index.equals(records.data.index):
        raise LabelingFunctionError(
            f"vectorized labeling function {quoted(name)} returned a Series whose index is not that of "
            "X, so its votes may belong to other rows. Return it with X's index, or as "
            "`.to_numpy()` if it is in the order of X."
        )


def _one_dimensional(votes: Any, name: str) -> np.ndarray:
    if isinstance(votes, (list, tuple)):
        return as_objects(votes)
    if np.ma.isMaskedArray(votes) and votes.ndim == 1:
        return as_objects(votes.tolist())
    if hasattr(votes, "to_pylist") and np.ndim(votes) == 1:
        return as_objects(votes.to_pylist())
    if isinstance(votes, pd.Series) and not isinstance(votes.dtype, np.dtype):
        return votes.to_numpy(dtype=object)
    if isinstance(votes, (str, bytes)) or not hasattr(votes, "__array__") or np.ndim(votes) != 1:
        shape = f" of shape {votes.shape}" if hasattr(votes, "shape") else ""
        raise LabelingFunctionError(
            f"vectorized labeling function {quoted(name)} returned {type(votes).__name__}{shape}, not a "
            "one-dimensional array of votes. Return one vote for each row of the batch, or use "
            "vectorized=False for a function of one row."
        )
    if hasattr(votes, "null_count") and votes.null_count():
        return as_objects(votes)
    return np.asarray(votes)


def vote_matrix(columns: Sequence[np.ndarray]) -> np.ndarray:
    """Join columns of votes, each vote with the type that it has.

    Parameters
    ----------
    columns : list of n_lfs ndarrays of shape (n_samples,)

    Returns
    -------
    L : ndarray of shape (n_samples, n_lfs)
        Numbers if all columns are numbers of one kind, else of dtype object with None as
        abstentions.
    """
    if len({column.dtype.kind for column in columns}) == 1 and columns[0].dtype.kind != "O":
        return np.column_stack(columns)
    # Label models read column by column, and so is it filled.
    matrix = np.empty((len(columns[0]), len(columns)), dtype=object, order="F")
    for position, column in enumerate(columns):
        matrix[:, position] = column
        if column.dtype.kind == "f":
            matrix[np.isnan(column), position] = None
    return matrix
