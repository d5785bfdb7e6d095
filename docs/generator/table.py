"""Writes the page of accuracy, and an op's share of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from docs.generator.accuracy import LIBRARIES, Row
from docs.generator.docstrings import escaped
from docs.generator.results import ALLOWED, CHANCE, FAR, ORDER, WORSE, Measured, flags, reason
from tests.ops.true_values import TRUTHS, WITHOUT, op_of

__all__ = ["accuracy", "brief"]

_KINDS = {
    "activation": "Activations",
    "loss": "Losses",
    "layer": "Layers",
    "elementary": "Elementary functions",
}
_DTYPES = ("float64", "float32")
_HEAD = ["| | | float64 | | | float32 | | |", "|---|---|--:|--:|--:|--:|--:|--:|"]
_COLUMNS = (
    "| op | of | float64: NumPy | PyTorch, ours | PyTorch's | float32: NumPy | PyTorch, ours | PyTorch's |"
)


_INTRODUCTION = """\
The largest error of each output and gradient, in units in the last place (ulp) of the true value: about
{points} inputs each, of every size that floats of the dtype have (of the layers: of ordinary size), true
values with 50 right digits (mpmath), wherever the truth is a normal float. Half a unit is correct rounding;
∞ is a result that is not finite where the truth is. Side by side: our op on NumPy, the same op behind
`backproof.torch`, and PyTorch's own.

In **bold**: ours on PyTorch is worse than PyTorch's by more than {chance:g}, which is chance of the inputs,
or NumPy is more than {allowed} above its elementary functions. [Each has its reason](#exceptions). A †
refers to [where terms cancel](#where-terms-cancel): those rows are judged there, and PyTorch's may be
{order:g} times as good, by the order in which terms are added.

The figures depend on the machine's libraries; `make docs` measures them again."""
_CANCELLING = """\
Where a small result is the difference of large terms, whoever computes it, units in the last place of the
result say little. These are in units of the dtype's ε, relative to the largest of 1, the result and the
upstream gradient, or (Σ) to the sum of the sizes of the terms."""


def number(error: float | None) -> str:
    """Write an error: two digits are enough.

    Examples
    --------
    >>> [number(error) for error in (0.5, 12.34, 8.8e15, float("inf"), None)]
    ['0.5', '12', '9e15', '∞', '–']
    """
    if error is None:
        return "–"
    if error == float("inf"):
        return "∞"
    # Beyond four digits only the size is of interest.
    return (
        f"{error:.0e}".replace("e+0", "e").replace("e+", "e")
        if error >= 10**4
        else f"{float(f'{error:.2g}'):g}"
    )


def brief(measured: Measured, op: str) -> str:
    """Give an op's largest errors on NumPy, for its section in the reference."""
    rows: dict[tuple[str, str], dict[str, Row]] = {}
    for row in measured.of(op):
        rows.setdefault((row.op, row.result), {})[row.dtype] = row
    found = []
    for (name, result), by_dtype in rows.items():
        errors = " / ".join(number((row.relative or row.errors)["numpy"]) for row in by_dtype.values())
        what = "output" if result == "output" else f"gradient for `{result}`"
        further = name.removeprefix(op).strip()
        found.append(f"{what}{further and f' ({further})'} {errors} {_unit(name, result)}")
    return f"{', '.join(found)} (float64 / float32 on NumPy; [all](../accuracy.md))" if found else ""


def _unit(op: str, result: str) -> str:
    return {"ulp": "ulp", "eps": "ε", "terms": "ε of the terms"}[TRUTHS[op].within[result].measure]


def accuracy(measured: Measured) -> str:
    """Give the page."""
    versions = ", ".join(f"{name} {version}" for name, version in measured.versions.items())
    parts = [
        "<!-- Made by `make docs`; the figures are in accuracy.json. -->",
        "# Accuracy",
        _INTRODUCTION.format(points=measured.points, chance=CHANCE, order=ORDER, allowed=ALLOWED),
        "## What NumPy's functions reach",
        _elementary(measured),
    ]
    for kind, title in _KINDS.items():
        rows = [row for row in measured.rows if op_of(row.op).kind == kind]
        if rows:
            parts += [f"## {title}", _figures(rows, relative=False, floor=measured.floor)]
    relative = [row for row in measured.rows if row.relative is not None]
    parts += ["## Where terms cancel", _CANCELLING]
    parts += [_figures(relative, relative=True, floor=measured.floor), "Why:", _whys(relative)]
    parts += ["## Exceptions", _exceptions(measured), "## Not in the table"]
    parts += ["\n".join(f"- {name}: {escaped(why)}" for name, why in WITHOUT.items()) or "None: every op is."]
    parts += [f"Measured with {versions}."]
    return "\n\n".join(parts) + "\n"


def _elementary(measured: Measured) -> str:
    head = f"| | {' | '.join(measured.elementary)} |"
    rule = "|---|" + "--:|" * len(measured.elementary)
    lines = [
        f"| {dtype} | {' | '.join(number(errors[dtype]) for errors in measured.elementary.values())} |"
        for dtype in _DTYPES
    ]
    return "\n".join([head, rule, *lines])


def _figures(rows: Iterable[Row], relative: bool, floor: Callable[[str], float]) -> str:
    """Write a table with a line for each result: both dtypes, all libraries."""
    table: dict[tuple[str, str], dict[str, Row]] = {}
    for row in rows:
        table.setdefault((row.op, row.result), {})[row.dtype] = row
    lines = []
    for (op, result), by_dtype in table.items():
        cells = [cell for dtype in _DTYPES for cell in _cells(by_dtype[dtype], relative, floor(dtype))]
        mark = " †" if not relative and by_dtype[_DTYPES[0]].relative else ""
        mark = " Σ" if relative and TRUTHS[op].within[result].measure == "terms" else mark
        lines.append(f"| {op} | {result}{mark} | {' | '.join(cells)} |")
    return "\n".join([_COLUMNS, _HEAD[1], *lines])


def _cells(row: Row, relative: bool, floor: float) -> list[str]:
    errors = row.relative if relative and row.relative else row.errors
    bold = {WORSE: "front door", FAR: "numpy"}
    judged = relative or row.relative is None
    marked = {bold[flag] for flag in flags(row, floor)} if judged else set()
    return [
        f"**{number(errors[library])}**" if library in marked else number(errors[library])
        for library in LIBRARIES
    ]


def _whys(rows: Iterable[Row]) -> str:
    """Give the tests' reasons, each with the rows that it is for."""
    reasons: dict[str, list[str]] = {}
    for op, result in dict.fromkeys((row.op, row.result) for row in rows):
        reasons.setdefault(TRUTHS[op].within[result].why, []).append(f"{op} {result}")
    return "\n".join(f"- {', '.join(where)}: {escaped(why)}." for why, where in reasons.items())


def _exceptions(measured: Measured) -> str:
    """Give the reasons, each with the rows that it is for."""
    where: dict[str, dict[str, None]] = {}
    for row in measured.rows:
        for flag in flags(row, measured.floor(row.dtype)):
            where.setdefault(reason(row, flag), {})[f"{row.op} {row.result} ({flag})"] = None
    return "\n".join(f"- {', '.join(rows)}: {escaped(why)}." for why, rows in where.items()) or "None."
