"""Checks the examples, shows a gradient, and trains a model; the pictures are left in ``out/``.

Run by ``make demo``. What is found is held against `expected.json`. Ends with 0 if that is met to the letter
and all else went well, with 1 otherwise.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent
FILES = (
    "first_steps.py",
    "notebook_losses_and_activations.ipynb",
    "autograd_functions.py",
    "numpy_layers.py",
    "optimizers.py",
)
#: One example never ends: six seconds are enough to see that.
TIMEOUT = "6"


def check(*options: str, capture: bool) -> subprocess.CompletedProcess[str]:
    """Run ``backproof check`` on the examples, as a user does."""
    command = [sys.executable, "-m", "backproof", "check", *FILES, "--timeout", TIMEOUT, *options]
    return subprocess.run(
        command, cwd=HERE, check=False, text=True, stdout=subprocess.PIPE if capture else None
    )


EXPRESSION = "a = 2*x; b = sin(y); f = tanh(log(1 + z*a/b))"
VALUES = ("x=1", "y=2", "z=3")
#: What else is shown, after the check: a gradient, and a training.
SHOWN = (
    ("graph", EXPRESSION, *VALUES, "--wrt", "y"),
    ("graph", EXPRESSION, *VALUES, "--out", "out/graph.svg"),
    ("derive", EXPRESSION, *VALUES, "--wrt", "y"),
    (
        "train",
        "examples/tables/exam.csv",
        "--target",
        "passed",
        "--validation",
        "0.2",
        "--plot",
        "out",
        "--overwrite",
    ),
)


def run(*arguments: str) -> int:
    """Run a command as a user does, and show it."""
    written = " ".join(f'"{part}"' if " " in part or "*" in part else part for part in arguments)
    print(f"\n$ backproof {written}", flush=True)
    return subprocess.run([sys.executable, "-m", "backproof", *arguments], cwd=ROOT, check=False).returncode


def deviations(found: dict[str, Any], expected: dict[str, Any]) -> Iterator[str]:
    """Say in which ways a report is not as expected, a line each."""
    judged = {(c["file"], c["name"]): c for c in found["candidates"]}
    rows = expected["candidates"]
    wanted = {(file, name): rows[file][name] for file in rows for name in rows[file]}
    for key in wanted.keys() | judged.keys():
        file, name = key
        if key not in judged:
            yield f"{file}: {name} was not found"
        elif key not in wanted:
            yield f"{file}: {name} was not expected, and is judged {judged[key]['verdict']}"
        else:
            told = {
                "verdict": judged[key]["verdict"],
                "findings": sorted([f["diagnosis"], f["severity"]] for f in judged[key]["findings"]),
            }
            if told != {**wanted[key], "findings": sorted(wanted[key]["findings"])}:
                yield f"{file}: {name}: expected {wanted[key]}, got {told}"
    units = [[u["file"], u["cell"], u["finding"]["diagnosis"]] for u in found["units"]]
    if units != expected["units"]:
        yield f"units: expected {expected['units']}, got {units}"
    if found["errors"]:
        yield f"errors: expected none, got {found['errors']}"


def main() -> int:
    """Check, then show the rest."""
    if checked() != 0:
        return 1
    (ROOT / "out").mkdir(exist_ok=True)
    failed = [arguments[0] for arguments in SHOWN if run(*arguments) != 0]
    for name in failed:
        print(f"not as expected: backproof {name} failed")
    print("\nThe pictures are in out/.")
    return 1 if failed else 0


def checked() -> int:
    """Check twice: once to be read, once to be compared."""
    shown = check(capture=False)
    report = check("--format", "json", capture=True)
    found = json.loads(report.stdout)
    expected = json.loads((HERE / "expected.json").read_text(encoding="utf-8"))
    unlike = sorted(deviations(found, expected))
    if shown.returncode != 1 or report.returncode != 1:
        unlike.append(f"exit status: expected 1 twice, got {shown.returncode} and {report.returncode}")
    for line in unlike:
        print(f"not as expected: {line}")
    if unlike:
        return 1
    first = next(candidate for candidate in found["candidates"] if candidate["findings"])
    sample = json.dumps(first["findings"][0], indent=2)
    print(f"\nThe first of these findings, as --format json gives it:\n{sample}")
    print(f"\n{len(found['candidates'])} candidates are judged as examples/expected.json says.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
