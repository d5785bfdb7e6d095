"""How long whole processes take: importing, and checking a file."""

from __future__ import annotations

from benchmarks.timing import process_seconds, table

NUMPY_FILE = "benchmarks/files/five_numpy.py"
TORCH_FILE = "benchmarks/files/twelve_torch.py"


def main() -> None:
    bare = process_seconds(["-c", "pass"])
    numpy = process_seconds(["-c", "import numpy"])
    ours = process_seconds(["-c", "import backproof"])
    torch = process_seconds(["-c", "import torch"])
    check_numpy = process_seconds(["-m", "backproof", "check", NUMPY_FILE])
    check_torch = process_seconds(["-m", "backproof", "check", TORCH_FILE])
    table(
        "Whole processes, median of 5, seconds",
        [
            ("python -c pass", f"{bare:.3f}", ""),
            ("import numpy", f"{numpy:.3f}", ""),
            (
                "import backproof",
                f"{ours:.3f}, {ours - bare:.3f} of it the import",
                "goal: import under 0.15",
            ),
            ("import torch", f"{torch:.2f}", ""),
            ("backproof check, NumPy file, five components", f"{check_numpy:.2f}", "goal: under 1.5"),
            (
                "backproof check, torch file, twelve components",
                f"{check_torch:.2f}, import torch + {check_torch - torch:.2f}",
                "goal: under import torch + 1.5",
            ),
        ],
    )
