"""Probabilities by the peers, each in a process of its own."""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import DATA, ROOT
from ..peers import variables
from .methods import PEERS
from .sets import RealSet

WORKER = Path(__file__).with_name("worker.py")
KEPT = DATA / "quality"

Answers = dict[tuple[str, str], "np.ndarray | str"]


@dataclass(frozen=True)
class PeerRunner:
    """Asks the peers; what they answered is kept until votes, worker or environment change.

    Attributes
    ----------
    python : Path
        The peers' interpreter.
    timeout : float
        Seconds for one peer on one set.
    jobs : int
        How many processes run at a time, one thread each.
    kept : Path
        Folder of the answers.
    """

    python: Path
    timeout: float
    jobs: int
    kept: Path = KEPT

    def ask_all(self, sets: list[RealSet], progress: Callable[[str], None]) -> Answers:
        """Return probabilities of the scored rows, or why there are none, by set and method."""
        self.kept.mkdir(parents=True, exist_ok=True)
        asked = [(data, method) for data in sets for method in PEERS]

        def ask(data: RealSet, method: str) -> np.ndarray | str:
            progress(f"{data.name}: {method}")
            return self.ask(data, PEERS[method])

        with ThreadPoolExecutor(self.jobs) as pool:
            answers = list(pool.map(lambda pair: ask(*pair), asked))
        return {
            (data.name, method): answer
            for (data, method), answer in zip(asked, answers, strict=True)
        }

    def ask(self, data: RealSet, peer: str) -> np.ndarray | str:
        """Return one peer's probabilities of one set's scored rows, or why there are none."""
        question = question_for(data)
        target = self.kept / f"{data.name}-{peer}-{self._digest(question)}.npz"
        if not target.exists():
            failure = self._run(peer, question, target)
            if failure:
                return failure
        with np.load(target) as answer:
            return answer["proba"]

    def _run(self, peer: str, question: dict[str, np.ndarray], target: Path) -> str:
        with tempfile.TemporaryDirectory() as folder:
            source, answer = Path(folder, "in.npz"), Path(folder, "out.npz")
            np.savez(source, **question)
            command = [str(self.python), "-m", f"{__package__}.{WORKER.stem}"]
            command += [peer, str(source), str(answer)]
            try:
                done = subprocess.run(
                    command,
                    capture_output=True,
                    check=False,
                    text=True,
                    timeout=self.timeout,
                    cwd=ROOT,
                    env=variables(threads=1),
                )
            except subprocess.TimeoutExpired:
                return f"stopped after {self.timeout:g} s"
            if done.returncode:
                lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
                return lines[-1][:120]
            target.write_bytes(answer.read_bytes())
        return ""

    def _digest(self, question: dict[str, np.ndarray]) -> str:
        """Name everything that the answer depends on."""
        digest = hashlib.sha256(WORKER.read_bytes() + str(self.python).encode())
        for name, value in question.items():
            digest.update(f"{name}{value.shape}{value.dtype}".encode())
            digest.update(np.ascontiguousarray(value).tobytes())
        return digest.hexdigest()[:16]


def question_for(data: RealSet) -> dict[str, np.ndarray]:
    """Return what worker.py reads; no gold label but the class prior is in it."""
    scored_rows = data.splits[data.scored_split].gold
    return {
        "L": data.fit_rows.L,
        "scored": data.scored.L,
        "places": scored_rows if data.same_rows else np.arange(0),
        "n_classes": np.array(data.n_classes),
        "class_prior": data.class_prior,
    }
