"""The work of the command: from a file of votes to a file of labels, and what was found out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable

from .._models.base import BaseLabelModel
from .cells import CellReader
from .columns import check_no_repeats, check_voters, columns_of_long, table_of
from .content import STANDARD, open_content
from .labels import findings, labels_of, load_model, reader_of, train
from .messages import tell
from .options import LABEL, Options
from .rows import Rows, Table, no_vote, read_long
from .source import Source, open_source
from .writing import Staged, check_folder, open_table, staged

MOST_CLASSES = 10
# Of more voters, a report takes minutes: only what the fit itself tells is printed.
MOST_REPORTED = 1000
# A table of more cells is not read into memory.
MOST_CELLS = 100_000_000


def work(options: Options) -> None:
    """Read votes, learn, write what was asked for, and then print what was found out.

    Raises
    ------
    BadInputError
        What the user gave cannot be used.
    OSError
        A file cannot be written.
    """
    for path in options.written.values():
        check_folder(path)
    model = None if options.model is None else load_model(options.model)
    with open_content(options.votes) as content:
        source = open_source(content, options.sep, options.encoding)
        reader = reader_of(options, model)
        table = _read(source, options, reader, model)
        if model is None:
            model = train(options, table, reader, source.name)
        with staged() as files:
            counts = _write_labels(model, table, options, files, source.name)
            if options.save is not None:
                model.save(files.part(options.save))
        # What comes now may take its time, and the labels are safe.
        _tell_findings(model, table, options, counts)


def _read(
    source: Source, options: Options, reader: CellReader, model: BaseLabelModel | None
) -> Rows | Table:
    """The rows of the table; those of a large one are not read yet."""
    if options.long:
        columns = columns_of_long(source, options)
        workers = None if model is None else [*map(str, model.feature_names_in_)]
        return read_long(source, columns, reader, options.repeats, workers)
    table = table_of(source, options, reader, model)
    if model is None:
        check_voters(table, options)
    if options.stream or (source.n_cells > MOST_CELLS and not options.scores):
        return table
    rows = table.whole()
    if not options.voters:
        check_no_repeats(rows, source.name)
    if not rows.votes.notna().any(axis=None):
        raise no_vote(source.name)
    return rows


def _write_labels(
    model: BaseLabelModel, table: Rows | Table, options: Options, files: Staged, name: str
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


def _tell_findings(
    model: BaseLabelModel, table: Rows | Table, options: Options, counts: Counter[Hashable]
) -> None:
    """Print what there is to say of the fit and of the labels; write the page where one is asked for."""
    rows, n_rows = table.looked_at, sum(counts.values())
    if options.report is None and rows.votes.shape[1] > MOST_REPORTED:
        report = model.report_
    else:
        report = model.report(rows.votes, rows.gold)
    if options.report is not None:
        with staged() as files:
            report.to_html(files.part(options.report))
    told = [*findings(model, rows, report, options.level)]
    if rows.votes.shape[0] < n_rows:
        told.append(f"All this is said of {rows.votes.shape[0]:,} rows, evenly spaced.")
    parts = [f"{n:,} {label}" for label, n in counts.most_common(MOST_CLASSES) if label is not None]
    parts += [f"{counts[None]:,} without a label"] if counts[None] else []
    where = "standard output" if options.output == STANDARD else options.output
    told.append(f"{n_rows:,} rows written to {where}: {', '.join(parts)}")
    tell("\n\n".join(told), aside=options.output == STANDARD)
