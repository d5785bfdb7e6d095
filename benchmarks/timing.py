"""Medians of repeated runs, and tables of them."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def median_seconds(call: Callable[[], object], repeats: int = 7, warm_up: int = 1) -> float:
    """Give the median time of a call."""
    for _ in range(warm_up):
        call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def process_seconds(arguments: Sequence[str], repeats: int = 5) -> float:
    """Give the median time of a Python process, from start to end, after one that is not counted."""

    def run() -> None:
        subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, check=False)

    return median_seconds(run, repeats)


def in_turn(calls: Sequence[Callable[[], object]], repeats: int = 7) -> list[float]:
    """Give the median time of each call, the calls taken in turn, so that a slow spell hits all."""
    times: list[list[float]] = [[] for _ in calls]
    for turn in range(repeats + 1):
        for call, seen in zip(calls, times, strict=True):
            start = time.perf_counter()
            call()
            if turn:
                seen.append(time.perf_counter() - start)
    return [statistics.median(seen) for seen in times]


def table(title: str, rows: Sequence[tuple[str, str, str]]) -> None:
    """Print rows of what was measured, the figure, and the goal."""
    print(f"\n{title}")
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        print("  " + "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())
