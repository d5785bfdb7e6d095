"""Every op against its true value, over all sizes of floats, in float64 and float32.

A result must be finite wherever the true value is a float, and as near to it as the op's row in
`TRUTHS` says.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import mpmath
import numpy as np
import pytest
from numpy.typing import NDArray

from backproof.ops import CATALOGUE
from tests.ops.examples import FLOATS
from tests.ops.true_values import TRUTHS, WITHOUT, op_of
from tests.ops.truth import DIGITS, FEW, Numbers, Truth, Within, absolute, exact, exactly, spacing, upstream


@pytest.fixture(autouse=True)
def _digits(request: pytest.FixtureRequest) -> Iterator[None]:
    name = getattr(request.node, "callspec", None)
    digits = TRUTHS[name.params["name"]].digits if name else DIGITS
    with mpmath.workdps(digits):
        yield


def assert_within(
    got: NDArray[Any],
    true: Numbers,
    within: Within,
    upstream: Numbers | None = None,
    terms: Numbers | None = None,
) -> None:
    """Assert that a result is finite and near to the truth, wherever the truth is a float."""
    true = np.asarray(true, dtype=object)
    limits = np.finfo(got.dtype)
    sizes = absolute(true) if terms is None else terms
    representable = (sizes <= mpmath.mpf(float(limits.max))).astype(bool)
    assert representable.mean() > 0.2  # or the inputs would show little
    assert np.isfinite(got[representable]).all()
    if within.measure == "ulp":
        unit: Any = exact(spacing(true, got.dtype).astype(object))
    else:
        scale = sizes if terms is not None else np.maximum(sizes, 1)
        if upstream is not None and terms is None:
            scale = np.maximum(scale, absolute(upstream).max())
        unit = scale * mpmath.mpf(float(limits.eps)) + mpmath.mpf(float(limits.smallest_subnormal))
    error = absolute(exactly(got)[representable] - true[representable]) / unit[representable]
    worst = np.argmax(error)
    assert error[worst] <= within.units, (
        f"{float(error[worst]):.3g} {within.measure}: got {got[representable][worst]!r} "
        f"for {mpmath.nstr(true[representable][worst], 20)}"
    )


def quiet() -> np.errstate:
    """Let what no float can hold overflow: it is left out below. Nothing else may warn."""
    return np.errstate(over="ignore")


CASES = [(name, dtype) for name in TRUTHS for dtype in FLOATS]


def sets(truth: Truth, dtype: Any) -> Iterator[tuple[NDArray[Any], ...]]:
    for inputs in truth.inputs(dtype):
        for array in inputs:
            array.setflags(write=False)
        yield inputs


@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_output(name: str, dtype: Any) -> None:
    truth = TRUTHS[name]
    for inputs in sets(truth, dtype):
        numbers = [exactly(array) for array in inputs]
        with quiet():
            output = op_of(name).evaluate(np, inputs, **unreduced(name), **truth.options).output
        got = output[0] if isinstance(output, tuple) else output
        within = truth.within["output"]
        terms = truth.output(*map(absolute, numbers)) if within.measure == "terms" else None
        assert_within(got, truth.output(*numbers), within, terms=terms)


@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_gradients(name: str, dtype: Any) -> None:
    truth, op = TRUTHS[name], op_of(name)
    for inputs in sets(truth, dtype):
        numbers = [exactly(array) for array in inputs]
        options = {**unreduced(name), **truth.options}
        with quiet():
            output, values = op.evaluate(np, inputs, **options)
            first, *others = output if isinstance(output, tuple) else (output,)
            given = upstream(name, first)
            # Of a loss the first output alone has an upstream gradient.
            several = others and not op.reduction
            grad_output = (given, *[None] * len(others)) if several else given
            gradients = op.gradients(np, grad_output, inputs, values, **options)
        for argument, got in gradients.items():
            within, gradient = truth.within[argument], truth.gradients[argument]
            terms = None
            if within.measure == "terms":
                terms = gradient(*map(absolute, [exactly(given), *numbers]))
            assert_within(got, gradient(exactly(given), *numbers), within, exactly(given), terms)


def unreduced(name: str) -> dict[str, str]:
    return {"reduction": "none"} if op_of(name).kind == "loss" else {}


def test_every_op_has_its_truth() -> None:
    assert {op_of(name).name for name in (*TRUTHS, *WITHOUT)} == CATALOGUE.keys()
    assert not TRUTHS.keys() & WITHOUT.keys()
    for name, truth in TRUTHS.items():
        assert truth.gradients.keys() == op_of(name).rules.keys()
        assert truth.within.keys() == {"output", *op_of(name).rules}
        for within in truth.within.values():
            few = within.measure == "ulp" and within.units <= FEW.units
            assert few or within.why


def test_an_error_of_a_few_units_is_seen() -> None:
    true = exactly(np.array([1.0, -1e-300, 1e30]))
    off = np.array([1.0, -1e-300, 1e30 * (1 + 5 * np.finfo(float).eps)])
    with pytest.raises(AssertionError, match=r"8 ulp: got .* for 1\.0"):
        assert_within(off, true, FEW)


def test_an_infinity_where_the_truth_is_a_float_is_seen() -> None:
    with pytest.raises(AssertionError):
        assert_within(np.array([1.0, np.inf]), exactly(np.array([1.0, 1e300])), FEW)
