"""Subclasses of ``torch.autograd.Function``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backproof.checking.candidate import Case
from tests.checking.adapt.asking import ask, assert_right, case_for, signature_for, the_candidate

FUNCTIONS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "with ctx": (
        "Tanh",
        """
        class MyTanh(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                y = torch.tanh(x)
                ctx.save_for_backward(y)
                return y
            @staticmethod
            def backward(ctx, grad_output):
                (y,) = ctx.saved_tensors
                return grad_output * (1 - y * y)
        """,
        {},
    ),
    "with setup_context": (
        "Tanh",
        """
        class TanhFunction(torch.autograd.Function):
            @staticmethod
            def forward(x):
                return torch.tanh(x)
            @staticmethod
            def setup_context(ctx, inputs, output):
                ctx.save_for_backward(output)
            @staticmethod
            def backward(ctx, grad_output):
                (y,) = ctx.saved_tensors
                return grad_output * (1 - y * y)
        """,
        {},
    ),
    "an option with a default": (
        "LeakyReLU",
        """
        class LeakyReLU(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x, inplace=False, slope=0.5):
                ctx.save_for_backward(x)
                ctx.slope = slope
                return torch.where(x > 0, x, slope * x)
            @staticmethod
            def backward(ctx, g):
                (x,) = ctx.saved_tensors
                return torch.where(x > 0, g, ctx.slope * g), None, None
        """,
        {"negative_slope": 0.25},
    ),
    "a loss": (
        "MSELoss",
        """
        class MSE(torch.autograd.Function):
            @staticmethod
            def forward(ctx, input, target):
                ctx.save_for_backward(input, target)
                return ((input - target) ** 2).mean()
            @staticmethod
            def backward(ctx, grad_output):
                input, target = ctx.saved_tensors
                return grad_output * 2 * (input - target) / input.numel(), None
        """,
        {},
    ),
    "a layer with its parameters as arguments": (
        "Linear",
        """
        class LinearFunction(torch.autograd.Function):
            @staticmethod
            def forward(ctx, input, weight, bias=None):
                ctx.save_for_backward(input, weight)
                return input @ weight.t() + bias
            @staticmethod
            def backward(ctx, g):
                input, weight = ctx.saved_tensors
                return g @ weight, g.t() @ input, g.sum(0)
        """,
        {},
    ),
    "a layer laid out as (in, out)": (
        "Linear",
        """
        class LinearFunction(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x, w, b):
                ctx.save_for_backward(x, w)
                return x @ w + b
            @staticmethod
            def backward(ctx, g):
                x, w = ctx.saved_tensors
                return g @ w.t(), x.t() @ g, g.sum(0)
        """,
        {},
    ),
    "a layer whose bias is a row": (
        "Linear",
        """
        class LinearFunction(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x, w, b):
                ctx.save_for_backward(x, w)
                return x @ w + b
            @staticmethod
            def backward(ctx, g):
                x, w = ctx.saved_tensors
                return g @ w.t(), x.t() @ g, g.sum(0, keepdim=True)
        """,
        {},
    ),
    "any number of inputs": (
        "Linear",
        """
        class Linear(torch.autograd.Function):
            @staticmethod
            def forward(ctx, *inputs):
                ctx.save_for_backward(*inputs)
                x, w, b = inputs
                return x @ w.T + b
            @staticmethod
            def backward(ctx, g):
                x, w, b = ctx.saved_tensors
                return g @ w, g.T @ x, g.sum(0)
        """,
        {},
    ),
}


@pytest.mark.parametrize(("reference", "text", "options"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_a_function_is_applied(reference: str, text: str, options: dict[str, Any]) -> None:
    asked = ask(text, reference, **options)
    assert_right(asked, "autograd")
    assert asked.candidate.description.style == "torch-autograd-function"
    assert asked.candidate.description.sources == ("autograd",)
    assert asked.candidate.description.lines.keys() >= {"definition", "forward", "backward"}


TANH = FUNCTIONS["with ctx"][1]


def test_none_from_the_backward_is_no_gradient() -> None:
    answer = ask(TANH.replace("return grad_output * (1 - y * y)", "return None"), "Tanh").answer
    assert answer.gradients == {"autograd": {"input": None}}


@pytest.mark.parametrize(
    ("gradient", "shape"), [("grad_output.T", (5, 7)), ("grad_output.sum(0)", (5,)), ("y[:2]", (2, 5))]
)
def test_a_gradient_of_a_shape_that_pytorch_refuses_is_seen(gradient: str, shape: tuple[int, ...]) -> None:
    text = TANH.replace("return grad_output * (1 - y * y)", f"return {gradient}")
    answer = ask(text, "Tanh").answer
    assert answer.raised is None
    got = answer.gradients["autograd"]["input"]
    assert got is not None
    assert got.shape == shape


def test_what_the_backward_raises_is_told_with_its_line() -> None:
    raised = ask(TANH.replace("return grad_output", "return missing"), "Tanh").answer.raised
    assert raised is not None
    assert (raised.type, raised.phase, raised.line) == ("NameError", "backward", 15)


def test_a_backward_of_a_wrong_number_of_gradients_is_told() -> None:
    raised = ask(
        TANH.replace("return grad_output * (1 - y * y)", "return grad_output, y"), "Tanh"
    ).answer.raised
    assert raised is not None
    assert raised.phase == "backward"
    assert raised.line == 13


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("y = torch.tanh(x)", "x += 1; y = torch.tanh(x)", "input"),
        ("(y,) = ctx.saved_tensors", "(y,) = ctx.saved_tensors; grad_output.mul_(2)", "grad_output"),
    ],
)
def test_changes_in_place_are_noticed(old: str, new: str, what: str) -> None:
    assert ask(TANH.replace(old, new), "Tanh").answer.mutated == (what,)


def test_a_function_without_backward_raises_when_its_gradient_is_asked_for() -> None:
    text = "class Tanh(torch.autograd.Function):\n @staticmethod\n def forward(ctx, x): return torch.tanh(x)"
    answer = ask(text, "Tanh").answer
    assert answer.output is not None
    assert answer.raised is not None
    assert answer.raised.type == "NotImplementedError"


def test_functions_of_several_shapes_follow_the_case() -> None:
    candidate = the_candidate(FUNCTIONS["a layer laid out as (in, out)"][1])
    square = case_for("Linear", {"N": 4, "I": 4, "O": 4})
    conventions = candidate.conventions(signature_for("Linear", square))
    assert conventions[0]["layouts"] == {"weight": "transposed"}
    answer = candidate.call(Case(square.inputs), conventions[0])
    right = square.inputs["input"] @ square.inputs["weight"].T + square.inputs["bias"]
    np.testing.assert_allclose(answer.output, right)  # type: ignore[arg-type]  # an array
