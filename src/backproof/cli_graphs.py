"""The commands ``graph`` and ``derive``: what they are given, and the text that they give."""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from backproof.graphs.graph import Graph

__all__ = ["ABOUT_DERIVE", "ABOUT_GRAPH", "derive", "graph"]

ABOUT_GRAPH = """Show a computation graph: every value, every local gradient, every gradient flowing back.

EXPR is an expression, or steps separated by semicolons, also in LaTeX; the name of a file that holds them;
or - for the standard input. Values are numbers or lists: x=1 "w=[[1, 2], [3, 4]]".

Examples:

\b
    backproof graph "tanh(log(1 + z*2*x/sin(y)))" x=1 y=2 z=3 --wrt y
    backproof graph "a = w*x; f = (a - y)**2" w=0.5 x=2 y=3 --step
    backproof graph "softmax(x @ w)" "x=[[1, 2]]" "w=[[1, 0], [2, 1]]" --out graph.svg

Exit status: 0, or 2 where the expression or a value is not understood.
"""
ABOUT_DERIVE = """Write out a derivative step by step, or say of each claimed line whether it is right.

The chain rule along the paths, each factor by its op's gradient rule, put together and simplified. Each step
is checked against the one before. With --claim the lines of a solution are judged instead.

Examples:

\b
    backproof derive "tanh(w*x + b)" --wrt w
    backproof derive "exp(2*x + 3)" --wrt x --wrt x
    backproof derive "1/(1 + exp(-x))" --wrt x --claim "y*(1 - y)" --where "y = 1/(1 + exp(-x))"

Exit status: 0, each step holds; 1, a claim is refuted or could not be settled; 2, it could not do its work.
"""
#: What is meant to be a file, and no expression.
_FILE = re.compile(r"[\w./\\-]+\.(txt|tex|md)")
_TEXTS = ("text", "markdown", "latex", "html")


def graph(
    expression: Annotated[str, typer.Argument(metavar="EXPR", help="The expression, or a file with it.")],
    values: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME=VALUE]...", help="The value of each input.")
    ] = None,
    wrt: Annotated[list[str] | None, typer.Option(help="Show each path from this name; repeatable.")] = None,
    form: Annotated[
        str, typer.Option("--format", help="text, svg, png, html, mermaid, dot, json, gif or latex.")
    ] = "",
    out: Annotated[
        Path | None, typer.Option(help="Write to this file; its ending may say the format.")
    ] = None,
    step: Annotated[
        bool, typer.Option("--step", help="Show one node at a time, forward, then back.")
    ] = False,
) -> tuple[str | bytes, Path | None, int]:
    """Give what is shown of a graph, the file that it is for, and the exit status."""
    chosen = _format(form, out, ("text", "latex", *_drawings()))
    if (step and (chosen != "text" or wrt)) or (wrt and chosen not in ("text", "latex")):
        raise ValueError(
            f"--step is text, without --wrt, and --wrt goes with text and latex; got --format {chosen}"
        )
    found = _graph(expression, values or [])
    if step:
        from backproof.graphs.drawing.steps import steps

        return "\n".join(map(str, steps(found))) + "\n", out, 0
    if chosen == "text":
        parts = [str(found), *(str(found.paths(name)) for name in dict.fromkeys(wrt or ()))]
        return "\n\n".join(parts) + "\n", out, 0
    if chosen == "latex":
        names = wrt or list(found.input_places)
        return "\n".join(found.derive(name).to_latex() for name in names) + "\n", out, 0
    from backproof.graphs.drawing.files import drawn

    return drawn(found, chosen), out, 0


def _drawings() -> Sequence[str]:
    from backproof.graphs.drawing.files import FORMATS

    return tuple(FORMATS)


