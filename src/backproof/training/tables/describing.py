"""What is said about a table and its training: as text for people, as JSON for programs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from backproof.training.tables.counterpart import Counterpart
from backproof.training.tables.errors import listed
from backproof.training.tables.features import Feature, Words
from backproof.training.tables.fitting import Fitted
from backproof.training.tables.preparing import Prepared
from backproof.training.tables.targets import Classes, Numbers

__all__ = ["result", "result_as_text", "understood"]

#: The number of the form of the result.
SCHEMA = 1
#: Rows of coefficients that are shown; of more, the first ones.
_SHOWN = 30


def understood(prepared: Prepared) -> str:
    """Say what was understood: the table, its columns, the problem, the model and how it is trained."""
    frame, recipe, steps = prepared.table.frame, prepared.recipe, prepared.steps
    sizes = _counted(len(recipe.inputs), "input"), _counted(recipe.outputs, "output")
    parameters = sum(array.size for array in recipe.model().state_dict().values())
    standard = ", standardized" if recipe.how["standardize"] else ""
    rows = f"{len(prepared.train)} rows, {steps.batch_size} a step; {steps.epochs} epochs"
    apart = f"; {len(prepared.apart)} more to validate on" if prepared.apart is not None else ""
    lines = [
        f"{prepared.table.name}: {_counted(frame.height, 'row')}, {_counted(frame.width, 'column')}",
        f"  target     {_target(prepared)}",
        f"  features   {_features(recipe.features)}{standard}",
        f"  model      {recipe.architecture}: {', '.join(sizes)}, {_counted(parameters, 'parameter')}",
        f"  loss       {recipe.loss}{_units(prepared)}",
        f"  optimizer  {recipe.how['optimizer']}, lr {steps.lr:g}",
        f"  training   {rows}, seed {recipe.how['seed']}{apart}",
        *(f"  note       {note}" for note in prepared.notes),
    ]
    return "\n".join(lines) + "\n"


def _target(prepared: Prepared) -> str:
    target = prepared.recipe.target
    if isinstance(target, Classes):
        return f"{target.column}: {len(target.classes)} classes ({listed(target.names)})"
    values = prepared.table.frame[target.column].drop_nulls().to_numpy()
    return f"{target.column}: a number, from {values.min():g} to {values.max():g}"


def _features(features: Sequence[Feature]) -> str:
    words = [each for each in features if isinstance(each, Words)]
    numbers = [each.column for each in features if not isinstance(each, Words)]
    parts = []
    if numbers:
        parts.append(f"{_counted(len(numbers), 'column')} of numbers ({listed(numbers)})")
    if words:
        each = (f"{one.column}: {_counted(len(one.categories), 'word')}" for one in words)
        parts.append(f"{_counted(len(words), 'column')} of words ({listed(each)})")
    return ", ".join(parts)


def _units(prepared: Prepared) -> str:
    target = prepared.recipe.target
    if not isinstance(target, Numbers) or (target.mean, target.scale) == (0.0, 1.0):
        return ""
    return (
        f", of {target.column} less its mean {target.mean:.6g}, in units of its deviation {target.scale:.6g}"
    )


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"


def result(fitted: Fitted, files: Iterable[str] = (), comparison: str = "") -> dict[str, Any]:
    """Give what came of a training, as what JSON can hold: a number that is none is null."""
    prepared, history = fitted.prepared, fitted.history
    recipe = prepared.recipe
    frame = prepared.table.frame
    told: dict[str, Any] = {
        "schema": SCHEMA,
        "table": {"name": prepared.table.name, "rows": frame.height, "columns": frame.width},
        "recipe": recipe.to_dict(),
        "inputs": recipe.inputs,
        "notes": list(prepared.notes),
        "rows": {"training": len(prepared.train), "validation": len(prepared.apart or ())},
        "epochs": len(history),
        "steps": history[-1].step if len(history) else 0,
        "seconds": float(history["seconds"].sum()),
        "failed": fitted.failed,
        "troubles": [str(trouble) for trouble in history.troubles],
        "training": fitted.scores(prepared.train),
        "validation": None if prepared.apart is None else fitted.scores(prepared.apart),
        **_coefficients(fitted),
        "comparison": comparison or None,
        "files": list(files),
    }
    found: dict[str, Any] = _finite(told)
    return found


def _coefficients(fitted: Fitted) -> dict[str, Any]:
    """Give the coefficients of a linear model, and of its counterpart."""
    found = fitted.coefficients
    if found is None or fitted.failed:
        return {"coefficients": None, "counterpart": None}
    other = fitted.counterpart()
    about: dict[str, Any] = {"name": other.name, "note": other.note, "coefficients": None, "loss": None}
    if other.coefficients is not None:
        about["coefficients"] = fitted.in_units(other.coefficients)
        about["loss"] = _loss(fitted, other)
    return {"coefficients": fitted.in_units(found), "counterpart": about}


def _loss(fitted: Fitted, other: Counterpart) -> float:
    assert other.coefficients is not None  # noqa: S101 - it was asked for
    part = fitted.prepared.train
    return fitted.loss_of(other.coefficients.outputs(part.inputs), part)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def result_as_text(told: Mapping[str, Any]) -> str:
    """Write what `result` gave for people."""
    steps = _counted(told["steps"], "step")
    lines = [f"trained    {_counted(told['epochs'], 'epoch')}, {steps}, {told['seconds']:.2f} s"]
    if told["failed"]:
        lines[0] = f"failed     after {_counted(told['epochs'], 'epoch')}, {steps}: {told['failed']}"
    lines += [f"  trouble  {trouble}" for trouble in told["troubles"]]
    lines += _scores(told)
    if told["coefficients"] is not None:
        lines += ["", *_table_of_coefficients(told)]
    if told["comparison"]:
        lines += ["", told["comparison"]]
    if told["files"]:
        lines += ["", *(f"written    {name}" for name in told["files"])]
    return "\n".join(lines) + "\n"


def _scores(told: Mapping[str, Any]) -> list[str]:
    columns = {name: told[name] for name in ("training", "validation") if told[name]}
    rows = [["", *columns]]
    rows += [[name, *(_number(each.get(name)) for each in columns.values())] for name in told["training"]]
    return _aligned(rows)


def _table_of_coefficients(told: Mapping[str, Any]) -> list[str]:
    target, other = told["recipe"]["target"], told["counterpart"]
    of = "the logarithm of the odds" if target["kind"] == "classes" else target["column"]
    lines = [f"coefficients of {of}, in the units of the data"]
    theirs = other["coefficients"]
    rows = [["", "trained", *([other["name"], "difference"] if theirs else [])]]
    several = len(told["coefficients"]) > 1
    for output, named in told["coefficients"].items():
        for name, value in named.items():
            row = [f"{output}: {name}" if several else name, _number(value)]
            if theirs:
                best = theirs[output][name]
                row += [_number(best), "" if None in (value, best) else f"{value - best:.1e}"]
            rows.append(row)
    lines += _aligned(rows[: _SHOWN + 1])
    if len(rows) > _SHOWN + 1:
        lines.append(f"  and {len(rows) - _SHOWN - 1} more: --format json gives all")
    if other["loss"] is not None and told["training"]["loss"] is not None:
        above = max(told["training"]["loss"] - other["loss"], 0.0)
        lines.append(
            f"  {other['name']} reaches the loss {_number(other['loss'])}; training is {above:.1e} above it"
        )
    if other["note"]:
        lines.append(f"  {other['note']}")
    return lines


def _number(value: float | None) -> str:
    return "not finite" if value is None else f"{value:.6g}"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Write rows in columns: the first to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  "
        + "  ".join(
            [row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))]
        )
        for row in rows
    ]
