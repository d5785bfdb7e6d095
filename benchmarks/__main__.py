"""Run every benchmark, or those named.

``python -m benchmarks [start] [check] [watch] [adam] [train_step] [graphs] [train]``
"""

from __future__ import annotations

import sys

from benchmarks import adam, check, graphs, start, train, train_step, watch

BENCHMARKS = {
    "start": start.main,
    "check": check.main,
    "watch": watch.main,
    "adam": adam.main,
    "train_step": train_step.main,
    "graphs": graphs.main,
    "train": train.main,
}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"expected some of {', '.join(BENCHMARKS)}; got {', '.join(unknown)}", file=sys.stderr)
        return 2
    for name in names or BENCHMARKS:
        BENCHMARKS[name]()
    return 0


sys.exit(main(sys.argv[1:]))
