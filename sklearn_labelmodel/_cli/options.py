"""The options of the command, and what of them is wrong before a file is read."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from .content import COMPRESSED, STANDARD, bare_suffix, check_library, package
from .messages import BadInputError

# Names of the columns of results.
LABEL, PROBABILITY = "label", "probability_"
SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
DESCRIPTION = """\
Learn from the votes of labeling functions, people or models how far to trust each, and label every row by them.

VOTES is a table with a header, one row for each record and one column for each voter; numbers or strings are votes, an
empty cell is an abstain. It is CSV, TSV, JSON lines or Parquet, also packed with gzip or zstd, or a folder of Parquet
files. LABELS gets the --id columns, the column "label" (empty where no one votes or where classes are tied), and a
column "probability_CLASS" for every class. What was found out about the voters is printed.
"""
EPILOG = """\
examples:
  labelmodel votes.csv -o labels.csv --id id
  labelmodel votes.csv -o labels.csv --id id --abstain unsure --class-balance spam=10%,ham=90% --report report.html
  labelmodel answers.csv -o labels.csv --long task worker answer --normalize

exit status: 0 done; 2 wrong usage or bad input; 1 training failed, a file could not be written, or the run was ended.
"""
# Options, others that do not go with each of them, and why.
APART = {
    "--model": (
        ["--classes", "--class-balance", "--scores", "--save"],
        "what the model learned stays as it is.",
    ),
    "--stream": (["--scores", "--long"], "they need all rows at once. Leave --stream out."),
    "--long": (
        ["--id", "--scores", "--voters"],
        "--long names the columns, and LABELS has a row for each task.",
    ),
}


# Not an argparse.Namespace, which has any attribute for those who check types.
class Options:
    """What was typed; an attribute for each option."""

    votes: str
    output: str
    long: list[str]
    repeats: str
    sep: str | None
    encoding: str | None
    stream: bool
    id: list[str]
    gold: str | None
    scores: list[str]
    voters: list[str]
    abstain: list[str]
    normalize: bool
    classes: list[str]
    class_balance: list[str]
    majority: bool
    dawid_skene: bool
    model: str | None
    save: str | None
    report: str | None
    level: str
    raw: bool
    force: bool

    @property
    def written(self) -> dict[str, str]:
        """The files that the run is to write, by the option that names each."""
        named = {"-o": self.output, "--save": self.save, "--report": self.report}
        return {option: path for option, path in named.items() if path not in (None, STANDARD)}

    def gives(self, option: str) -> bool:
        """Whether an option was given."""
        value = getattr(self, option.removeprefix("--").replace("-", "_"))
        return value not in (None, False, [])


def parse(arguments: Sequence[str] | None) -> Options:
    """Read the command line; wrong usage leaves with SystemExit.

    Parameters
    ----------
    arguments : sequence of str or None
        None takes those of the process.
    """
    return _parser().parse_args(arguments, namespace=Options())


class _Parser(argparse.ArgumentParser):
    """Says where VOTES goes, which an option that takes several names may have swallowed."""

    def error(self, message: str) -> NoReturn:
        if message.endswith("required: VOTES"):
            message += ". It comes first: options such as --id take all names behind them"
        super().error(message)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="labelmodel",
        usage="%(prog)s VOTES -o LABELS [options]",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("votes", metavar="VOTES", help='table of votes; "-" is standard input')
    parser.add_argument(
        "-o",
        "--output",
        metavar="LABELS",
        required=True,
        help=f'{", ".join(SUFFIXES)}, each also with {" or ".join(COMPRESSED)}; "-" is standard output, as CSV',
    )
    _add_reading(parser.add_argument_group("how VOTES is written"))
    _add_columns(
        parser.add_argument_group("what the columns are (names may be separated by commas)")
    )
    _add_votes(parser.add_argument_group("votes and classes"))
    _add_model(parser.add_argument_group("the model"))
    _add_results(parser.add_argument_group("results"))
    parser.add_argument("--version", action="version", version=f"%(prog)s {package().__version__}")
    return parser


Group = argparse._ArgumentGroup


def _add_reading(group: Group) -> None:
    group.add_argument(
        "--long",
        nargs=3,
        metavar=("TASK", "WORKER", "LABEL"),
        default=[],
        help="a row is one vote, as crowd platforms export them; these columns say on what, of whom, and which",
    )
    group.add_argument(
        "--repeats",
        choices=("last", "first", "majority", "error"),
        default="last",
        help="with --long, what counts where a worker votes on a task several times (default: last)",
    )
    group.add_argument(
        "--sep",
        metavar="SIGN",
        help='what separates cells, such as ";" or tab (default: found out)',
    )
    group.add_argument(
        "--encoding", metavar="NAME", help="such as utf-8, utf-16 or cp1252 (default: found out)"
    )

    group.add_argument(
        "--stream",
        action="store_true",
        help="read the rows twice, some at a time, in little memory, as is done with large files by itself",
    )


def _add_columns(group: Group) -> None:
    _add_list(group, "--id", "COLUMN", "columns that are no votes and are copied to LABELS")
    group.add_argument(
        "--gold", metavar="COLUMN", help="column of gold labels, empty where there is none"
    )
    _add_list(
        group,
        "--scores",
        "COLUMN",
        "columns of numbers that speak for the second of two classes the more the larger they are, such as ratings; "
        '"all" for all that are left. Name the classes by votes, --classes, --gold or --class-balance',
    )
    _add_list(group, "--voters", "COLUMN", "columns of votes (default: all that are left)")


def _add_votes(group: Group) -> None:
    group.add_argument(
        "--abstain",
        metavar="VALUE",
        action="append",
        default=[],
        help='what means "no vote", besides empty cells (default: -1); may be given several times',
    )
    group.add_argument(
        "--normalize",
        action="store_true",
        help='take spellings of a label for one: "Yes.", " yes" and "**YES**"',
    )
    _add_list(
        group,
        "--classes",
        "CLASS",
        "the classes, in the order in which they are written (default: all that is voted for)",
    )
    _add_list(
        group,
        "--class-balance",
        "CLASS=SHARE",
        'how frequent each class is, if you know it: spam=10%%,ham=90%%; "estimate" learns it from the votes',
    )


def _add_model(group: Group) -> None:
    kind = group.add_mutually_exclusive_group()
    kind.add_argument("--majority", action="store_true", help="count votes, and learn nothing")
    kind.add_argument("--dawid-skene", action="store_true", help="the model of Dawid and Skene")
    kind.add_argument(
        "--model",
        metavar="FILE",
        help="label by a model that --save has written, and learn nothing",
    )
    group.add_argument("--save", metavar="FILE", help="keep the model that was learned")


def _add_results(group: Group) -> None:
    group.add_argument("--report", metavar="FILE", help="write what was found out as a page (HTML)")
    group.add_argument(
        "--level",
        choices=("nominal", "ordinal", "interval"),
        default="nominal",
        help="what votes differ in, for Krippendorff's alpha: ordinal where they are ratings (default: nominal)",
    )
    group.add_argument(
        "--raw",
        action="store_true",
        help="leave cells as they are that a spreadsheet would run as formulas (else a ' is put before them)",
    )
    group.add_argument("--force", action="store_true", help="overwrite files that exist")


def _add_list(group: Group, option: str, metavar: str, text: str) -> None:
    group.add_argument(option, metavar=metavar, nargs="+", action="extend", default=[], help=text)


# Checks -------------------------------------------------------------------------------------------


def check_options(options: Options) -> None:
    """Raise a BadInputError where options or the files they name cannot be what was meant."""
    _check_together(options)
    _check_open(options)
    _check_suffix(options.output)
    for option, path in options.written.items():
        _check_place(option, path, options)
    # What the end of the work needs is missed before it begins.
    if options.output.lower().endswith((".parquet", ".zst")):
        check_library("pyarrow", f"{options.output}: Parquet and zstd are written")
    for option in ("--save", "--model"):
        if options.gives(option):
            check_library("skops", f"{option}: models are kept")
    if options.votes != STANDARD and not Path(options.votes).exists():
        raise BadInputError(f"{options.votes}: no such file.")


def _check_open(options: Options) -> None:
    """Python has no stream where the shell closed one."""
    streams = {"input": (options.votes, sys.stdin), "output": (options.output, sys.stdout)}
    for name, (path, stream) in streams.items():
        if path == STANDARD and stream is None:
            raise BadInputError(f"standard {name} is closed; name a file instead of '{STANDARD}'.")


def _check_together(options: Options) -> None:
    for option, (others, why) in APART.items():
        for other in others:
            if options.gives(option) and options.gives(other):
                raise BadInputError(f"{option} and {other} do not go together: {why}")


def _check_suffix(output: str) -> None:
    suffix = bare_suffix(output)
    if output != STANDARD and suffix not in SUFFIXES:
        raise BadInputError(
            f"{output}: the name must end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]} (texts also with "
            f"{' or '.join(COMPRESSED)} after it), which says how to write it."
        )
    if suffix == ".parquet" and output.lower().endswith(COMPRESSED):
        raise BadInputError(f"{output}: Parquet is packed by itself; let the name end in .parquet.")


def _check_place(option: str, path: str, options: Options) -> None:
    place = Path(path)
    if not place.parent.is_dir():
        raise BadInputError(f"{path}: the folder {place.parent} does not exist.")
    read = [name for name in (options.votes, options.model) if name not in (None, STANDARD)]
    written = [other for name, other in options.written.items() if name != option]
    for other in [*read, *written]:
        if _is_same(place, Path(str(other))):
            what = (
                "is the file of votes itself"
                if other == options.votes
                else f"is named twice ({option})"
            )
            raise BadInputError(f"{path} {what}; choose another name for the output.")
    if place.exists() and not options.force:
        raise BadInputError(f"{path} exists; pass --force to overwrite it, or choose another name.")


def _is_same(one: Path, other: Path) -> bool:
    if one.exists() and other.exists():
        return one.samefile(other)
    return os.path.realpath(one) == os.path.realpath(other)
