"""Score this package and its peers on real sets: ``python -m benchmarks.quality.run --data FOLDER``."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from .. import RESULTS
from ..peers import ensure_environment
from .answers import Answers, PeerRunner
from .methods import PEERS, Ranking, Result, SetScorer, rank_settings
from .plot import draw
from .report import print_docs, print_report, write_csv, write_rankings
from .sets import RealSet, read_sets
from .summary import Report


def score_set(data: RealSet, answers: Answers, n_draws: int) -> list[Result]:
    """Return the results of all methods on one set."""
    progress(f"{data.name}: ours")
    scorer = SetScorer(data)
    results = scorer.score_ours(n_draws)
    for method in PEERS:
        answer = answers.get((data.name, method))
        if isinstance(answer, str):
            results.append(Result(data, method, note=answer))
        elif answer is not None:
            results.append(scorer.score_proba(method, answer))
    return results


def rank_all(sets: list[RealSet]) -> list[Ranking]:
    """Rank settings without labels on every set; one where a setting fails is left out, and named."""
    rankings = []
    for data in sets:
        progress(f"{data.name}: settings ranked by score(L)")
        try:
            rankings.append(rank_settings(data))
        # As in the tables: named, and the run goes on.
        except Exception as error:
            progress(f"{data.name}: {type(error).__name__}: {error}")
    return rankings


def progress(line: str) -> None:
    """Say on stderr what is being run."""
    print(line, file=sys.stderr, flush=True)


def save(report: Report, folder: Path) -> None:
    """Write the CSV files and the plot."""
    folder.mkdir(parents=True, exist_ok=True)
    write_csv(folder / "quality.csv", report)
    write_rankings(folder / "quality_settings.csv", report.rankings)
    draw(folder / "quality.png", report)


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--data", type=Path, required=True, help="folder of npz files and WRENCH folders")
    add("--only", action="append", metavar="SET", help="one set (may be repeated)")
    add("--peers", type=Path, help="an existing environment that holds the peers")
    add("--no-peers", action="store_true", help="this package only")
    add("--timeout", type=float, default=120, help="seconds for one peer on one set")
    add("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="peers at a time")
    add("--draws", type=int, default=10, help="draws of the gold rows")
    add("--docs", action="store_true", help="print the tables as reStructuredText")
    add("--results", type=Path, default=RESULTS, help="folder to write to")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    """Run what is asked for, print the tables, and save them unless --only was given."""
    args = parse(arguments)
    sets, unread = read_sets(args.data, args.only)
    for name, why in unread.items():
        progress(f"{name} left out: {why}")
    answers: Answers = {}
    if not args.no_peers:
        runner = PeerRunner(ensure_environment(args.peers), args.timeout, args.jobs)
        answers = runner.ask_all(sets, progress)
    results = [result for data in sets for result in score_set(data, answers, args.draws)]
    report = Report(results, rank_all(sets))
    (print_docs if args.docs else print_report)(report)
    if not args.only:
        save(report, args.results)


if __name__ == "__main__":
    main()
