"""The shapes of the arguments of what has no reference: the first usual ones with which it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from backproof.checking.adapt.execution import Obstacle
from backproof.checking.adapt.filling.arguments import usual
from backproof.checking.adapt.filling.constructing import is_size
from backproof.checking.adapt.filling.trials import Plan
from backproof.checking.adapt.words.names import is_input, means, target_score
from backproof.checking.adapt.words.signatures import Parameter
from backproof.checking.candidate import Case, Convention, Raised, Signature

__all__ = ["suggest_arguments"]

#: Arrays with more features than this take too long to differentiate.
_WIDEST = 64

#: The size of each axis letter: different, and small where there are many axes. Z is I and H side by side.
_SIZES = {"N": 7, "D": 5, "I": 5, "O": 3, "H": 2, "B": 3, "T": 4, "C": 2, "X": 6, "Y": 4, "K": 3, "Z": 7}
#: A sequence, and the weights of what goes through it step by step: of no gates, of three or of four.
_SEQUENCES = (
    *("B T I, I H, H H, H", "B T I, H I, H H, H"),
    *("B T I, I 4H, H 4H, 4H", "B T I, 4H I, 4H H, 4H", "B T I, I 3H, H 3H, 3H"),
)
#: A square matrix, pairs, and points in space: what takes no other is asked for these last.
_FIXED = ("D D", "N 2", "N 3")
#: Axes of the arguments, in their order, by how many there are. A digit before a letter multiplies it.
_AXES: dict[int, tuple[str, ...]] = {
    1: ("B C X Y", "B T D", "B X Y C", "N D", "N", *_FIXED, "B D D", "B 4C X Y"),
    2: (
        "N D, N D",
        "N I, I O",
        "N I, O I",
        "N D, D",
        "N D, 1",
        "N D, ",
        "N 4H, N H",
        "B C X Y, O C K K",
        "B T D, D O",
        "B T D, B T D",
        "B T D, B D O",
        "B T D, B D",
        "N I, O",
        "T I, T I",
        "O I, I N",
        "D, D",
        "I, O I",
        "I, I O",
        "N N, N D",
        "D D, D",
        *(f"{one}, {one}" for one in _FIXED),
    ),
    3: (
        "N I, I O, O",
        "N I, O I, O",
        "N I, I O, 1 O",
        "N D, D, ",
        "N D, D, 1",
        "N D, D, D",
        "N D, 1, 1",
        "B T D, B T D, B T D",
        "T D, T D, T D",
        "B C X Y, O C K K, O",
        "B C X Y, C, C",
        "B C X, O C K, O",
        "B C X Y, K K C O, O",
        "B T D, D O, O",
        "N D, N D, N D",
        "N I, H I, H",
        "I N, O I, O 1",
        "N I, 1 I, 1",
        "N I, I J, N J",
        "N I, N J, I J",
        "I, O I, O",
        "I, I O, O",
        "N N, N D, D O",
        "N N, N D, O D",
    ),
    4: (
        *("N I, N H, I H, H H", "N I, N O, O I J, O", "N I, I O, O I, I", "N D, N D, N D, N D"),
        *_SEQUENCES,
    ),
    5: (
        *("N I, N H, I H, H H, H", "N I, N H, H I, H H, H", "N I, N H, Z H, Z H, Z H"),
        *(way.replace("B T I", "B T I, B H") for way in _SEQUENCES),
        "N I, I H, H, H O, O",
    ),
    6: (
        "N I, N H, N H, I 4H, H 4H, 4H",
        "N I, N H, N H, 4H I, 4H H, 4H",
        "N I, N H, I 3H, H 3H, 3H, 3H",
        "N I, N H, H I, H H, H, H",
        *(way.replace("B T I", "B T I, B H, B H") for way in _SEQUENCES),
    ),
    7: ("N I, N H, N H, 4H I, 4H H, 4H, 4H",),
}
#: What a loss compares are samples, before they are parameters; the last of them may be a label each.
_SAMPLES: dict[int, tuple[str, ...]] = {
    3: ("N D, N D, N D", "N D, N D, N"),
    4: ("N D, N D, N D, N D", "N D, N D, N D, N"),
}
#: For a cell whose weights are those of several gates.
_GATES = ("I 3H, H 3H, 3H", "I 4H, H 4H, 4H", "3H I, 3H H, 3H", "I 2H, H 2H, 2H")


def suggest_arguments(
    arguments: Sequence[Parameter],
    arrays: Sequence[Parameter],
    signature: Signature,
    conventions: Callable[[Signature], list[dict[str, Any]]],
    compile_: Callable[[Convention], Plan],
) -> list[dict[str, Any]]:
    """Give the conventions of the first usual shapes with which a candidate runs, as ``axes``.

    Parameters
    ----------
    arguments, arrays
        The forward's arguments, and those of the constructor that could be arrays.
    conventions, compile_
        The adapter's own way to build conventions for a signature, and to make one ready.

    Raises
    ------
    Obstacle
        If it runs with none of them; the message says what was tried.
    """
    data = [p.name for p in arguments if p.required and _is_data(p, signature)]
    held = [p.name for p in arrays if p.required and _is_data(p, signature) and not is_size(p.name)]
    tried, reasons = 0, []
    furthest: tuple[tuple[int, ...], str] = ((), "")
    misshapen: list[dict[str, Any]] = []
    compared = _SAMPLES.get(len(data), ()) if signature.kind == "loss" and not held else ()
    ways = [*(list(map(str.strip, line.split(","))) for line in compared), *_ways(len(data), len(held))]
    for shapes in _shapes(_roles(data, held), ways, arrays):
        asked = Signature(signature.kind, shapes, {}, None)
        tried += 1
        try:
            found = conventions(asked)
        except Obstacle as obstacle:
            reasons.append(str(obstacle))
            continue
        noted = {role: list(shape) for role, shape in shapes.items()}
        biases = _biases(shapes)
        known = {"features": biases} if biases else {}
        shaped = [{**way, **known, "shapes": {**noted, **way.get("shapes", {})}} for way in found]
        ranked = [(way, *_fit(compile_(way), way["shapes"], biases)) for way in shaped]
        running = [way for way, fit, _ in ranked if fit == _RIGHT]
        if running:
            return running
        misshapen = misshapen or [way for way, fit, _ in ranked if fit == _RUNS]
        for reached, said in (_reached(raised) for _, _, raised in ranked if raised is not None):
            furthest = max(furthest, (reached, f"{_written(shapes)}: {said}"), key=lambda pair: pair[0])
    if misshapen:
        return misshapen
    said = f"; {reasons[0]}" if reasons and not furthest[1] else ""
    if not tried:
        raise Obstacle(f"its forward takes ({', '.join(data + held)}), and no such arguments are usual{said}")
    nearest = f"; furthest came {furthest[1]}" if furthest[1] else ""
    raise Obstacle(f"{tried} usual shapes were tried{nearest}{said}")


def _written(shapes: Mapping[str, tuple[int, ...]]) -> str:
    return ", ".join(f"{role} {shape}" for role, shape in shapes.items())


def _reached(raised: Raised) -> tuple[tuple[int, ...], str]:
    """Say how far a call came, by the phase and the line, and what stopped it."""
    phases = ("construct", "forward", "backward", "autograd")
    phase = phases.index(raised.phase) if raised.phase in phases else 0
    return (phase, raised.line or 0), f"{raised.type}: {raised.message}"


def _is_data(parameter: Parameter, signature: Signature) -> bool:
    """Say whether an argument is an array: it is neither a setting nor the number of something."""
    if parameter.variadic:
        return False
    surely = is_input(parameter.name) or target_score(parameter.name) != 0
    return surely or (usual(parameter, signature) is None or len(parameter.name) == 1)


def _roles(data: Sequence[str], held: Sequence[str]) -> list[str]:
    """Name the roles: the first is the input, the others are called as the candidate calls them."""
    names = ["input" if i == 0 else name for i, name in enumerate([*data, *held])]
    return [name if names.index(name) == i else f"{name}_{i}" for i, name in enumerate(names)]


def _ways(data: int, held: int) -> Iterator[list[str]]:
    """Give the axes to try for so many arguments and arrays that the constructor takes."""
    for line in _AXES.get(data + held, ()):
        yield [axes.strip() for axes in line.split(",")]
    if data + held == 5:
        for line in _GATES:
            yield ["N I", "N H", *(axes.strip() for axes in line.split(","))]


def _shapes(
    roles: Sequence[str], ways: Sequence[Sequence[str]], constructor: Sequence[Parameter]
) -> Iterator[dict[str, tuple[int, ...]]]:
    """Give the shapes of each way, then those with the features for which the constructor is made."""
    defaults = [p.default for p in constructor if type(p.default) is int and 1 < p.default <= _WIDEST]
    for features in (_SIZES["D"], *dict.fromkeys(defaults)):
        sizes = {**_SIZES, "D": features, "I": features}
        for way in ways:
            shapes = {role: _shape(axes, sizes) for role, axes in zip(roles, way, strict=True)}
            if features == _SIZES["D"] or any(features in shape for shape in shapes.values()):
                yield shapes


def _shape(axes: str, sizes: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(_size(letter, sizes) for letter in axes.split())


def _size(letter: str, sizes: Mapping[str, int]) -> int:
    if letter.isdigit():
        return int(letter)
    count, name = letter[:-1], letter[-1]
    return int(count or 1) * sizes.get(name, 2)


_RIGHT, _RUNS, _FAILS = range(3)


def _biases(shapes: Mapping[str, tuple[int, ...]]) -> list[str]:
    """Give the rows that are added to a product with a weight, by their names: ``forward(x, w, b)``."""
    behind = list(shapes)[1:]
    weighed = any(means(role, "weight") for role in behind)
    return [role for role in behind if weighed and len(shapes[role]) == 1 and means(role, "bias")]


def _fit(plan: Plan, shapes: Mapping[str, Sequence[int]], biases: Sequence[str]) -> tuple[int, Raised | None]:
    """Say whether forward and backward run, and whether all gradients then have the shapes they should.

    Where only some have, other shapes may be meant; where no others fit, it is a finding. A bias is no
    array of the output's shape because its gradient is: it is not summed.
    """
    rng = np.random.default_rng(0)
    values = {role: rng.uniform(0.2, 0.8, shape) for role, shape in shapes.items()}
    answer = plan.run(Case(values), fresh=True)
    output = answer.output
    if output is None or not np.all(np.isfinite(output)):
        return _FAILS, answer.raised
    answer = plan.run(Case(values, np.ones_like(output)), fresh=True)
    if answer.raised is not None:
        return _FAILS, answer.raised
    right = all(
        gradient is None
        or list(gradient.shape) == list(shapes.get(role, gradient.shape))
        or (role in biases and gradient.shape == output.shape)
        for found in answer.gradients.values()
        for role, gradient in found.items()
    )
    # What gives one number for several arrays compares rows, before it compares sequences.
    sequences = len(shapes) > 2 and not output.shape and all(len(shape) > 2 for shape in shapes.values())
    return (_RIGHT if right and not sequences else _RUNS), None
