"""Makes the reference, the pages of the diagnoses and the table of accuracy, and runs what other pages show.

Run as ``python -m docs.generator [--measure [ROW …]]``.

With ``--measure`` the errors are measured again first, which takes some minutes: of all, or of the rows
of true values that are named.
"""

from __future__ import annotations

import sys
from pathlib import Path

from backproof.ops import CATALOGUE, Op
from docs.generator import courses, sessions
from docs.generator.accuracy import measure_all, measure_elementary
from docs.generator.curves import curves
from docs.generator.diagnoses import diagnoses
from docs.generator.pictures import pair
from docs.generator.reference import picture_path, reference
from docs.generator.results import doubted, load, save, unexplained
from docs.generator.table import accuracy
from tests.ops.true_values import TRUTHS

DOCS = Path(__file__).resolve().parents[1]
FIGURES = DOCS / "accuracy.json"


def texts() -> dict[str, str]:
    """Give every page by its path from the folder of the documentation."""
    measured = load(FIGURES)
    pages = {f"reference/{name}": page for name, page in reference(measured).items()}
    pages |= {f"diagnoses/{name}": page for name, page in diagnoses().items()}
    return {**pages, "accuracy.md": accuracy(measured)}


def pictures() -> dict[str, str]:
    """Give every picture by its path from the folder of the documentation."""
    folder = "reference/pictures"
    found = {f"{folder}/updates.svg": courses.descents(), f"{folder}/schedules.svg": courses.rates()}
    for op in CATALOGUE.values():
        found |= pictures_of(op)
    return found


def pictures_of(op: Op) -> dict[str, str]:
    """Give the picture of an op, if it has one, by its path."""
    path = picture_path(op)
    if path is None:
        return {}
    value, slope = ("ℓ", "∂ℓ/∂x") if op.kind == "loss" else (op.name, f"d{op.name}/dx")
    return {f"reference/{path}": pair(curves(op), "x", value, slope)}


def write(folder: Path) -> None:
    """Write pages and pictures into a folder."""
    for name, text in {**texts(), **pictures()}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Make everything; the exit status is 1 if a row of the accuracy has no explanation and needs one."""
    wrong = [name for name in arguments[1:] if name not in TRUTHS]
    if wrong or arguments[:1] not in ([], ["--measure"]):
        print(f"expected nothing, or --measure and names of rows; got {' '.join(arguments)}", file=sys.stderr)
        return 2
    if arguments[1:]:
        measured = load(FIGURES)
        again = [row for row in measured.rows if row.op not in arguments]
        again += doubted(measure_all(arguments[1:]))
        order = list(TRUTHS)
        save(sorted(again, key=lambda row: order.index(row.op)), measured.elementary, FIGURES)
    elif arguments:
        save(doubted(measure_all()), measure_elementary(), FIGURES)
    missing = unexplained(load(FIGURES))
    if missing:
        print("explain in docs/generator/reasons.py, or mend the op:", file=sys.stderr)
        print(*missing, sep="\n", file=sys.stderr)
        return 1
    write(DOCS)
    sessions.write()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
