"""What the command says beside the results: in the words of its options, on standard error, and how far the work is."""

from __future__ import annotations

import io
import os
import re
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TextIO

# Work that is done by then shows no bar.
QUIET_SECONDS = 1.0
ROW_0 = "(Row 0 is the first after the header.)"
# Patterns, and what takes their place, in order.
IN_OPTIONS: dict[str, str | Callable[[re.Match[str]], str]] = {
    r"put None or NaN in its place, or set abstain=None if it is a score": (
        "empty the cell, or pass another --abstain if it is a score"
    ),
    r"set abstain=\[(.*?)\]": lambda found: f"pass {_as_abstains(found[1].split(', '))}",
    r"set abstain=('.*?'|[^ ;,.]+)": lambda found: f"pass {_as_abstains([found[1]])}",
    r"replace it by None or NaN|mark them by None or NaN": "empty the cell",
    r"leave out columns that are no LF's votes; .*? looks like": "pass columns that are no votes by --id",
    r" or replace it by None|, or replace it by None": " or empty the cell",
    r"set `abstain` to another value \(None .*?\)": "pass another --abstain",
    r"the marker `abstain`": "the mark --abstain",
    r"(the parameter )?`abstain`": "--abstain",
    r"If the column is an identifier or a text, leave it out": "If the column is an identifier or a text, pass {id}",
    r"name (all of them|them|the classes) \(`classes`\)": r"name \1 (--classes)",
    r"`classes`": "--classes",
    r"in `scores`": "by --scores",
    r"Say which class each column speaks for: scores=\{column: class\}": (
        "The command reads scores for two classes: name them (--classes), and take other votes out of the way by "
        "--normalize, --abstain or --id"
    ),
    r"class_balance='estimate'": "--class-balance estimate",
    r"`?class_balance`?": "--class-balance",
    r"leave these labels out \(gold='ignore'\)": "leave --gold out",
    r"\(in y\)": "(in the --gold column)",
    r"('.*?'|\S+) \(in the --gold column\)(.*?)mark rows without a label by None or NaN": lambda found: (
        f"{found[1]} (in the --gold column){found[2]}add {_as_abstains([found[1]])}, or empty the cells"
    ),
    r"mark rows without a label by None or NaN": "empty the cells of rows without a label",
    r"y, row": "--gold, row",
    r"\by's classes": "the classes of --gold",
    r"\b(of|in|with) y\b": r"\1 --gold",
    r"\by (mixes|holds|labels)": r"--gold \1",
    r"pass them as such \(scores=.*?\), or cut": "name the column by --scores, or cut",
    r"pass L\.T": "exchange rows and columns",
    (
        r"(if a row holds one vote with its item and its voter, )?"
        r"[Mm]ake a column of each voter \(votes_from_long does it\)"
    ): "if a row holds one vote with its item and its voter, pass --long TASK WORKER LABEL",
    r"\bL (has|holds)": r"The table \1",
    r"\(ColumnLF and .*? differ\)": "(--normalize does it)",
    r"Write it as in fit": "Write it as the model has learned it (--normalize may do it)",
    r"votes_from_long: ": "",
    r"repeats='(\w+)' or '(\w+)' chooses": r"--repeats \1 or \2 chooses",
    r"repeats='(\w+)'": r"--repeats \1",
    r", as by table\[column\]\.astype\(str\); of labels, normalize=True does": "; of labels, --normalize does",
    r"Cut them first, as by label_map=.*? > 0\.5": "Cut them into votes first",
    r"not among the voters given": "not among the voters of the model",
    r"level='(\w+)' needs": r"--level \1 needs",
    r", as by ColumnLF's label_map": "",
    r" \(filter_unlabeled\)": "",
    r"report\(L\) says more": "--report says more",
    r"declare them \(dependencies\), or merge the two": "merge the two",
    r"merge the two, or use LabelModelClassifier, which lets them count less": "merge the two",
    r"use LabelModelClassifier, which heeds them": "leave --majority or --dawid-skene out",
    r"the start \(prec_init\) decides": "an assumed accuracy of 0.7 decides",
    r"replace it by None": "empty the cell",
    r"\(None where .*?\)": "",
}


