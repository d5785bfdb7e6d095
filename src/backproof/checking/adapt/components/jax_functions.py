"""Functions of JAX as a forward and a backward on NumPy's arrays."""

from __future__ import annotations

import contextlib
import functools
import inspect
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.adapt.libraries import jax_precision, of_jax
from backproof.checking.adapt.words.names import normalise, word_set
from backproof.checking.adapt.words.signatures import ChosenFloat, ChosenInt

__all__ = ["JAX", "custom_rule", "jax_pair", "jax_pulled", "parts_of_rule"]

Function = Callable[..., Any]
#: The mark of what takes and gives NumPy's arrays, whatever its code names.
JAX = "__backproof_numpy__"
#: What an argument that has no gradient is given, where nothing else tells, by its name.
_STATIC: dict[str, ChosenFloat | ChosenInt] = {
    **dict.fromkeys(word_set("lo low lower min minimum clip_min lower_bound"), ChosenFloat(-1.3)),
    **dict.fromkeys(word_set("axis dim axes"), ChosenInt(-1)),
    **dict.fromkeys(word_set("n k num steps iters n_iter num_steps max_iter"), ChosenInt(3)),
}
#: Another number is neither 0 nor 1, which would hide what it is for.
_NUMBER = ChosenFloat(0.7)
#: What a case's arrays come as; a single number may come as NumPy's.
_ARRAYS = (np.ndarray, np.generic)
_CUT = (
    "what JAX differentiates was made a value of NumPy or Python's own (np.asarray, float, .item()), and its "
    "gradient would end there: use jax.numpy throughout"
)


def custom_rule(value: object) -> Any:
    """Give the ``jax.custom_vjp`` or ``jax.custom_jvp``, also behind ``jax.jit``; else ``None``."""
    jax: Any = sys.modules.get("jax")
    if jax is None or not callable(value):
        return None
    kinds = (jax.custom_vjp, jax.custom_jvp)
    found = inspect.unwrap(value, stop=lambda one: isinstance(one, kinds))
    return found if isinstance(found, kinds) else None


def parts_of_rule(rule: Any) -> dict[str, object]:
    """Give the functions that a rule was made of: its forward, and those that differentiate it."""
    names = {"forward": "fun", "kept": "fwd", "backward": "bwd", "tangent": "jvp"}
    return {part: one for part, name in names.items() if (one := getattr(rule, name, None)) is not None}


def jax_pair(function: Function) -> tuple[Function, Function]:
    """Make a forward that hands its arguments over to the backward beside it, of a function of JAX."""
    rule = custom_rule(function)
    whole = inspect.signature(function if rule is None else rule.fun)
    static = _static(whole, getattr(rule, "nondiff_argnums", ()))
    others = [p for name, p in whole.parameters.items() if name not in static]
    numbers = [inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY, default=v) for n, v in static.items()]
    shown = whole.replace(parameters=[*others, *numbers])

    compiled = _Compiled(function)

    def forward(*args: Any, **named: Any) -> Any:
        given = shown.bind(*args, **named)
        given.apply_defaults()
        every = {**static, **given.arguments}
        every |= {
            name: int(v) if isinstance(v, int) else float(v) for name, v in every.items() if name in static
        }
        bound = inspect.BoundArguments(whole, {n: every[n] for n in whole.parameters if n in every})
        with _precision(bound.args):
            output = compiled.value(bound.args, bound.kwargs)
            return np.asarray(_leaves(output)[0]), (bound.args, bound.kwargs)

    def backward(grad_output: Any, cache: Any) -> Any:
        args, named = cache
        with _precision(args), _explained():
            try:
                found = compiled.pulled(grad_output, args, named)
            except (TypeError, ValueError) as error:
                found = None if isinstance(error, _cuts()) else _asked(rule, grad_output, args, named)
                if found is None:
                    raise
            if any(_is_nothing(one) for one in found):
                # JAX gives zeros for None, and for what a tangent does not go through.
                found = _asked(rule, grad_output, args, named) or found
            return tuple(map(_array, found))

    for made in (forward, backward):
        made.__name__ = f"{getattr(function, '__name__', '')}_{made.__name__}"
        setattr(made, JAX, True)
    forward.__signature__ = shown  # type: ignore[attr-defined]  # inspect reads it
    forward.__doc__ = getattr(function, "__doc__", None)
    return forward, backward


def jax_pulled(function: Function) -> tuple[Function, Function]:
    """Give a function that returns its value with one for the gradient, and the call of that."""

    @functools.wraps(function)
    def forward(*args: Any, **named: Any) -> Any:
        with _precision((*args, *named.values())):
            output, pull = function(*map(of_jax, args), **{n: of_jax(one) for n, one in named.items()})
            return np.asarray(output), pull

    def pull(cache: Function, grad_output: Any) -> Any:
        with _precision((grad_output,)):
            found = cache(of_jax(grad_output))
            return tuple(map(_array, found)) if isinstance(found, tuple | list) else _array(found)

    setattr(forward, JAX, True)
    return forward, pull


def _static(whole: inspect.Signature, places: Any) -> dict[str, ChosenFloat | ChosenInt]:
    """Give values to those arguments without a gradient that have no default."""
    found = list(whole.parameters.values())
    static = [found[index] for index in places if found[index].default is inspect.Parameter.empty]
    return {p.name: _STATIC.get(normalise(p.name), _NUMBER) for p in static}


