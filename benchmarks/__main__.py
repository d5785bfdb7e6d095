"""Run every benchmark, or those named: ``python -m benchmarks [start] [check]``."""

from __future__ import annotations

import sys

from benchmarks import check, start

BENCHMARKS = {"start": start.main, "check": check.main}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"expected some of {', '.join(BENCHMARKS)}; got {', '.join(unknown)}", file=sys.stderr)
        return 2
    for name in names or BENCHMARKS:
        BENCHMARKS[name]()
    return 0


sys.exit(main(sys.argv[1:]))
