"""The environment in which the peers (Snorkel, crowd-kit) run, apart from the project's own."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

from . import HERE

DEFAULT_PATH = HERE / ".peers"
REQUIREMENTS = HERE / "requirements-peers.txt"
PEERS = ("snorkel==0.10.0", "crowd-kit==1.4.2")
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def python_of(environment: Path) -> Path:
    """Return the interpreter of a virtual environment."""
    return environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def ensure_environment(path: Path | None = None) -> Path:
    """Return the interpreter of the peers' environment.

    Parameters
    ----------
    path : Path or None
        An existing environment, used as it is. None: the one in ``benchmarks/.peers``, which is
        made on first use and made again when what it should hold changes.

    Returns
    -------
    Path
        Its interpreter.

    Raises
    ------
    FileNotFoundError
        If `path` holds no interpreter.
    """
    if path is not None:
        if not python_of(path).exists():
            raise FileNotFoundError(f"{path} is not a virtual environment")
        return python_of(path.absolute())
    wanted = "\n".join([REQUIREMENTS.read_text(), *PEERS])
    stamp = DEFAULT_PATH / "holds.txt"
    if not stamp.exists() or stamp.read_text() != wanted:
        _make_environment(DEFAULT_PATH)
        stamp.write_text(wanted)
    return python_of(DEFAULT_PATH)


def variables(threads: int | None) -> dict[str, str]:
    """Return the environment variables of a process that uses so many threads, None for the machine's."""
    limits = {} if threads is None else dict.fromkeys(THREAD_VARIABLES, str(threads))
    return os.environ | limits


def _make_environment(path: Path) -> None:
    """Make the peers' environment at `path`, in place of what is there."""
    print("making the peers' environment (once)", file=sys.stderr)
    venv.create(path, clear=True, with_pip=True)
    pip = [str(python_of(path)), "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "-r", str(REQUIREMENTS)], check=True)
    subprocess.run([*pip, "--no-deps", *PEERS], check=True)