class _Compiled:
    """A function of JAX and its pullback, each compiled as a whole where that can be done.

    It is compiled once for its arguments that are no arrays: step by step JAX would compile every operation.
    """

    def __init__(self, function: Function) -> None:
        self.function = function
        self.made: dict[str, tuple[Function, Function]] = {}

    def value(self, args: Any, named: Any) -> Any:
        of, arrays = self._of_arrays(args, named)
        return self._run(f"value {_without_arrays(args)} {named}", of, *arrays)

    def pulled(self, grad_output: Any, args: Any, named: Any) -> Any:
        """Give what JAX makes of an upstream gradient for those arguments that are arrays."""
        jax: Any = sys.modules["jax"]
        of, arrays = self._of_arrays(args, named)

        def pull(upstream: Any, *given: Any) -> Any:
            output, back = jax.vjp(of, *given)
            return back(_upstream(output, upstream))

        return self._run(f"pull {_without_arrays(args)} {named}", pull, of_jax(grad_output), *arrays)

    def _of_arrays(self, args: Any, named: Any) -> tuple[Function, list[Any]]:
        places = [index for index, given in enumerate(args) if isinstance(given, _ARRAYS)]

        def of(*arrays: Any) -> Any:
            filled = list(args)
            for index, array in zip(places, arrays, strict=True):
                filled[index] = array
            return self.function(*filled, **named)

        return of, [of_jax(args[index]) for index in places]

    def _run(self, key: str, function: Function, *arrays: Any) -> Any:
        jax: Any = sys.modules["jax"]
        plain, compiled = self.made.setdefault(key, (function, jax.jit(function)))
        try:
            return compiled(*arrays)
        except Exception:  # it looks at values, or is wrong: what it is then shows without the compiler
            self.made[key] = (plain, plain)
            return plain(*arrays)


def _without_arrays(args: Any) -> list[object]:
    return [None if isinstance(one, _ARRAYS) else one for one in args]


def _asked(rule: Any, grad_output: Any, args: Any, named: Any) -> list[Any] | None:
    """Ask a rule itself, so that what JAX refuses, or makes zeros of, is seen and can be named."""
    if rule is None:
        return None
    whole = inspect.signature(rule.fun).bind(*args, **named)
    whole.apply_defaults()
    given = list(map(of_jax, whole.args))
    free = [index for index in range(len(given)) if index not in rule.nondiff_argnums]
    static = [given[index] for index in rule.nondiff_argnums]
    if getattr(rule, "bwd", None) is None:
        return _asked_forwards(rule, static, [given[index] for index in free])
    output, kept = rule.fwd(*given)
    found = rule.bwd(*static, kept, _upstream(output, grad_output))
    if not isinstance(found, tuple | list) or len(found) != len(free):
        return None
    return [one for index, one in zip(free, found, strict=True) if isinstance(whole.args[index], _ARRAYS)]


def _asked_forwards(rule: Any, static: list[Any], given: list[Any]) -> list[Any] | None:
    """Ask a rule of one array for a tangent of 1: where it leaves the tangent out, the derivative comes."""
    if getattr(rule, "jvp", None) is None or len(given) != 1:
        return None
    jax: Any = sys.modules["jax"]
    _, tangent = rule.jvp(*static, (given[0],), (jax.numpy.ones_like(given[0]),))
    return [tangent] if np.shape(tangent) == np.shape(given[0]) else None


def _is_nothing(gradient: Any) -> bool:
    jax: Any = sys.modules["jax"]
    return gradient.dtype != jax.dtypes.float0 and not np.any(gradient)


def _upstream(output: Any, grad_output: Any) -> Any:
    """Give the upstream gradient in the form of an output; of what stands behind the first array it is 0."""
    jax: Any = sys.modules["jax"]
    first, *others = _leaves(output)
    every = [jax.numpy.asarray(grad_output).astype(first.dtype), *map(jax.numpy.zeros_like, others)]
    return jax.tree_util.tree_unflatten(jax.tree_util.tree_structure(output), every)


def _leaves(output: Any) -> list[Any]:
    jax: Any = sys.modules["jax"]
    found: list[Any] = jax.tree_util.tree_leaves(output)
    return found


def _array(gradient: Any) -> NDArray[Any] | None:
    jax: Any = sys.modules["jax"]
    if gradient is None or getattr(gradient, "dtype", None) == jax.dtypes.float0:
        return None
    return np.asarray(gradient)


def _precision(args: Any) -> contextlib.AbstractContextManager[object]:
    """Let JAX compute in float64 where its inputs are, and not elsewhere: there it would make its own so."""
    return jax_precision(wide=any(isinstance(one, _ARRAYS) and one.dtype == np.float64 for one in args))


def _cuts() -> tuple[type[Exception], ...]:
    errors: Any = sys.modules["jax"].errors
    return errors.TracerArrayConversionError, errors.ConcretizationTypeError


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """Say in a sentence what JAX says at length: that NumPy was handed what is being differentiated."""
    try:
        yield
    except _cuts() as error:
        error.args = (_CUT,)
        raise
