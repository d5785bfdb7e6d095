"""Writes the pages of the reference: one for each kind of component, made from the catalogues."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

import backproof.updates
from backproof import ops, optim
from backproof.ops import Op
from backproof.ops.domain import Domain
from docs.generator import courses
from docs.generator.curves import view_of
from docs.generator.docstrings import anchors, body, summary
from docs.generator.doors import found_in, torch_link
from docs.generator.results import Measured
from docs.generator.table import brief

__all__ = ["KINDS", "Kind", "picture_path", "reference"]

#: What every page says of itself.
_NOTICE = "<!-- Made by `make docs` from the docstrings: change those, not this page. -->"


@dataclass(frozen=True)
class Kind:
    """A page of ops: its file, its title, what it says first, and the front doors of its components."""

    file: str
    title: str
    intro: str
    doors: tuple[str, ...]


_MODULES = ("backproof.nn", "backproof.torch.nn")
KINDS: dict[str, Kind] = {
    "activation": Kind(
        "activations.md",
        "Activations",
        "The pictures show the function at its default options and, beside it, its derivative.",
        _MODULES,
    ),
    "loss": Kind(
        "losses.md",
        "Losses",
        "An op gives the loss of each element, ℓ; the reduction stands outside: the mean, the sum, or none. "
        "The pictures show ℓ over the input for targets that are held and, beside it, the gradient.",
        _MODULES,
    ),
    "layer": Kind(
        "layers.md",
        "Layers",
        "Here a layer is a function of its input and its parameters, with a gradient rule for each. The "
        "modules hold the parameters, under the same names.",
        _MODULES,
    ),
    "elementary": Kind(
        "elementary.md",
        "Elementary functions",
        "What formulas are made of. `backproof.ops.CATALOGUE` has each under the name it has here.",
        (),
    ),
}
_DOMAINS: dict[Domain, str] = {
    "real": "any number",
    "small": "any number",
    "positive": "(0, ∞)",
    "unit": "(−1, 1)",
    "probability": "(0, 1)",
    "log probability": "(−∞, 0)",
    "binary": "[0, 1]",
    "sign": "−1 or 1",
    "mask": "true or false",
    "class": "index of a class",
}


#: The longest line of code, as in the package.
_WIDTH = 110
_REFERENCE = """\
Every component of the catalogue: its formula, the derivation of its gradient, and where it is found. Each
is defined once, as an op or an update rule; the modules and optimizers for NumPy and PyTorch are made from
that. How near each comes to the true value: [accuracy](../accuracy.md). How one is added: [adding a
component](../adding.md)."""
_UPDATES = """\
Pure functions from parameter, gradient and state to parameter and state. The optimizers of
`backproof.optim` and `backproof.torch.optim` are made from them.

The first {steps} steps of each down a valley that is {steepness:g} times as steep across as along; the
rings are heights, the dot is the lowest point:"""
_SCHEDULES = """\
Learning rates that change from step to step, for the optimizers of `backproof.optim`. With
`backproof.torch.optim` those of PyTorch do it.

