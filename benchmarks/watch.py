"""How long it takes from saving a file to the report on it, with ``--watch``."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.timing import table

COMPONENT = """
import numpy as np

class Tanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, grad_output):
        return grad_output * (1 - self.y**2)
"""
REPEATS = 7
#: Seconds between two saves: the next process is ready by then.
REST = 1.5


def _seconds(path: Path) -> list[float]:
    """Save a file again and again while it is watched; give the time to each report."""
    path.write_text(COMPONENT)
    command = [sys.executable, "-m", "backproof", "check", str(path), "--watch"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        reports: list[float] = []

        def listen(read: Callable[[], str]) -> None:
            reports.extend(time.perf_counter() for line in iter(read, "") if "seed 0" in line)

        listener = threading.Thread(target=listen, args=(process.stdout.readline,))
        listener.start()
        times = []
        for turn in range(REPEATS + 1):
            saved = time.perf_counter()
            if turn:  # the first report comes without
                path.write_text(f"{COMPONENT}\n# {turn}\n")
            while len(reports) <= turn:
                time.sleep(0.001)
            times.append(reports[turn] - saved)
            time.sleep(REST)
        process.terminate()
        listener.join()
    return times[1:]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        times = _seconds(Path(folder, "tanh.py"))
    table(
        "From saving a NumPy component to its report, with --watch",
        [(f"median of {REPEATS}", f"{statistics.median(times):.3f} s", "goal: under 0.5")],
    )
