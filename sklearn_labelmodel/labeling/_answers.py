"""Answers as people and language models spell them, made labels."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .._utils import as_objects, is_comparable, listed, quoted, warn_user
from .._utils.spelling import spelling
from ._records import LabelingFunctionError, missing

LabelMap = Mapping[Any, Any] | Callable[[Any], Any] | None
# Of each row the place of its answer or label among the distinct ones, -1 for none.
Codes = NDArray[np.intp]

MOST_ANSWERS = 5


@dataclass(frozen=True, eq=False)
class AnswerReader:
    """What makes labels of a column of answers.

    Attributes
    ----------
    label_map, normalize
        As of `ColumnLF`.
    reader : str
        Who asks, for messages.
    where : callable
        Names a row by its position, for messages.
    """

    label_map: LabelMap
    normalize: bool
    reader: str
    where: Callable[[int], str]

    def codes(
        self, values: NDArray[Any] | pd.Series, silent: Sequence[object] = ()
    ) -> tuple[Codes, NDArray[Any]]:
        """Read answers as codes of labels, and warn of the answers that matched nothing.

        Parameters
        ----------
        values : ndarray or Series of shape (n_samples,)
            Numbers or strings; missing values are no votes.
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
        codes, answers = self._without(silent, *self._distinct(values))
        labels, matched = self._labels(answers)
        if not all(matched):
            self._warn_of_unmatched(np.flatnonzero(~np.asarray(matched)), answers, codes)
        label_codes, distinct = pd.factorize(as_objects(labels))
        return np.append(label_codes, -1)[codes], as_objects(distinct.tolist())

    def _distinct(self, values: NDArray[Any] | pd.Series) -> tuple[Codes, list[Hashable]]:
        """Codes of the distinct answers, -1 where missing, and these."""
        try:
            codes, answers = pd.factorize(values)
        except Exception:
            # Methods of answers, which are not this package's, may raise anything.
            row, value = next((i, v) for i, v in enumerate(values) if not is_comparable(v))
            raise LabelingFunctionError(
                f"{self.reader} reads answers that are numbers or strings, but {self.where(row)} holds {quoted(value)}."
            ) from None
        return codes.astype(np.intp, copy=False), answers.tolist()

    def _without(
        self, silent: Sequence[object], codes: Codes, answers: list[Hashable]
    ) -> tuple[Codes, list[Hashable]]:
        """The same without the answers that are no votes."""
        markers = self._keys(silent)
        spoken = [key not in markers for key in self._keys(answers)]
        place = np.append(np.where(spoken, np.cumsum(spoken, dtype=np.intp) - 1, -1), -1)
        return place[codes], [each for each, speaks in zip(answers, spoken, strict=True) if speaks]

    def _keys(self, answers: Sequence[object]) -> list[Any]:
        """Answers as they are looked up: spelled in one way where the spelling is to make no difference."""
        return [spelling(str(each)) for each in answers] if self.normalize else list(answers)

    def _labels(self, answers: Sequence[Any]) -> tuple[list[Any], list[bool]]:
        """The label of each answer (None for no vote), and whether the answer matched one."""
        if isinstance(self.label_map, Mapping | pd.Series):
            mapping, keys = self._mapping(self.label_map), self._keys(answers)
            labels = [_none_if_missing(mapping.get(key)) for key in keys]
            return labels, [key in mapping for key in keys]
        has_text = any(isinstance(answer, str) for answer in answers)
        spelled = self._keys(answers) if has_text else answers
        if self.label_map is None:
            labels = [
                None if isinstance(each, str) and not each.strip() else each for each in spelled
            ]
        elif callable(self.label_map):
            labels = [_none_if_missing(self.label_map(each)) for each in spelled]
        else:
            raise LabelingFunctionError(
                f"{self.reader}: label_map is a dict or a function, not {quoted(self.label_map)}."
            )
        return labels, [label is not None for label in labels]

    def _mapping(self, label_map: Mapping[Any, Any] | pd.Series) -> dict[Any, Any]:
        """The label of each key, as keys are looked up."""
        if not self.normalize:
            return dict(label_map)
        mapping: dict[Any, Any] = {}
        for given, label in label_map.items():
            (key,) = self._keys([given])
            if mapping.setdefault(key, label) != label:
                raise LabelingFunctionError(
                    f"{self.reader}: label_map says both {quoted(mapping[key])} and {quoted(label)} of "
                    f"{quoted(given)}, which normalize=True takes for one spelling. Leave one of them out."
                )
        return mapping

    def _warn_of_unmatched(
        self, unmatched: NDArray[np.intp], answers: list[Hashable], codes: Codes
    ) -> None:
        counts = np.bincount(codes[codes >= 0], minlength=len(answers))
        often = sorted(unmatched.tolist(), key=lambda code: (-counts[code], code))
        firsts = [self.where(int(np.argmax(codes == code))) for code in often[:MOST_ANSWERS]]
        shown = [
            f"{quoted(answers[code])} ({counts[code]} times, first {first})"
            for code, first in zip(often, firsts, strict=False)
        ] + [""] * (len(often) - len(firsts))
        if self.label_map is None:
            remedy = "If no vote is meant, make them missing."
        elif callable(self.label_map):
            remedy = "Let label_map return their label; if no vote is meant, make them missing."
        else:
            remedy = "Add them to label_map, with None if no vote is meant."
        warn_user(
            f"{self.reader}: answers that matched nothing count as no vote: {listed(shown, MOST_ANSWERS)}. {remedy}"
        )


def _none_if_missing(label: object) -> Any:
    return None if pd.api.types.is_scalar(label) and missing(label) else label
