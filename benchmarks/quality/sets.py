"""Real sets of votes with gold labels: reading them, and which rows are fitted, labelled and scored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from sklearn_labelmodel.datasets import load_wrench

SPLITS = ("train", "valid", "test")
GOLD_ROWS = 50


@dataclass(frozen=True)
class Rows:
    """Votes and gold labels of some rows.

    Attributes
    ----------
    L : ndarray of shape (n_samples, n_lfs), dtype int64
        -1 abstains.
    y : ndarray of shape (n_samples,), dtype int64
        -1 where there is no gold label.
    """

    L: np.ndarray
    y: np.ndarray

    @property
    def gold(self) -> np.ndarray:
        """Numbers of the rows with a gold label."""
        return np.flatnonzero(self.y >= 0)

    def __getitem__(self, rows: np.ndarray) -> Rows:
        """Return a selection of the rows."""
        return Rows(self.L[rows], self.y[rows])


@dataclass(frozen=True)
class GoldDraw:
    """A small labelled sample.

    Attributes
    ----------
    fit : Rows
        All rows to fit, y being -1 but for the sample.
    kept : ndarray of shape (n_scored,), dtype bool
        Which of the scored rows are not in the sample.
    """

    fit: Rows
    kept: np.ndarray


@dataclass(frozen=True)
class RealSet:
    """One data set.

    Attributes
    ----------
    name : str
    n_classes : int
    splits : dict of str to Rows
        Some of "train", "valid" and "test".
    """

    name: str
    n_classes: int
    splits: dict[str, Rows]

    @property
    def fit_split(self) -> str:
        """The first split there is."""
        return next(split for split in SPLITS if split in self.splits)

    @property
    def scored_split(self) -> str:
        """The last split with gold labels."""
        return next(split for split in reversed(SPLITS) if self._has_gold(split))

    @property
    def same_rows(self) -> bool:
        """Whether the fitted rows are scored, as with crowds."""
        return self.fit_split == self.scored_split

    @property
    def fit_rows(self) -> Rows:
        """The rows to fit, gold labels included (methods must not see them)."""
        return self.splits[self.fit_split]

    @cached_property
    def scored(self) -> Rows:
        """The rows to score: those of the scored split that have a gold label."""
        rows = self.splits[self.scored_split]
        return rows[rows.gold]

    @property
    def class_prior(self) -> np.ndarray:
        """Shares of the classes among the fitted rows' gold labels; a class without any counts as half a row.

        Where the fitted rows have no gold labels, they are those of the scored rows.
        """
        rows = self.fit_rows if self._has_gold(self.fit_split) else self.scored
        counts = np.bincount(rows.y[rows.gold], minlength=self.n_classes)
        shares = np.maximum(counts, 0.5)
        return shares / shares.sum()

    def draw_gold(self, seed: int, n_rows: int = GOLD_ROWS) -> GoldDraw:
        """Draw a labelled sample from the fitted rows, or where they have no gold labels from another split.

        Rows of another split are appended to the fitted ones. Where the scored split is drawn from, at most half of
        its rows are, and `kept` leaves them out of scoring.
        """
        pool = self._gold_split()
        rows = self.splits[pool]
        scored_too = pool == self.scored_split
        n_rows = min(n_rows, len(rows.gold) // 2 if scored_too else len(rows.gold))
        chosen = np.random.default_rng(seed).choice(rows.gold, n_rows, replace=False)
        kept = np.ones(len(self.scored.y), dtype=bool)
        if scored_too:
            kept = ~np.isin(rows.gold, chosen)
        return GoldDraw(self._with_labels(pool, chosen), kept)

    def _with_labels(self, pool: str, chosen: np.ndarray) -> Rows:
        L, y = self.fit_rows.L, np.full(len(self.fit_rows.y), -1)
        labelled = self.splits[pool]
        if pool != self.fit_split:
            return Rows(
                np.concatenate([L, labelled.L[chosen]]), np.concatenate([y, labelled.y[chosen]])
            )
        y[chosen] = labelled.y[chosen]
        return Rows(L, y)

    def _gold_split(self) -> str:
        """The split to draw labels from: the fitted one, else one that is not scored, else the scored one."""
        others = [s for s in SPLITS if s not in (self.fit_split, self.scored_split)]
        return next(s for s in (self.fit_split, *others, self.scored_split) if self._has_gold(s))

    def _has_gold(self, split: str) -> bool:
        return split in self.splits and len(self.splits[split].gold) > 0


def read_sets(folder: Path, only: list[str] | None = None) -> tuple[list[RealSet], dict[str, str]]:
    """Read every set of a folder.

    Parameters
    ----------
    folder : Path
        NAME.npz files (L_train, y_train, and the same of valid and test) and WRENCH folders (label.json and a JSON
        file for each split), or a single WRENCH folder. Files without votes are passed over.
    only : list of str or None
        Names of the sets to read; None for all.

    Returns
    -------
    sets : list of RealSet
    unread : dict of str to str
        Why a set could not be used.

    Raises
    ------
    ValueError
        No sets there, or not those of `only`.
    """
    sources = dict(_find(folder))
    unknown = [name for name in only or [] if name not in sources]
    if unknown or not sources:
        raise ValueError(
            f"{folder} has no set {', '.join(unknown)}; there are: {', '.join(sources) or 'none'}."
        )
    sets, unread = [], {}
    for name in only or sources:
        try:
            sets.append(_read(name, sources[name]))
        except (OSError, ValueError, KeyError) as error:
            unread[name] = str(error)
    return sets, unread


def _find(folder: Path) -> Iterator[tuple[str, Path]]:
    if (folder / "label.json").is_file():
        yield folder.resolve().name, folder
        return
    for path in sorted(folder.iterdir()):
        if path.suffix == ".npz" and _has_votes(path):
            yield path.stem, path
        elif (path / "label.json").is_file():
            yield path.name, path


def _has_votes(path: Path) -> bool:
    with np.load(path) as data:
        return any(f"L_{split}" in data for split in SPLITS)


def _read(name: str, path: Path) -> RealSet:
    found = _read_npz(name, path) if path.suffix == ".npz" else _read_wrench(name, path)
    if not any(len(rows.gold) for rows in found.splits.values()):
        raise ValueError("no split has gold labels")
    return found


def _read_npz(name: str, path: Path) -> RealSet:
    with np.load(path) as data:
        splits = {
            split: Rows(data[f"L_{split}"].astype(np.int64), data[f"y_{split}"].astype(np.int64))
            for split in SPLITS
            if f"L_{split}" in data
        }
        n_named = len(data["class_names"]) if "class_names" in data else 0
    greatest = max(max(rows.L.max(), rows.y.max()) for rows in splits.values())
    return RealSet(name, max(n_named, int(greatest) + 1), splits)


def _read_wrench(name: str, path: Path) -> RealSet:
    splits = {
        split: load_wrench(path, split) for split in SPLITS if (path / f"{split}.json").is_file()
    }
    if not splits:
        raise ValueError(f"no split; expected {', '.join(f'{split}.json' for split in SPLITS)}")
    n_classes = len(json.loads((path / "label.json").read_text(encoding="utf-8")))
    return RealSet(name, n_classes, {split: Rows(d.L, d.y) for split, d in splits.items()})
