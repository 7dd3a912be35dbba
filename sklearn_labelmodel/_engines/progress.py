"""A bar of the rows read, and their rate."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .source import Progress


@contextmanager
def rows_read(shown: bool) -> Iterator[Progress | None]:
    """What `count` calls as it goes: it moves a bar, or is None where none is shown.

    Parameters
    ----------
    shown : bool
    """
    if not shown:
        yield None
        return
    from tqdm.auto import tqdm

    with tqdm(desc="reading votes", unit="row", unit_scale=True) as bar:
        yield bar.update
