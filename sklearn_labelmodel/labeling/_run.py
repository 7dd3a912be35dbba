"""Running labeling functions over records: errors, chunks of rows, worker processes, progress."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any, cast

import joblib
import numpy as np
from joblib.externals.loky.backend.reduction import dumps as dumps_for_worker
from sklearn.utils.parallel import Parallel, delayed

from .._utils import quoted
from ._records import LabelingFunctionError, Records
from ._returned import votes_of_batch

if TYPE_CHECKING:
    from .._utils.types import RecordsLike
    from ._base import BaseLabelingFunction, LabelingFunction

# Bounds the memory that row objects take; the votes themselves are small.
_MOST_ROWS_AT_ONCE = 20_000


@dataclass
class Outcome:
    """What one labeling function said of a batch.

    Attributes
    ----------
    votes : list or ndarray of shape (n_samples,)
        Shorter where the labeling function raised and that ended the run.
    n_failed : int
        Rows on which it raised.
    failure : (int or None, Exception) or None
        The first position and what was raised there; no position if the whole batch failed.
    """

    votes: Any
    n_failed: int = 0
    failure: tuple[int | None, Exception] | None = None

    def append(self, following: Outcome, start: int) -> None:
        """Append what the labeling function said of the rows from `start` on."""
        self.votes.extend(following.votes)
        self.n_failed += following.n_failed
        if self.failure is None and following.failure is not None:
            position, error = following.failure
            self.failure = None if position is None else start + position, error


# Labeling functions, by position, to run together on a slice of the rows, or on all of them.
Task = tuple[list[int], slice | None]


def run(
    lfs: Sequence[BaseLabelingFunction],
    records: Records,
    *,
    n_jobs: int | None,
    stop_on_error: bool,
    progress: bool,
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
    outcomes : list of n_lfs Outcomes
    """
    n_workers = joblib.effective_n_jobs(n_jobs)
    tasks = _plan(lfs, len(records), n_workers)
    watched = _watched(tasks, len(records)) if progress else iter(tasks)
    if n_workers == 1:
        results = _run_here(watched, lfs, records, stop_on_error)
    else:
        results = _run_in_workers(watched, lfs, records, n_jobs, stop_on_error)
    outcomes = [Outcome([]) for _ in lfs]
    # Fewer results than tasks: the run was ended.
    for (positions, rows), task_outcomes in zip(tasks, results, strict=False):
        for lf, outcome in zip(positions, task_outcomes, strict=True):
            if rows is None:
                outcomes[lf] = outcome
            else:
                outcomes[lf].append(outcome, rows.start)
    return outcomes


def _plan(lfs: Sequence[BaseLabelingFunction], n_rows: int, n_workers: int) -> list[Task]:
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


def _run_here(
    tasks: Iterable[Task],
    lfs: Sequence[BaseLabelingFunction],
    records: Records,
    stop_on_error: bool,
) -> list[list[Outcome]]:
    results = []
    for positions, rows in tasks:
        task_records = records if rows is None else records.take(rows)
        results.append(_run_task([lfs[lf] for lf in positions], task_records, stop_on_error))
        if stop_on_error and any(outcome.failure for outcome in results[-1]):
            break
    return results


def _run_in_workers(
    tasks: Iterable[Task],
    lfs: Sequence[BaseLabelingFunction],
    records: Records,
    n_jobs: int | None,
    stop_on_error: bool,
) -> list[list[Outcome]]:
    run_task = delayed(_run_task_in_worker)
    calls = (
        run_task(
            [lfs[lf] for lf in positions],
            (records if rows is None else records.take(rows)).data,
            stop_on_error,
        )
        for positions, rows in tasks
    )
    try:
        return Parallel(n_jobs=n_jobs)(calls)
    except pickle.PicklingError as error:
        raise LabelingFunctionError(_cannot_travel(lfs)) from error


def _run_task(
    lfs: Sequence[BaseLabelingFunction], records: Records, stop_on_error: bool
) -> list[Outcome]:
    if all(lf.vectorized for lf in lfs):
        return [_vote_on_batch(lf, records, stop_on_error) for lf in lfs]
    rows = records.rows()
    return [_vote_by_row(cast("LabelingFunction", lf).function, rows, stop_on_error) for lf in lfs]


def _run_task_in_worker(
    lfs: Sequence[BaseLabelingFunction], data: RecordsLike, stop_on_error: bool
) -> list[Outcome]:
    outcomes = _run_task(lfs, Records(data), stop_on_error)
    for outcome in outcomes:
        if outcome.failure is not None:
            position, error = outcome.failure
            outcome.failure = position, _portable(error)
    return outcomes


def _vote_by_row(
    function: Callable[[object], object], rows: Sequence[object], stop_on_error: bool
) -> Outcome:
    outcome = Outcome([])
    append = outcome.votes.append
    for position, row in enumerate(rows):
        try:
            vote = function(row)
        except Exception as error:
            outcome.n_failed += 1
            outcome.failure = outcome.failure or (position, error)
            if stop_on_error:
                break
            vote = None
        append(vote)
    return outcome


def _vote_on_batch(lf: BaseLabelingFunction, records: Records, stop_on_error: bool) -> Outcome:
    try:
        votes = lf.vote(records)
    except LabelingFunctionError as error:
        if stop_on_error or error.rows is None:
            raise
        return _vote_without(error, error.rows, lf, records)
    except Exception as error:
        return Outcome(np.full(len(records), None), len(records), (None, error))
    return Outcome(votes_of_batch(votes, records, lf.get_name()))


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
    return Outcome(votes, len(at_fault), (int(at_fault[0]), error))


def _portable(error: Exception) -> Exception:
    """Return the error, or a stand-in if it would not survive the way between processes."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _cannot_travel(lfs: Sequence[BaseLabelingFunction]) -> str:
    names = [quoted(lf.get_name()) for lf in lfs if not _travels(lf)]
    who = f"labeling function {', '.join(names)}" if names else "X"
    return (
        f"{who} cannot be pickled and sent to worker processes. Use n_jobs=None, or threads: "
        "`with joblib.parallel_config(backend='threading'): ...`"
    )


def _travels(lf: BaseLabelingFunction) -> bool:
    try:
        dumps_for_worker(lf)
    except Exception:
        return False
    return True


def _watched(tasks: list[Task], n_rows: int) -> Iterator[Task]:
    """Pass tasks on, with a bar that counts the votes of those that were taken before."""
    from tqdm.auto import tqdm

    sizes = [_n_votes(task, n_rows) for task in tasks]
    with tqdm(total=sum(sizes), desc="labeling functions", unit="vote", unit_scale=True) as bar:
        for task, n_votes in zip(tasks, sizes, strict=True):
            yield task
            bar.update(n_votes)


def _n_votes(task: Task, n_rows: int) -> int:
    positions, rows = task
    return len(positions) * (n_rows if rows is None else len(range(n_rows)[rows]))
