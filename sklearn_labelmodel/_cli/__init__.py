"""The console command `labelmodel`: a file of votes in, a file of labels out."""

from __future__ import annotations

import sys
import warnings
from collections import Counter
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

from .cells import CellReader
from .columns import LABEL, Roles, columns_of_long, roles_of
from .content import STANDARD, open_content
from .doubts import check_no_repeats, check_voters
from .ending import EndedError, ended_by_signals
from .files import Staged, check_folder, staged
from .findings import findings
from .labels import labels_of, load_model, parameters, reader_of, train
from .options import Options, check_options, parse
from .rows import Rows, read_long, read_wide
from .source import Source
from .sources import open_source
from .stream import Blocks
from .terminal import complain, nobody_reads, note, tell, warning_teller
from .words import BadInputError, in_options, one_line
from .writing import open_table

if TYPE_CHECKING:
    from .._models.base import BaseLabelModel
    from ..inspection._report.report import FitReport

DONE, FAILED, BAD_INPUT = 0, 1, 2
FAULTS = (ArithmeticError, ValueError, ImportError, OSError, EOFError)
MOST_CLASSES = 10
# Of more voters, a report takes minutes: only what the fit itself tells is printed.
MOST_REPORTED = 1000
# A table of more cells is not read into memory.
MOST_CELLS = 100_000_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, default=None
        Of the command line; None takes those of the process.

    Returns
    -------
    status : int
        0 done; 2 bad input; 1 failed to train or to write, or ended from outside. (Wrong usage leaves through
        SystemExit, with 2 as well.)
    """
    options = parse(arguments)
    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        # Sparse votes of a crowd have no names, and their columns are in order.
        warnings.filterwarnings("ignore", message="X does not have valid feature names")
        warnings.showwarning = warning_teller()
        try:
            with ended_by_signals():
                return _run(options)
        except (KeyboardInterrupt, EndedError):
            complain("ended before it was done.")
            return FAILED


def _run(options: Options) -> int:
    try:
        _work(options)
    except BadInputError as error:
        complain(error)
        return BAD_INPUT
    except BrokenPipeError:
        nobody_reads(sys.stdout)
        return FAILED
    except MemoryError:
        complain("there is not enough memory.")
        return FAILED
    except FAULTS as error:
        complain(in_options(one_line(error)))
        return FAILED
    return DONE


def _work(options: Options) -> None:
    """Read votes, learn, write what was asked for, and then print what was found out.

    Parameters
    ----------
    options : Options

    Raises
    ------
    BadInputError
        What the user gave cannot be used.
    OSError
        A file cannot be written.
    """
    check_options(options)
    for path in options.written.values():
        check_folder(path)
    model = None if options.model is None else load_model(options.model)
    with open_content(options.votes) as content:
        source = open_source(content, options.sep, options.encoding)
        for text in source.notes:
            note(f"{source.name}: {text}")
        _label(source, model, options)


def _label(source: Source, model: BaseLabelModel | None, options: Options) -> None:
    reader = reader_of(options, model)
    table = _open(source, options, reader, model)
    if model is None:
        known = parameters(options, table.scores, reader)
        votes, gold = table.training(known["abstain"])
        model = train(options, known, votes, gold, table.voters, source.name)
    with staged() as files:
        counts = _write_labels(model, table, options, files, source.name)
        if options.save is not None:
            model.save(files.part(options.save))
    # What comes now may take its time, and the labels are safe.
    rows = table.looked_at
    report = _report(model, rows, options)
    where = "standard output" if options.output == STANDARD else options.output
    told = [*findings(model, rows, report, table.scores, options.level)]
    if rows.votes.shape[0] < sum(counts.values()):
        told.append(f"All this is said of {rows.votes.shape[0]:,} rows, evenly spaced.")
    told.append(_counted(counts, where))
    tell("\n\n".join(told), aside=options.output == STANDARD)


def _report(model: BaseLabelModel, rows: Rows, options: Options) -> FitReport:
    """What there is to say of the fit; a page where one is asked for."""
    if options.report is None:
        large = rows.votes.shape[1] > MOST_REPORTED
        return model.report_ if large else model.report(rows.votes, rows.gold)
    report = model.report(rows.votes, rows.gold)
    with staged() as files:
        report.to_html(files.part(options.report))
    return report


def _open(
    source: Source, options: Options, reader: CellReader, model: BaseLabelModel | None
) -> Rows | Blocks:
    """The table, with the role of each column; a large one is not read yet."""
    trained_on = None if model is None else _voters_of(model, options)
    if options.long is not None:
        columns = columns_of_long(source, options)
        return read_long(source, columns, reader, options.repeats, trained_on)
    roles = roles_of(source, options, trained_on)
    if model is None:
        _check_doubts(source, roles, reader, options)
    else:
        roles = roles._replace(scores=[str(name) for name in model.score_bins_])
    if options.stream or (source.n_cells > MOST_CELLS and not options.scores):
        return Blocks(source, roles, reader)
    rows = read_wide(source, roles, reader)
    if not options.voters:
        check_no_repeats(rows.ids, roles.voters, source.name)
    if not rows.votes.notna().any(axis=None):
        raise BadInputError(
            f"{source.name}: there is no vote; every cell is empty or the --abstain value."
        )
    return rows


def _voters_of(model: BaseLabelModel, options: Options) -> list[str]:
    names = getattr(model, "feature_names_in_", None)
    if names is None:
        raise BadInputError(
            f"--model {options.model}: it was trained on votes without names, so that columns cannot be told apart. "
            "Train it on a table with names of columns."
        )
    return [str(name) for name in names]


def _check_doubts(source: Source, roles: Roles, reader: CellReader, options: Options) -> None:
    """Look at the first rows."""
    first = next(source.blocks(), None)
    if first is None or options.voters:
        return
    left = [name for name in roles.voters if name not in roles.scores]
    named = bool(options.classes or options.gold)
    check_voters(first.apply(reader.votes), left, source.name, classes=named)


def _write_labels(
    model: BaseLabelModel, table: Rows | Blocks, options: Options, files: Staged, name: str
) -> Counter[Hashable]:
    """Write the labels; how many rows have each of them, None being no label."""
    counts: Counter[Hashable] = Counter()
    file = None if options.output == STANDARD else files.part(options.output)
    with open_table(file, options.output, raw=options.raw) as write:
        for rows in table.parts():
            labels = labels_of(model, rows, name)
            write(labels)
            shares = labels[LABEL].value_counts()
            counts.update(dict(shares))
            counts[None] += len(labels) - int(shares.sum())
    return counts


def _counted(counts: Counter[Hashable], where: str) -> str:
    """How many rows were written, and with which labels."""
    n_rows = sum(counts.values())
    parts = [f"{n:,} {label}" for label, n in counts.most_common(MOST_CLASSES) if label is not None]
    parts += [f"{counts[None]:,} without a label"] if counts[None] else []
    return f"{n_rows:,} rows written to {where}: {', '.join(parts)}"
