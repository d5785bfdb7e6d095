"""What is said about a table and its training: as text for people, as JSON for programs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backproof.training.showing.columns import aligned
from backproof.training.tables.counterpart import Counterpart
from backproof.training.tables.errors import listed
from backproof.training.tables.features import Feature, Words
from backproof.training.tables.fitting import Fitted
from backproof.training.tables.preparing import Prepared
from backproof.training.tables.targets import Classes, Numbers

__all__ = ["Files", "finite", "result", "result_as_text", "understood"]

#: The number of the form of the result.
SCHEMA = 1
#: Rows of coefficients that are shown; of more, the first ones.
_SHOWN = 30
#: Characters of a name.
_LONGEST = 48


def understood(prepared: Prepared) -> str:
    """Say what was understood: the table, its columns, the problem, the model and how it is trained."""
    frame, recipe, steps = prepared.table.frame, prepared.recipe, prepared.steps
    sizes = _counted(len(recipe.inputs), "input"), _counted(recipe.outputs, "output")
    parameters = sum(array.size for array in recipe.model().state_dict().values())
    standard = ", standardized" if recipe.how["standardize"] else ""
    rows = f"{len(prepared.train)} rows, {steps.batch_size} a step; {steps.epochs} epochs"
    apart = f"; {len(prepared.apart)} more to validate on" if prepared.apart is not None else ""
    arriving = f", falling to 0 in the last {_counted(steps.arriving, 'epoch')}" if steps.arriving else ""
    lines = [
        f"{prepared.table.name}: {_counted(frame.height, 'row')}, {_counted(frame.width, 'column')}",
        f"  target     {_target(prepared)}",
        f"  features   {_features(recipe.features)}{standard}",
        f"  model      {recipe.architecture}: {', '.join(sizes)}, {_counted(parameters, 'parameter')}",
        f"  loss       {recipe.loss}{_units(prepared)}",
        f"  optimizer  {recipe.how['optimizer']}, lr {steps.lr:g}{arriving}",
        f"  training   {rows}, seed {recipe.how['seed']}{apart}",
        *(f"  note       {note}" for note in prepared.notes),
    ]
    return "\n".join(map(printable, lines)) + "\n"


def printable(text: str) -> str:
    r"""Give a text for one line: with escapes for what does not print, such as a line's end.

    Examples
    --------
    >>> print(printable("z\nw"))
    z\nw
    """
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)


def _label(name: str) -> str:
    """Give a name for a place in a line: of a long one both ends."""
    plain = printable(name)
    if len(plain) <= _LONGEST:
        return plain
    return f"{plain[: _LONGEST // 2]}…{plain[-(_LONGEST // 2 - 1) :]}"


def _target(prepared: Prepared) -> str:
    target = prepared.recipe.target
    if isinstance(target, Classes):
        return f"{_label(target.column)}: {len(target.classes)} classes ({listed(map(_label, target.names))})"
    values = prepared.table.frame[target.column].drop_nulls().to_numpy()
    return f"{_label(target.column)}: a number, from {values.min():g} to {values.max():g}"


def _features(features: Sequence[Feature]) -> str:
    words = [each for each in features if isinstance(each, Words)]
    numbers = [each.column for each in features if not isinstance(each, Words)]
    parts = []
    if numbers:
        parts.append(f"{_counted(len(numbers), 'column')} of numbers ({listed(map(_label, numbers))})")
    if words:
        each = (f"{_label(one.column)}: {_counted(len(one.categories), 'word')}" for one in words)
        parts.append(f"{_counted(len(words), 'column')} of words ({listed(each)})")
    return ", ".join(parts)


def _units(prepared: Prepared) -> str:
    target = prepared.recipe.target
    if not isinstance(target, Numbers) or (target.mean, target.scale) == (0.0, 1.0):
        return ""
    return (
        f", of {_label(target.column)} less its mean {target.mean:.6g}, in units of its deviation "
        f"{target.scale:.6g}"
    )


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"


@dataclass(frozen=True)
class Files:
    """Files that were written; and those that were to be written and were not, and why."""

    written: Sequence[str] = ()
    absent: Sequence[str] = ()
    why: str = ""


def result(fitted: Fitted, files: Files = Files()) -> dict[str, Any]:
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
        "failure": fitted.failure or None,
        "troubles": [str(trouble) for trouble in history.troubles],
        "training": fitted.scores(prepared.train),
        "validation": None if prepared.apart is None else fitted.scores(prepared.apart),
        **_coefficients(fitted),
        "comparison": None,
        "files": list(files.written),
        "not_written": {"files": list(files.absent), "why": files.why} if files.absent else None,
    }
    found: dict[str, Any] = finite(told)
    return found


def _coefficients(fitted: Fitted) -> dict[str, Any]:
    """Give the coefficients of a linear model, and of its counterpart."""
    found = fitted.coefficients
    if found is None or fitted.failure:
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


def finite(value: Any) -> Any:
    """Give what JSON can hold: null for a number that is not finite."""
    if isinstance(value, dict):
        return {name: finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def result_as_text(told: Mapping[str, Any]) -> str:
    """Write what `result` gave for people."""
    done = f"{_counted(told['epochs'], 'epoch')}, {_counted(told['steps'], 'step')}"
    lines = [f"trained    {done}, {told['seconds']:.2f} s"]
    if told["failure"]:
        lines = [f"failed     after {done}{_besides(told['failure'], told['troubles'])}"]
    lines += [f"  trouble  {trouble}" for trouble in told["troubles"]]
    lines += _scores(told)
    if told["coefficients"] is not None:
        lines += ["", *_table_of_coefficients(told)]
    said = [f"written    {name}" for name in told["files"]]
    if told["not_written"]:
        said.append(f"not written: {listed(told['not_written']['files'])} ({told['not_written']['why']})")
    return "\n".join(map(printable, [*lines, *([""] * bool(said)), *said])) + "\n"


def _besides(failure: str, troubles: Iterable[str]) -> str:
    """Give what there is to say of a failure that the troubles, which are told as well, do not say."""
    seen = (trouble.rpartition("; try ")[0] for trouble in troubles)
    told = next((each for each in seen if each and failure.startswith(each)), "")
    return failure.removeprefix(told) if told else f": {failure}"


def _scores(told: Mapping[str, Any]) -> list[str]:
    columns = {name: told[name] for name in ("training", "validation") if told[name]}
    rows = [["", *columns]]
    rows += [[name, *(_number(each.get(name)) for each in columns.values())] for name in told["training"]]
    return [f"  {line}" for line in aligned(rows, left=1)]


def _table_of_coefficients(told: Mapping[str, Any]) -> list[str]:
    target, other = told["recipe"]["target"], told["counterpart"]
    lines = [f"coefficients of {_answer(target)}, in the units of the data"]
    theirs = other["coefficients"]
    rows = [["", "trained", *([other["name"], "difference"] if theirs else [])]]
    several = len(told["coefficients"]) > 1
    for output, named in told["coefficients"].items():
        for name, value in named.items():
            row = [f"{_label(output)}: {_label(name)}" if several else _label(name), _number(value)]
            if theirs:
                best = theirs[output][name]
                row += [_number(best), "" if None in (value, best) else f"{value - best:.1e}"]
            rows.append(row)
    lines += [f"  {line}" for line in aligned(rows[: _SHOWN + 1], left=1)]
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


def _answer(target: Mapping[str, Any]) -> str:
    """Say what the coefficients are of."""
    if target["kind"] != "classes":
        return _label(target["column"])
    return "the logarithm of the odds" if len(target["classes"]) == 2 else "the scores, less their mean"


def _number(value: float | None) -> str:
    return "not finite" if value is None else f"{value:.6g}"