The learning rate over {epochs} steps, starting from 1:"""


def reference(measured: Measured) -> dict[str, str]:
    """Give every page of the reference by its file name."""
    pages = {kind.file: _page(name, kind, measured) for name, kind in KINDS.items()}
    pages["updates.md"] = _updates()
    pages["schedules.md"] = _schedules()
    pages["README.md"] = _index(pages)
    return pages


# --- Ops ---------------------------------------------------------------------------------------


def _page(name: str, kind: Kind, measured: Measured) -> str:
    parts = [_NOTICE, f"# {kind.title}", kind.intro]
    chapters = _chapters(name)
    for module, components in chapters.items():
        parts += [f"## {summary(module.__doc__)}", body(module.__doc__)]
        for op in components:
            parts += _section(op, kind, measured)
    return _joined(parts)


def _chapters(kind: str) -> dict[ModuleType, list[Op]]:
    """Give the ops of a kind by the module that exports them."""
    home = {
        id(getattr(module, name)): module
        for module in _modules(ops)
        for name in getattr(module, "__all__", ())
        if isinstance(getattr(module, name), Op)
    }
    found: dict[ModuleType, list[Op]] = {}
    for op in ops.CATALOGUE.values():
        if op.kind == kind:
            found.setdefault(home[id(op)], []).append(op)
    return dict(sorted(found.items(), key=lambda item: item[0].__name__))


def _modules(package: ModuleType) -> list[ModuleType]:
    found = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    return [importlib.import_module(module.name) for module in found]


def picture_path(op: Op) -> str | None:
    """Give the path of an op's picture from the pages; ``None`` if it has none.

    Examples
    --------
    >>> picture_path(ops.CATALOGUE["Tanh"])
    'pictures/activation/Tanh.svg'
    """
    return None if view_of(op) is None else f"pictures/{op.kind}/{op.name}.svg"


def _section(op: Op, kind: Kind, measured: Measured) -> list[str]:
    picture = picture_path(op)
    return [
        f"### {op.name}",
        f"{summary(op.__doc__)}.",
        f"```python\n{_call(op)}\n```",
        f"![{op.name} and its derivative]({picture})" if picture else "",
        _caption(op),
        body(op.__doc__),
        _facts(op, kind, measured),
    ]


def _caption(op: Op) -> str:
    """Say what a picture shows, where it is not the plain function of x."""
    view = view_of(op)
    if view is None or not (view.row or view.options):
        return ""
    parts = []
    if view.row:
        row = ", ".join(["x", *(f"{number:g}".replace("-", "−") for number in view.row)])
        first = (
            "the first output for the input"
            if op.kind == "activation"
            else f"for the {next(iter(op.arguments))}"
        )
        parts.append(f"{first} ({row})")
    parts += [f"with {_written(view.options)}"] if view.options else []
    return f"*In the picture: {', '.join(parts)}.*"


def _call(op: Op) -> str:
    """Write how an op is called, with its defaults."""
    parameters = inspect.signature(op.forward).parameters
    arguments = [
        name if parameters[name].default is inspect.Parameter.empty else f"{name}=None"
        for name in op.arguments
    ]
    return _signature(op.name, arguments, op.options)


def _signature(name: str, arguments: Iterable[str], options: Mapping[str, object], mark: str = "*") -> str:
    """Write a call; ``mark`` stands before what goes by keyword only."""
    written = [
        option if default is inspect.Parameter.empty else f"{option}={_literal(default)}"
        for option, default in options.items()
    ]
    marked = [mark, *written] if mark and written else written
    parts = [*arguments, *marked]
    line = f"{name}({', '.join(parts)})"
    return line if len(line) <= _WIDTH else "\n".join([f"{name}(", *(f"    {part}," for part in parts), ")"])


def _literal(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _facts(op: Op, kind: Kind, measured: Measured) -> str:
    rows = [
        ("PyTorch", torch_link(op.kind, op.name)),
        ("here", ", ".join(f"`{name}`" for name in found_in(op.name, list(kind.doors)))),
        ("arguments", "<br>".join(_arguments(op))),
        ("outputs", ", ".join(map("`{}`".format, op.outputs)) if op.outputs[1:] and not op.reduction else ""),
        ("no derivative at", ", ".join(_kinks(op))),
        ("also known as", ", ".join(_aliases(op.aliases))),
        ("largest error", brief(measured, op.name)),
    ]
    return _table(rows)


def _table(rows: Iterable[tuple[str, str]]) -> str:
    """Write a table of two columns without a head; rows that have nothing to say are left out."""
    lines = [f"| {name} | {text.replace('|', chr(92) + '|')} |" for name, text in rows if text]
    return "\n".join(["| | |", "|---|---|", *lines])


def _arguments(op: Op) -> list[str]:
    found = []
    for name, argument in op.arguments.items():
        axes = "" if op.elementwise else argument.axes.replace(" ", " × ")
        words = [_DOMAINS[argument.domain], axes and f"axes {axes}"]
        words += ["may be left out"] if argument.optional else []
        words += [] if name in op.rules else ["no gradient"]
        found.append(f"`{name}`: {', '.join(filter(None, words))}")
    return found


def _kinks(op: Op) -> list[str]:
    """Say where there is no derivative, and what is taken for it where that is one number."""
    found = []
    for argument, kinks in op.kinks.items():
        for kink in kinks:
            place = (
                f"{kink:g}" if not isinstance(kink, str) else f"{_negative(kink)}`{kink.removeprefix('-')}`"
            )
            found.append(f"`{argument}` = {place.replace('-', '−')}{_choice(op, argument, kink)}")
    return found


def _negative(kink: str) -> str:
    return "−" if kink.startswith("-") else ""


def _choice(op: Op, argument: str, kink: float | str) -> str:
    """Give the derivative that is taken at a kink, if the op is a function of that one number."""
    view = view_of(op)
    if view is None or view.row is not None:
        return ""
    slopes = set()
    for held in view.held.values():
        inputs = {argument: 0.0, **held}
        inputs[argument] = op.place(kink, inputs, view.options)
        arrays = [np.asarray(inputs[name], dtype=float) for name in op.arguments if name in inputs]
        options = {**({"reduction": "none"} if op.reduction else {}), **view.options}
        gradients = op.gradients(np, np.asarray(1.0), arrays, wrt=[argument], **options)
        slopes.add(f"{gradients[argument].item() + 0.0:g}".replace("-", "−"))
    return f" (taken: {' or '.join(sorted(slopes))})"


def _aliases(aliases: Mapping[str, Mapping[str, object]]) -> list[str]:
    """Give the other names that the checker knows, with the options that they mean."""
    return [
        f"{alias} ({', '.join(f'`{name}={_literal(value)}`' for name, value in options.items())})"
        if options
        else alias
        for alias, options in aliases.items()
    ]


# --- Update rules and schedules ----------------------------------------------------------------


def _updates() -> str:
    parts = [
        _NOTICE,
        "# Update rules",
        _UPDATES.format(steps=courses.STEPS, steepness=courses.STEEPNESS),
        "![The first steps of every update rule](pictures/updates.svg)",
    ]
    for name, rule in sorted(backproof.updates.CATALOGUE.items()):
        doors = found_in(name, ["backproof.optim", "backproof.torch.optim"])
        rows = [
            ("PyTorch", torch_link("update rule", name)),
            ("here", ", ".join(f"`{door}`" for door in doors)),
            ("also known as", ", ".join(_aliases(rule.aliases))),
        ]
        call = _signature(name, ["params"], rule.hyperparameters())
        parts += [f"## {name}", f"{summary(rule.__doc__)}.", f"```python\n{call}\n```", body(rule.__doc__)]
        parts.append(_table(rows))
    return _joined(parts)


def _schedules() -> str:
    parts = [
        _NOTICE,
        "# Schedules",
        _SCHEDULES.format(epochs=courses.EPOCHS),
        "![The learning rate of every schedule](pictures/schedules.svg)",
    ]
    for name in courses.schedules():
        schedule = getattr(optim.lr_scheduler, name)
        rows = [
            ("PyTorch", torch_link("schedule", name)),
            ("here", f"`backproof.optim.lr_scheduler.{name}`"),
            ("in the picture", _written(courses.ARGUMENTS[name])),
        ]
        arguments = list(inspect.signature(schedule).parameters.values())
        options = {argument.name: argument.default for argument in arguments[1:]}
        call = f"```python\n{_signature(name, [arguments[0].name], options, mark='')}\n```"
        parts += [f"## {name}", f"{summary(schedule.__doc__)}.", call, body(schedule.__doc__), _table(rows)]
    return _joined(parts)


def _written(arguments: Mapping[str, Any]) -> str:
    return ", ".join(
        f"`{name}={_literal(value)}`" for name, value in arguments.items() if not callable(value)
    )


# --- The index ---------------------------------------------------------------------------------


def _index(pages: Mapping[str, str]) -> str:
    parts = [
        _NOTICE,
        "# Reference",
        _REFERENCE,
    ]
    for name, kind in KINDS.items():
        entries = [(op.name, summary(op.__doc__)) for module in _chapters(name).values() for op in module]
        parts += _listing(kind.title, kind.file, entries, pages)
    rules = [(name, summary(rule.__doc__)) for name, rule in sorted(backproof.updates.CATALOGUE.items())]
    parts += _listing("Update rules", "updates.md", rules, pages)
    schedules = [(name, summary(getattr(optim.lr_scheduler, name).__doc__)) for name in courses.schedules()]
    parts += _listing("Schedules", "schedules.md", schedules, pages)
    return _joined(parts)


def _listing(
    title: str, file: str, entries: Iterable[tuple[str, str]], pages: Mapping[str, str]
) -> list[str]:
    places = anchors(pages[file])
    lines = [
        f"| [{name}]({file}#{places[name]}) | {text.replace('|', chr(92) + '|')} |" for name, text in entries
    ]
    return [f"## [{title}]({file})", "\n".join(["| | |", "|---|---|", *lines])]


def _joined(parts: Iterable[str]) -> str:
    return "\n\n".join(filter(None, parts)) + "\n"
