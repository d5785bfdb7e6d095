"""Every op against PyTorch: output and gradients, on every example, in float64 and float32.

The examples are read-only arrays, so an op that wrote to its input would raise here.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from backproof.ops import CATALOGUE, Op
from tests.ops.examples import FLOATS, Arrays, Example, Shape, examples, frozen, generator, of, row_of
from tests.ops.results import assert_close, assert_same, of_op, of_torch

EXAMPLES = [example for dtype in FLOATS for example in examples(dtype)]


def ids(chosen: Iterable[Example]) -> list[str]:
    return [f"{example}-{example.dtype}" for example in chosen]


@pytest.mark.parametrize("example", EXAMPLES, ids=ids(EXAMPLES))
# NumPy warns that the mean of nothing is no number; PyTorch gives NaN in silence, as we do then.
@pytest.mark.filterwarnings("ignore:Mean of empty slice:RuntimeWarning")
def test_output_and_gradients(example: Example) -> None:
    got = of_op(example)
    assert got.output.dtype == example.dtype
    assert_same(got, of_torch(example))


# --- Layouts in memory -------------------------------------------------------------------------


def strided(array: Any) -> Any:
    """Give the same values as every second element of a larger array, its axes stored backwards."""
    if array is None or array.ndim == 0:
        return array
    wide = np.zeros(tuple(2 * size for size in reversed(array.shape)), array.dtype)
    view = wide.T[(slice(None, None, 2),) * array.ndim]
    view[...] = array
    return frozen(view)


PLAIN = [example for example in EXAMPLES if example.what.startswith("plain")]


@pytest.mark.parametrize("example", PLAIN, ids=ids(PLAIN))
def test_layout_in_memory_makes_no_difference(example: Example) -> None:
    expected = of_op(example)
    views = replace(example, inputs=tuple(strided(array) for array in example.inputs))
    assert_same(of_op(views, change=strided), expected)


# --- Broadcasting ------------------------------------------------------------------------------

BROADCASTS: tuple[tuple[Shape, Shape], ...] = (((7, 5), (5,)), ((5,), (7, 5)), ((7, 1), (1, 5)), ((), (7, 5)))
#: Losses of an input and a target of one shape.
LOSSES = [
    op
    for op in CATALOGUE.values()
    if op.kind == "loss" and [a.axes for a in op.arguments.values() if not a.optional] == ["N D", "N D"]
]


@pytest.mark.parametrize("shapes", BROADCASTS, ids=str)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("op", LOSSES, ids=lambda op: op.name)
def test_input_and_target_broadcast(op: Op, reduction: str, shapes: tuple[Shape, Shape]) -> None:
    rng = generator(f"{op.name}{shapes}")
    given = [frozen(np.asarray(rng.uniform(0.1, 0.9, size=shape))) for shape in shapes]
    inputs = (*given, *[None] * (len(op.arguments) - 2))
    example = Example(op, f"broadcast {shapes}", inputs, {"reduction": reduction})
    assert_same(of_op(example), of_torch(example))


# --- Kinks -------------------------------------------------------------------------------------


def at_kinks(op: Op, dtype: Any) -> Arrays:
    """Put every second element of an argument with kinks onto each of them in turn."""
    example = next(of(op, dtype))
    inputs = dict(zip(op.arguments, example.inputs, strict=True))
    for name, kinks in op.kinks.items():
        for offset, kink in enumerate(kinks):
            value = op.place(kink, inputs, {})
            array = np.array(inputs[name])
            places = np.arange(array.size).reshape(array.shape) % (2 * len(kinks)) == 2 * offset
            inputs[name] = frozen(np.where(places, value, array).astype(dtype))
    return tuple(inputs.values())


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("op", [op for op in CATALOGUE.values() if op.kinks], ids=lambda op: op.name)
def test_choice_at_a_kink_is_torchs(op: Op, dtype: Any) -> None:
    example = Example(op, "kinks", at_kinks(op, dtype))
    assert_same(of_op(example), of_torch(example))


@pytest.mark.parametrize("dtype", FLOATS)
def test_bce_at_certainty(dtype: Any) -> None:
    """PyTorch's bounds on the logarithm and on the denominator, at 0 and at 1."""
    probability = frozen(np.array([0, 0, 0, 1, 1, 1, 1e-30], dtype=dtype))
    target = frozen(np.array([0, 1, 0.25, 0, 1, 0.25, 1], dtype=dtype))
    example = Example(CATALOGUE["BCELoss"], "certainty", (probability, target, None), {"reduction": "none"})
    got, expected = of_op(example), of_torch(example)
    assert_close(got.output, expected.output, "output")
    # PyTorch holds its bound of 1e-12 in float32, which is 4e-9 less.
    np.testing.assert_allclose(got.gradients["input"], expected.gradients["input"], rtol=5e-9)
    # Of the target PyTorch takes log(1 − x) − log x without the bounds of its own forward, which
    # is infinite here; ours is the derivative of the value that it goes with.
    assert np.abs(got.gradients["target"] / example.upstream((7,))).max() <= 100
    assert np.isinf(expected.gradients["target"]).any()


