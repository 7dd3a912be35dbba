"""`python -m sklearn_labelmodel` is the command `labelmodel`."""

import os
import sys
from contextlib import suppress
from typing import NoReturn

from ._cli import ENDED, FAILED
from ._cli import main as labelmodel


def main() -> int:
    """Run the command; one that is ended while its libraries are loaded leaves no traceback either.

    Returns
    -------
    status : int
        As of the command.
    """
    return labelmodel(end_early=_leave)


def _leave(*_: object) -> NoReturn:
    # No file is open yet, and an exception within an import may be taken for a library that is missing.
    with suppress(OSError):
        os.write(2, f"labelmodel: error: {ENDED}\n".encode())
    os._exit(FAILED)


if __name__ == "__main__":
    sys.exit(main())