def _format(form: str, out: Path | None, forms: Sequence[str]) -> str:
    """Give the format: the one that is asked for, or that the ending of the file says; both are the same."""
    if form and form not in forms:
        raise ValueError(f"the formats are {', '.join(forms)}; got --format {form}")
    if out is None:
        return form or "text"
    from backproof.graphs.drawing.files import ENDINGS

    every = {"txt": "text", "tex": "latex", "md": "markdown", **ENDINGS}
    said = every.get(out.suffix[1:].lower())
    if said not in forms and not form:
        known = ", ".join(f".{ending}" for ending, one in every.items() if one in forms)
        raise ValueError(f"expected a file that ends in {known}; got --out {out}")
    if form and said in forms and said != form:
        raise ValueError(f"the ending of --out {out} says {said}; got --format {form}")
    return form or str(said)


def _graph(expression: str, values: Sequence[str]) -> Graph:
    from backproof.graphs.graph import graph as build

    return build(_read(expression), **_values(values))


def _values(given: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in map(_value, given):
        if name in found:
            raise ValueError(f"expected one value for each input; got two for {name}")
        found[name] = value
    return found


def _read(expression: str) -> str:
    """Give the text of an expression, or of the file of that name."""
    if expression == "-":
        return sys.stdin.read()
    if not _is_file(expression):
        if _FILE.fullmatch(expression):
            raise ValueError(f"there is no file {expression}")
        return expression
    try:
        return Path(expression).read_text("utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"expected a file of text, got {expression}") from None


def _is_file(expression: str) -> bool:
    try:
        return Path(expression).is_file()
    except (OSError, ValueError):  # a text that is too long for the name of a file, or has a NUL
        return False


def _value(given: str) -> tuple[str, Any]:
    name, sign, text = given.partition("=")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    name = unicodedata.normalize("NFKC", name)  # as Python does with names, and as the expression is read
    if not sign or not name.strip().isidentifier() or not isinstance(value, int | float | list):
        raise ValueError(
            f'expected NAME=VALUE, a number or a list such as "w=[[1, 2], [3, 4]]"; got {given!r}'
        )
    return name.strip(), value


def derive(
    expression: Annotated[str, typer.Argument(metavar="EXPR", help="The expression, or a file with it.")],
    values: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME=VALUE]...", help="Values of inputs.")
    ] = None,
    wrt: Annotated[list[str] | None, typer.Option(help="Derive for this name; twice, for both.")] = None,
    claim: Annotated[list[str] | None, typer.Option(help="A line that is claimed; repeatable.")] = None,
    where: Annotated[str, typer.Option(help="Steps that the claims use.")] = "",
    form: Annotated[str, typer.Option("--format", help="text, markdown, latex or html.")] = "",
    seconds: Annotated[float, typer.Option(help="How long to try to prove a step.")] = 5.0,
    out: Annotated[
        Path | None, typer.Option(help="Write to this file; its ending may say the format.")
    ] = None,
) -> tuple[str | bytes, Path | None, int]:
    """Give a derivation, or the judgement of claimed lines, the file that it is for, and the exit status."""
    chosen = _format(form, out, _TEXTS)
    text, found = _read(expression), _values(values or [])
    shown: Any
    if claim:
        from backproof.graphs.deriving.prove import prove

        if len(wrt or ()) > 1:
            raise ValueError("expected one --wrt with --claim: the gradient that is claimed")
        shown = prove(text, wrt[0] if wrt else None, claim, where, seconds, _shapes(found))
    else:
        from backproof.graphs.api import derive as deriving

        if not wrt:
            raise ValueError("expected --wrt NAME, the name to derive for, or --claim LINE, a line to judge")
        shown = deriving([where, text] if where else text, *wrt, seconds=seconds, **found)
    return getattr(shown, f"to_{chosen}")() + "\n", out, 0 if shown.holds else 1


def _shapes(values: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    """Give the shapes of arrays; of a number there is nothing to say to a claim, which is made of all."""
    import numpy as np

    numbers = [f"{name}={value}" for name, value in values.items() if not isinstance(value, list)]
    if numbers:
        raise ValueError(
            "a claim is judged for all numbers: of an array a list says the shape; got " + ", ".join(numbers)
        )
    return {name: np.shape(value) for name, value in values.items()}
