"""Answers as people and language models spell them, made labels."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .._utils import is_comparable, listed, quoted, warn_user
from .._utils.spelling import spelling
from ._records import LabelingFunctionError, missing, object_array

LabelMap = Mapping[Any, Any] | Callable[[Any], Any] | None
# Of each row the place of its answer or label among the distinct ones, -1 for none.
Codes = NDArray[np.intp]

MOST_ANSWERS = 5


def code_answers(
    values: NDArray[Any] | pd.Series,
    label_map: LabelMap,
    normalize: bool,
    reader: str,
    where: Callable[[int], str],
    silent: Sequence[object] = (),
) -> tuple[Codes, NDArray[Any]]:
    """Read a column of answers as codes of labels, and warn of the answers that matched nothing.

    Parameters
    ----------
    values : ndarray or Series of shape (n_samples,)
        Numbers or strings; missing values are no votes.
    label_map, normalize
        As of `ColumnLF`.
    reader : str
        Who asks, for messages.
    where : callable
        Names a row by its position, for messages.
    silent : sequence of scalars, default=()
        Answers that are no votes, as missing ones are.

    Returns
    -------
    codes : ndarray of shape (n_samples,), dtype intp
        -1 for no vote.
    labels : ndarray of shape (n_labels,), dtype object
        The distinct labels, in the order in which they come.

    Raises
    ------
    LabelingFunctionError
        An answer that cannot be hashed, as a list; a label_map that is none, or contradicts itself.
    """
    codes, answers = _distinct(values, reader, where)
    codes, answers = _without(silent, codes, answers, normalize)
    labels, matched = labels_of(answers, label_map, normalize, reader)
    if not all(matched):
        unmatched = np.flatnonzero(~np.asarray(matched))
        _warn_of_unmatched(unmatched, answers, codes, label_map, reader, where)
    label_codes, distinct = pd.factorize(object_array(labels))
    return np.append(label_codes, -1)[codes], object_array(distinct.tolist())


def labels_of(
    answers: Sequence[Any], label_map: LabelMap, normalize: bool, reader: str
) -> tuple[list[Any], list[bool]]:
    """The label of each answer (None for no vote), and whether the answer matched one.

    Parameters
    ----------
    answers : list of numbers and strings
    label_map, normalize, reader
        As in `code_answers`.
    """
    has_text = any(isinstance(answer, str) for answer in answers)
    spelled = list(map(_spelled, answers)) if normalize and has_text else list(answers)
    if label_map is None:
        matched = [not isinstance(label, str) or bool(label.strip()) for label in spelled]
        return [label if m else None for label, m in zip(spelled, matched, strict=True)], matched
    if not isinstance(label_map, Mapping | pd.Series):
        if not callable(label_map):
            raise LabelingFunctionError(
                f"{reader}: label_map is a dict or a function, not {quoted(label_map)}."
            )
        labels = [_none_if_missing(label_map(answer)) for answer in spelled]
        return labels, [label is not None for label in labels]
    mapping = _by_spelling(label_map, reader) if normalize else dict(label_map)
    keys = list(map(_spelled, answers)) if normalize else answers
    labels = [_none_if_missing(mapping.get(key)) for key in keys]
    return labels, [key in mapping for key in keys]


def _spelled(answer: object) -> str:
    return spelling(str(answer))


def _by_spelling(label_map: Mapping[Any, Any] | pd.Series, reader: str) -> dict[str, object]:
    """The mapping with its keys spelled in one way."""
    mapping: dict[str, object] = {}
    for key, label in label_map.items():
        if mapping.setdefault(_spelled(key), label) != label:
            raise LabelingFunctionError(
                f"{reader}: label_map says both {quoted(mapping[_spelled(key)])} and {quoted(label)} of {quoted(key)}, "
                "which normalize=True takes for one spelling. Leave one of them out."
            )
    return mapping


def _none_if_missing(label: object) -> Any:
    return None if pd.api.types.is_scalar(label) and missing(label) else label


def _without(
    silent: Sequence[object], codes: Codes, answers: list[Hashable], normalize: bool
) -> tuple[Codes, list[Hashable]]:
    """The same without the answers that are no votes."""
    read = _spelled if normalize else lambda answer: answer
    markers = [*map(read, silent)]
    spoken = [read(each) not in markers for each in answers]
    place = np.append(np.where(spoken, np.cumsum(spoken, dtype=np.intp) - 1, -1), -1)
    return place[codes], [each for each, speaks in zip(answers, spoken, strict=True) if speaks]


def _distinct(
    values: NDArray[Any] | pd.Series, reader: str, where: Callable[[int], str]
) -> tuple[Codes, list[Hashable]]:
    """Codes of the distinct answers, -1 where missing, and these."""
    try:
        codes, answers = pd.factorize(values)
    except Exception:
        # Methods of answers, which are not this package's, may raise anything.
        row, value = next((i, v) for i, v in enumerate(values) if not is_comparable(v))
        raise LabelingFunctionError(
            f"{reader} reads answers that are numbers or strings, but {where(row)} holds {quoted(value)}."
        ) from None
    return codes.astype(np.intp, copy=False), answers.tolist()


def _warn_of_unmatched(
    unmatched: Codes,
    answers: list[Hashable],
    codes: Codes,
    label_map: LabelMap,
    reader: str,
    where: Callable[[int], str],
) -> None:
    counts = np.bincount(codes[codes >= 0], minlength=len(answers))
    often = sorted(unmatched.tolist(), key=lambda code: (-counts[code], code))
    shown = [
        f"{quoted(answers[code])} ({counts[code]} times, first {where(int(np.argmax(codes == code)))})"
        for code in often[:MOST_ANSWERS]
    ] + [""] * max(len(often) - MOST_ANSWERS, 0)
    if label_map is None:
        remedy = "If no vote is meant, make them missing."
    elif callable(label_map):
        remedy = "Let label_map return their label; if no vote is meant, make them missing."
    else:
        remedy = "Add them to label_map, with None if no vote is meant."
    warn_user(
        f"{reader}: answers that matched nothing count as no vote: {listed(shown, MOST_ANSWERS)}. {remedy}"
    )
