"""An update rule, run in place over blocks of its arrays that fit the cache."""

from __future__ import annotations

import functools
import math
import types
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from backproof._typing import Array, Float, Namespace
from backproof.updates.update import State, UpdateRule

__all__ = ["BLOCK", "InPlace", "apply"]

#: Elements of a block: what a step allocates besides its state is a few of these, and stays in the
#: cache. Measured for Adam on six million float32: half as many cost more in calls, twice as many gain
#: nothing.
BLOCK = 2**17
_Index: TypeAlias = tuple[int | slice, ...]
_WHOLE: Any = (...,)


class InPlace(types.SimpleNamespace):
    """A namespace for `apply`, in which what a rule gives up is written to.

    Those are the first arguments of `running_average`, `plain_step` and `scaled_step`. Its functions of
    these names take their place; a library that has faster ones hands them in.

    Examples
    --------
    >>> import numpy as np
    >>> from backproof.updates.update import plain_step
    >>> parameter = np.array([1.0, 2.0])
    >>> plain_step(InPlace(np), parameter, 0.5, np.ones(2)) is parameter, parameter
    (True, array([0.5, 1.5]))
    """

    def __init__(self, xp: Namespace, **faster: Callable[..., Array]) -> None:
        own = {each.__name__: each for each in (running_average, plain_step, scaled_step)}
        super().__init__(**{**vars(xp), **own, **faster})


def running_average(mean: Array, value: Array, decay: float) -> Array:
    mean *= decay
    mean += (1 - decay) * value
    return mean


def plain_step(parameter: Array, rate: float, direction: Array) -> Array:
    parameter -= rate * direction
    return parameter


def scaled_step(parameter: Array, rate: float, direction: Array, scale: Array) -> Array:
    step = direction / scale
    step *= rate
    parameter -= step
    return parameter


_in_place = functools.cache(InPlace)


def apply(
    xp: Namespace,
    rule: UpdateRule,
    parameter: Float[Array, "*shape"],
    gradient: Float[Array, "*shape"],
    state: State,
    block: int = BLOCK,
) -> State:
    """Make a step in place: the parameter and the state's arrays are written to; give the state.

    A rule goes element by element, so it is run over one block after the other, and no temporary is of
    the size of the parameter. An array that the state has not yet is made. What is written in place
    already is not copied.

    Examples
    --------
    >>> import numpy as np
    >>> from backproof.updates import CATALOGUE
    >>> parameter, rule = np.array([1.0, 2.0]), CATALOGUE["Adam"](lr=0.1)
    >>> state = apply(np, rule, parameter, np.array([5.0, -3.0]), rule.start(np, parameter))
    >>> parameter.round(6).tolist(), state["step"]
    ([0.9, 2.1], 1)
    """
    xp = xp if isinstance(xp, InPlace) else _in_place(xp)
    after = dict(state)
    if math.prod(parameter.shape) <= block:
        _step(xp, rule, (parameter, gradient), state, after, _WHOLE)
    else:
        for index in _blocks(tuple(parameter.shape), block):
            _step(xp, rule, (parameter, gradient), state, after, index)
    return after


def _step(
    xp: Namespace,
    rule: UpdateRule,
    roles: tuple[Array, Array],
    state: State,
    after: State,
    index: Any,
) -> None:
    """Run the rule on one block, and write into the parameter and the state what is not there yet."""
    parameter, gradient = roles
    here = state
    if index is not _WHOLE:
        here = {name: value if name in rule.numbers else value[index] for name, value in state.items()}
        parameter, gradient = parameter[index], gradient[index]
    moved, stepped = rule.update(xp, parameter, gradient, here)
    for name, value in stepped.items():
        if name in rule.numbers:
            after[name] = value
        elif value is not here.get(name):
            if name not in after:
                after[name] = xp.empty_like(roles[0])
            after[name][index] = value
    if moved is not parameter:
        parameter[...] = moved


def _blocks(shape: tuple[int, ...], block: int) -> Iterator[_Index]:
    """Give the indices of views that cover an array, each about a block, however it is laid out."""
    first, *others = shape
    row = math.prod(others)
    if row > block:
        for index in range(first):
            yield from ((index, *inner) for inner in _blocks(tuple(others), block))
        return
    count = math.ceil(first * row / block)
    rows = math.ceil(first / count)
    yield from ((slice(start, start + rows),) for start in range(0, first, rows))
