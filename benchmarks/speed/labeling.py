"""Time ten labeling functions over short texts: ours, row by row and vectorized, and Snorkel's.

    python -m benchmarks.speed.labeling [--rows 100000] [--peers PATH]

The same rules run as Snorkel's labeling functions under its PandasLFApplier (in the peers'
environment), as our row-wise ones, and as our ready-made ones; all must cast the same votes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from .. import ROOT
from ..peers import ensure_environment

HAM, SPAM, ABSTAIN = 0, 1, -1
FEW_WORDS = ["free", "winner", "check out"]
TOPICS = ["".join(random.Random(seed).choices("aeioulnrst", k=6)) for seed in range(100)]
DOMAINS = {"spam.biz": SPAM, "win.biz": SPAM, "school.edu": HAM}
LINK, NUMBER = re.compile(r"https?://"), re.compile(r"\b\d{4,}\b")
SUBSCRIBE = re.compile("subscribe|follow me", re.IGNORECASE)
FEW = re.compile(r"\b(free|winner|check out)\b")
MANY = frozenset(TOPICS)
WORD = re.compile(r"\w+")


def make_comments(n_rows: int) -> pd.DataFrame:
    """Make comments of about ten words, some of them those that the rules look for."""
    draw = random.Random(0)
    letters = "abcdefghijklmnopqrstuvwxyz"
    common = ["".join(draw.choices(letters, k=draw.randint(2, 9))) for _ in range(5000)]
    marked = ["Free", "winner", "Subscribe", "http://a.b/c", "20250", "check out", *TOPICS[:20]]
    texts = []
    for _ in range(n_rows):
        words = draw.choices(common, k=draw.randint(4, 14))
        if draw.random() < 0.4:
            words[draw.randrange(len(words))] = draw.choice(marked)
        texts.append(" ".join(words).capitalize())
    return pd.DataFrame(
        {
            "text": texts,
            "n_links": [draw.randint(0, 5) for _ in range(n_rows)],
            "age": [draw.random() for _ in range(n_rows)],
            "domain": draw.choices([*DOMAINS, "a.org", "b.com", "c.net"], k=n_rows),
            "judge": draw.choices([HAM, SPAM, ABSTAIN], k=n_rows),
        }
    )


def link(row):
    return SPAM if LINK.search(row.text) else ABSTAIN


def subscribe(row):
    return SPAM if SUBSCRIBE.search(row.text) else ABSTAIN


def number(row):
    return SPAM if NUMBER.search(row.text) else ABSTAIN


def few_words(row):
    return SPAM if FEW.search(row.text.lower()) else ABSTAIN


def many_words(row):
    return ABSTAIN if MANY.isdisjoint(WORD.findall(row.text.lower())) else HAM


def many_links(row):
    return SPAM if row.n_links > 2 else ABSTAIN


def young(row):
    return SPAM if row.age < 0.1 else ABSTAIN


def old(row):
    return HAM if row.age >= 0.8 else ABSTAIN


def domain(row):
    return DOMAINS.get(row.domain, ABSTAIN)


def judge(row):
    return row.judge


RULES = [link, subscribe, number, few_words, many_words, many_links, young, old, domain, judge]


def snorkel_votes() -> Callable[[pd.DataFrame], np.ndarray]:
    from snorkel.labeling import LabelingFunction, PandasLFApplier

    applier = PandasLFApplier([LabelingFunction(rule.__name__, rule) for rule in RULES])
    return lambda comments: applier.apply(comments, progress_bar=False)


def row_wise_votes() -> Callable[[pd.DataFrame], np.ndarray]:
    from sklearn_labelmodel.labeling import LabelingFunctions

    return LabelingFunctions(RULES).transform


def vectorized_votes() -> Callable[[pd.DataFrame], np.ndarray]:
    from sklearn_labelmodel.labeling import (
        ColumnLF,
        KeywordLF,
        LabelingFunctions,
        LookupLF,
        RegexLF,
        ThresholdLF,
    )

    return LabelingFunctions(
        [
            RegexLF(LINK, SPAM, column="text"),
            RegexLF(SUBSCRIBE, SPAM, column="text"),
            RegexLF(NUMBER, SPAM, column="text"),
            KeywordLF(FEW_WORDS, SPAM, column="text"),
            KeywordLF(TOPICS, HAM, column="text"),
            ThresholdLF("n_links", ">", 2, SPAM),
            ThresholdLF("age", "<", 0.1, SPAM),
            ThresholdLF("age", ">=", 0.8, HAM),
            LookupLF("domain", DOMAINS),
            ColumnLF("judge", abstain=ABSTAIN),
        ]
    ).transform


SIDES = {"snorkel": snorkel_votes, "row-wise": row_wise_votes, "vectorized": vectorized_votes}


def measure(side: str, n_rows: int, n_repeats: int) -> dict:
    """Time one side; also return a digest of its votes, abstentions being -1."""
    comments = make_comments(n_rows)
    apply = SIDES[side]()
    apply(comments.head(100))
    seconds = []
    for _ in range(n_repeats):
        # Of the processor, since each side runs on one core and others may use the machine.
        start = time.process_time()
        votes = apply(comments)
        seconds.append(time.process_time() - start)
    codes = pd.DataFrame(votes).astype(object)
    codes = codes.where(codes.notna(), ABSTAIN).to_numpy().astype(np.int64)
    digest = hashlib.sha256(np.ascontiguousarray(codes).tobytes()).hexdigest()
    return {"seconds": statistics.median(seconds), "digest": digest}


def measure_apart(python: Path | str, side: str, n_rows: int, n_repeats: int) -> dict:
    """Measure in a process of its own, so that no side warms up another."""
    arguments = ["--side", side, "--rows", str(n_rows), "--repeats", str(n_repeats)]
    command = [str(python), "-W", "ignore", "-m", f"{__package__}.labeling", *arguments]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def compare(n_rows: int, peers: Path | None) -> None:
    results = {
        "snorkel": measure_apart(ensure_environment(peers), "snorkel", n_rows, 1),
        "row-wise": measure_apart(sys.executable, "row-wise", n_rows, 5),
        "vectorized": measure_apart(sys.executable, "vectorized", n_rows, 5),
    }
    if len({result["digest"] for result in results.values()}) > 1:
        raise SystemExit("the sides cast different votes")
    slowest = results["snorkel"]["seconds"]
    print(f"{len(RULES)} labeling functions, {n_rows} rows; all cast the same votes; CPU time")
    for side, result in results.items():
        ratio = slowest / result["seconds"]
        print(f"{side:12s} {result['seconds']:8.3f} s {ratio:8.1f} x")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--peers", type=Path, help="an environment that has Snorkel")
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--repeats", type=int, default=1, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        print(json.dumps(measure(options.side, options.rows, options.repeats)))
    else:
        compare(options.rows, options.peers)


if __name__ == "__main__":
    main()