def in_options(message: str) -> str:
    """A message of the library in the words of the command."""
    for pattern, replacement in IN_OPTIONS.items():
        message = re.sub(pattern, replacement, message)
    column = re.search(r"LF ('[^']*'|\"[^\"]*\"|\S+) casts", message)
    return message.replace("{id}", f"--id {_as_word(column[1] if column else 'COLUMN')}")


def _as_abstains(values: Sequence[str]) -> str:
    return " ".join(f"--abstain {_as_word(value)}" for value in values)


def _as_word(written: str) -> str:
    """A value as a shell takes it, from how Python writes it."""
    return shlex.quote(written.strip("'\""))


class BadInputError(Exception):
    """What the user gave cannot be used; the message says where and what to do."""


def one_line(message: object) -> str:
    """A message, which may be another library's, in one line."""
    return " ".join(str(message).split())


@contextmanager
def bad_input(name: str) -> Iterator[None]:
    """What the library says of votes, in the words of the command.

    Parameters
    ----------
    name : str
        Of the file.
    """
    try:
        yield
    except (ValueError, TypeError) as error:
        said = one_line(in_options(str(error)))
        raise BadInputError(f"{name}: {said}{f' {ROW_0}' if ' row ' in said else ''}") from None


# Standard error -----------------------------------------------------------------------------------


def complain(error: object) -> None:
    """Say what was wrong."""
    _say(f"labelmodel: error: {error}")


def note(text: str) -> None:
    """Say what the user did not ask, and may want to know."""
    _say(f"labelmodel: {text}")


def warning_teller() -> Callable[..., None]:
    """What is to stand for `warnings.showwarning`: says each warning of the library once, in words of the command."""
    said: set[str] = set()

    def tell(message: object, *_: object) -> None:
        # Late, as it needs NumPy, which takes its time, and which those who warn have loaded.
        from .._utils import without_row

        line = one_line(in_options(str(message)))
        # Of rows that are read some at a time, each part would name another one.
        if without_row(line) not in said:
            said.add(without_row(line))
            _say(f"labelmodel: warning: {line}")

    return tell


def _say(line: str) -> None:
    # Who has closed standard error does not want to know.
    with suppress(OSError, AttributeError):
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


def tell(text: str, *, aside: bool) -> None:
    """Print what was found out.

    Parameters
    ----------
    text : str
    aside : bool
        Whether standard output holds the labels, so that it is printed on standard error.

    Raises
    ------
    OSError
        It cannot be printed, and not because nobody reads it.
    """
    out = sys.stderr if aside else sys.stdout
    if out is None:
        return
    if isinstance(out, io.TextIOWrapper):
        # Names that a poor terminal cannot show are no reason to fail.
        out.reconfigure(errors="backslashreplace")
    try:
        out.write(f"{text}\n")
        out.flush()
    except OSError as error:
        nobody_reads(out)
        if not isinstance(error, BrokenPipeError):
            raise OSError(
                f"the files are written, but the summary cannot be printed ({error.strerror})."
            ) from None


def nobody_reads(out: TextIO) -> None:
    """Let a stream lead nowhere, so that Python does not complain about it when it ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())


@contextmanager
def progress(what: str, total: int, unit: str) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal; yields what is to be told how much of the total is done."""
    from tqdm import tqdm

    bar = tqdm(
        desc=what,
        total=total,
        unit=unit,
        unit_scale=True,
        leave=False,
        delay=QUIET_SECONDS,
        disable=sys.stderr is None or not sys.stderr.isatty(),
    )

    def show(done: int) -> None:
        bar.update(done - bar.n)

    with bar:
        yield show
