"""Conventions of every style: JSON, chosen once, the same from call to call."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from backproof.checking.candidate import Answer, Case, Signature
from tests.checking.adapt import (
    test_autograd_function,
    test_function_pair,
    test_numpy_optimizer,
    test_torch_optimizer,
)
from tests.checking.adapt.asking import ask, course, signature_for, the_candidate
from tests.checking.adapt.numpy_components import OTHERS, TANH
from tests.checking.adapt.numpy_layers import LINEAR
from tests.checking.adapt.torch_modules import BY_HAND, MODULES

COMPONENTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    **{f"numpy: {name}": row for name, row in OTHERS.items()},
    **{f"numpy: {name}": ("Tanh", text, {}) for name, text in TANH.items()},
    **{f"numpy: {name}": ("Linear", text, {}) for name, (text, _) in LINEAR.items()},
    **{f"pair: {name}": row for name, row in test_function_pair.PAIRS.items()},
    **{f"function: {name}": row for name, row in test_autograd_function.FUNCTIONS.items()},
    **{f"module: {name}": row for name, row in MODULES.items()},
    **{f"by hand: {name}": ("Tanh", text, {}) for name, text in BY_HAND.items()},
}


def _same(one: Answer, other: Answer) -> bool:
    def arrays(answer: Answer) -> list[Any]:
        found = [answer.output]
        for gradients in answer.gradients.values():
            found += gradients.values()
        return found

    return all(np.array_equal(a, b) for a, b in zip(arrays(one), arrays(other), strict=True))


@pytest.mark.parametrize(("reference", "text", "options"), COMPONENTS.values(), ids=COMPONENTS)
def test_a_convention_crosses_as_json(reference: str, text: str, options: dict[str, Any]) -> None:
    asked = ask(text, reference, **options)
    crossed = json.loads(json.dumps(asked.conventions))
    assert crossed == asked.conventions
    for fresh in (False, True):
        assert _same(asked.candidate.call(asked.case, crossed[0], fresh=fresh), asked.answer)


@pytest.mark.parametrize(("reference", "text", "options"), COMPONENTS.values(), ids=COMPONENTS)
def test_every_convention_that_is_offered_answers(reference: str, text: str, options: dict[str, Any]) -> None:
    """One that does not fit raises in the user's code, which is in the answer, and never in ours."""
    asked = ask(text, reference, **options)
    for convention in asked.conventions:
        answer = asked.candidate.call(asked.case, convention)
        assert answer.raised is not None or answer.output is not None


@pytest.mark.parametrize(("reference", "text", "options"), COMPONENTS.values(), ids=COMPONENTS)
def test_arrays_that_must_not_be_written_to_are_not_handed_out(
    reference: str, text: str, options: dict[str, Any]
) -> None:
    asked = ask(text, reference, **options)
    for array in (*asked.case.inputs.values(), asked.case.grad_output):
        assert array is not None
        array.setflags(write=False)
    assert _same(asked.candidate.call(asked.case, asked.convention), asked.answer)


@pytest.mark.parametrize(("reference", "text", "options"), COMPONENTS.values(), ids=COMPONENTS)
def test_the_conventions_are_the_same_every_time(reference: str, text: str, options: dict[str, Any]) -> None:
    asked = ask(text, reference, **options)
    case = Case(dict(asked.case.inputs))
    assert asked.candidate.conventions(signature_for(reference, case, options)) == asked.conventions


OPTIMIZERS: dict[str, tuple[str, dict[str, Any]]] = {
    **{f"torch: {n}": (text, hyper) for n, (text, hyper, _) in test_torch_optimizer.OPTIMIZERS.items()},
    **{f"numpy: {n}": (text, hyper) for n, (text, _, hyper) in test_numpy_optimizer.OPTIMIZERS.items()},
}


@pytest.mark.parametrize(("text", "hyper"), OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_an_optimizers_convention_crosses_as_json(text: str, hyper: dict[str, Any]) -> None:
    candidate = the_candidate(text)
    conventions = candidate.conventions(Signature("optimizer", {}, {"lr": 0.1, **hyper}, "SGD"))
    crossed = json.loads(json.dumps(conventions))
    assert crossed == conventions
    run = course(**hyper)
    one, other = candidate.train(run, conventions[0]), candidate.train(run, crossed[0])
    for a, b in zip(one.parameters, other.parameters, strict=True):
        assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