# --- NaN and infinity --------------------------------------------------------------------------


SPECIAL = [
    (op, argument, value)
    for op in CATALOGUE.values()
    for argument in op.rules
    if op.arguments[argument].domain in ("real", "small") and not op.arguments[argument].optional
    for value in ("nan", "inf", "-inf")
]


def special(op: Op, argument: str, value: str, dtype: Any) -> Example:
    """Put a value into every third element of an argument of an op's plain example."""
    example = next(of(op, dtype))
    inputs = dict(zip(op.arguments, example.inputs, strict=True))
    array = np.array(inputs[argument])
    array.flat[::3] = float(value)
    inputs[argument] = frozen(array)
    # A mean would spread the value over every element.
    options = {"reduction": "none"} if op.kind == "loss" else {}
    return replace(example, inputs=tuple(inputs.values()), options=options)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    ("op", "argument", "value"), SPECIAL, ids=[f"{o.name}-{a}={v}" for o, a, v in SPECIAL]
)
def test_values_that_are_no_numbers(op: Op, argument: str, value: str, dtype: Any) -> None:
    example = special(op, argument, value, dtype)
    got, expected = of_op(example), of_torch(example)
    if (argument, value) not in row_of(op).unlike:
        assert_same(got, expected)
    else:  # a row that is no longer needed fails
        with pytest.raises(AssertionError):
            assert_same(got, expected)


def test_l1_passes_a_nan_on() -> None:
    result = of_op(special(CATALOGUE["L1Loss"], "input", "nan", np.float64))
    assert np.isnan(result.gradients["input"].flat[::3]).all()


def test_bce_with_logits_is_infinite_where_it_should_be() -> None:
    example = special(CATALOGUE["BCEWithLogitsLoss"], "input", "-inf", np.float64)
    target = example.inputs[1]
    assert target is not None
    wrong = (np.arange(target.size).reshape(target.shape) % 3 == 0) & (target > 0)
    assert wrong.any()
    assert (of_op(example).output[wrong] == np.inf).all()


@pytest.mark.parametrize("dtype", FLOATS)
def test_a_class_that_is_ruled_out(dtype: Any) -> None:
    """A logit of −∞ is a class of probability 0: no loss and no warning, unless it is the target."""
    logits = frozen(np.array([[1, -np.inf, 2], [-np.inf, 0, 3]], dtype=dtype))
    op, upstream = CATALOGUE["CrossEntropyLoss"], np.array(1, dtype=dtype)
    index, one_hot = np.array([0, 2]), np.eye(3, dtype=dtype)[[0, 2]]
    expected = of_torch(Example(op, "ruled out", (logits, index, None)), upstream)
    for target in (index, one_hot):
        output, values = op.evaluate(np, (logits, target))
        assert_close(output, expected.output, "output")
        gradient = op.gradients(np, upstream, (logits, target), values, wrt=["input"])["input"]
        assert_close(gradient, expected.gradients["input"], "gradient of input")
    assert op.evaluate(np, (logits, np.array([1, 1]))).output == np.inf


# --- Defaults ----------------------------------------------------------------------------------


@pytest.mark.parametrize("op", CATALOGUE.values(), ids=lambda op: op.name)
def test_options_have_torchs_names_and_defaults(op: Op) -> None:
    of = getattr(torch.nn, op.name, None) or row_of(op).twin
    parameters = inspect.signature(of).parameters if of and op.options else {}
    for option, default in op.options.items():
        if option not in row_of(op).defaults:
            assert option in parameters
            assert parameters[option].default == default
