"""Modules of PyTorch, with and without a backward of their own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from backproof.checking.candidate import Case, Signature
from backproof.checking.discover import adapt
from tests.checking.adapt.asking import (
    ask,
    assert_right,
    case_for,
    expected,
    run,
    signature_for,
    the_candidate,
)
from tests.checking.adapt.torch_modules import BY_HAND, MODELS, MODULES


@pytest.mark.parametrize(("reference", "text", "options"), MODULES.values(), ids=MODULES)
def test_a_module_answers_by_autograd(reference: str, text: str, options: dict[str, Any]) -> None:
    asked = ask(text, reference, **options)
    assert_right(asked, "autograd")
    assert asked.candidate.description.style == "torch-module"
    assert asked.candidate.description.sources == ("autograd",)
    assert not asked.answer.detached
    for dtype in (np.float32, np.float64):
        answer = asked.candidate.call(asked.case.astype(dtype), asked.convention)
        assert answer.output is not None
        assert answer.output.dtype == dtype
        assert all(g is not None and g.dtype == dtype for g in answer.gradients["autograd"].values())


@pytest.mark.parametrize("text", BY_HAND.values(), ids=BY_HAND)
def test_a_module_with_a_backward_answers_twice(text: str) -> None:
    asked = ask(text, "Tanh")
    assert_right(asked, "autograd")
    assert_right(asked, "backward")
    assert asked.candidate.description.style == "torch-module-manual-backward"
    assert asked.candidate.description.sources == ("autograd", "backward")


def test_a_layer_with_a_backward_gives_all_gradients_twice() -> None:
    text = """
        class Linear(nn.Module):
            def __init__(self, in_features, out_features):
                super().__init__()
                self.weight = nn.Parameter(torch.randn(in_features, out_features))
                self.bias = nn.Parameter(torch.randn(out_features))
            def forward(self, x):
                self.x = x
                return x @ self.weight + self.bias
            def backward(self, grad):
                self.weight.grad = self.x.t() @ grad
                self.bias.grad = grad.sum(0)
                return grad @ self.weight.t()
    """
    asked = ask(text, "Linear")
    for source in ("autograd", "backward"):
        assert_right(asked, source)
    for sizes, seed in (({"N": 3, "I": 2, "O": 5}, 1), ({"N": 5, "I": 4, "O": 4}, 2)):
        case = case_for("Linear", sizes, seed)
        grad_output, asked.output, asked.gradients = expected("Linear", case, {}, seed)
        asked.answer = asked.candidate.call(Case(case.inputs, grad_output), asked.convention)
        for source in ("autograd", "backward"):
            assert_right(asked, source)


def test_a_backward_that_returns_nothing_gives_none() -> None:
    asked = ask(BY_HAND["a method"].replace("return grad_output *", "grad = grad_output *"), "Tanh")
    assert asked.answer.gradients["backward"] == {"input": None}
    assert_right(asked, "autograd")


def test_what_fails_is_told_apart_from_what_works() -> None:
    broken = BY_HAND["a method"].replace("return grad_output *", "raise ValueError('not yet'); grad_output *")
    answer = ask(broken, "Tanh").answer
    assert answer.raised is not None
    assert (answer.raised.type, answer.raised.phase, answer.raised.line) == ("ValueError", "backward", 11)
    assert list(answer.gradients) == ["autograd"]

    only_by_hand = BY_HAND["by way of NumPy"].replace("x.detach().numpy()", "x.numpy()")
    asked = ask(only_by_hand, "Tanh")
    answer = asked.answer
    assert answer.raised is not None
    assert (answer.raised.type, answer.raised.phase, answer.raised.line) == ("RuntimeError", "autograd", 8)
    assert list(answer.gradients) == ["backward"]
    np.testing.assert_allclose(answer.output, asked.output)  # type: ignore[arg-type]  # that of the other run


DETACHED = {
    "item": "torch.tensor(loss.item())",
    "data": "loss.data",
    "detach": "loss.detach()",
    "a Python number": "loss.item()",
    "NumPy": "np.mean((x.detach().numpy() - y.numpy()) ** 2)",
    "no_grad": "self.without(x, y)",
}


@pytest.mark.parametrize("expression", DETACHED.values(), ids=DETACHED)
def test_an_output_off_the_graph_is_detached(expression: str) -> None:
    text = f"""
        class MSELoss(nn.Module):
            def forward(self, x, y):
                loss = ((x - y) ** 2).mean()
                return {expression}
            @torch.no_grad()
            def without(self, x, y):
                return ((x - y) ** 2).mean()
    """
    asked = ask(text, "MSELoss")
    assert asked.answer.detached
    assert asked.answer.gradients == {"autograd": {"input": None}}
    np.testing.assert_allclose(asked.answer.output, asked.output, rtol=1e-6)  # type: ignore[arg-type]  # an array


def test_a_user_who_turned_gradients_off_is_judged_all_the_same() -> None:
    asked = ask(
        "torch.set_grad_enabled(True)\nclass Tanh(nn.Module):\n def forward(self, x): return torch.tanh(x)",
        "Tanh",
    )
    torch.set_grad_enabled(False)
    try:
        asked.answer = asked.candidate.call(asked.case, asked.convention)
    finally:
        torch.set_grad_enabled(True)
    assert_right(asked, "autograd")


def test_changes_in_place_are_noticed_and_do_not_hide_behind_a_leaf() -> None:
    text = """
        class ReLU(nn.Module):
            def forward(self, x):
                return x.clamp_(min=0)
    """
    asked = ask(text, "ReLU")
    assert asked.answer.mutated == ("input",)
    asked.answer = type(asked.answer)(asked.answer.output, asked.answer.gradients)
    assert_right(asked, "autograd")


def test_the_hand_written_backward_gets_gradients_of_its_own() -> None:
    text = BY_HAND["a method"].replace("return grad_output *", "grad_output *= 0; return grad_output *")
    asked = ask(text, "Tanh")
    assert asked.answer.mutated == ("grad_output",)
    np.testing.assert_allclose(
        asked.answer.gradients["autograd"]["input"],  # type: ignore[arg-type]  # an array
        asked.gradients["input"],
    )


def test_a_module_that_always_computes_in_float32_is_called() -> None:
    text = "class Tanh(nn.Module):\n def forward(self, x): return torch.tanh(x.float())"
    answer = ask(text, "Tanh").answer
    assert answer.output is not None
    assert answer.output.dtype == np.float32
    gradient = answer.gradients["autograd"]["input"]
    assert gradient is not None
    assert gradient.dtype == np.float64


def test_an_output_of_another_shape_gets_no_upstream_gradient() -> None:
    text = "class Tanh(nn.Module):\n def forward(self, x): return torch.tanh(x).mean()"
    answer = ask(text, "Tanh").answer
    assert answer.raised is None
    assert answer.output is not None
    assert answer.output.shape == ()
    assert answer.gradients == {}


def test_a_function_of_two_arrays_has_two_gradients() -> None:
    candidate = the_candidate("class Mix(nn.Module):\n def forward(self, a, b): return a * b.exp()")
    case = case_for("MSELoss")
    shapes = {name: array.shape for name, array in case.inputs.items()}
    (convention,) = candidate.conventions(Signature("elementary", shapes))
    answer = candidate.call(Case(case.inputs, np.ones((7, 5))), convention)
    assert set(answer.gradients["autograd"]) == {"input", "target"}


@pytest.mark.parametrize(("text", "shape"), MODELS.values(), ids=MODELS)
def test_a_model_says_which_input_it_takes(text: str, shape: list[int]) -> None:
    candidate = the_candidate(text)
    assert candidate.description.kind == "model"
    convention = candidate.conventions(Signature("elementary", {"input": (7, 5)}))[0]
    assert convention["shapes"]["input"] == shape
    values = np.random.default_rng(0).uniform(-1, 1, shape)
    output = candidate.call(Case({"input": values}), convention).output
    assert output is not None
    answer = candidate.call(Case({"input": values}, np.ones(output.shape)), convention)
    gradient = answer.gradients["autograd"]["input"]
    assert gradient is not None
    assert list(gradient.shape) == shape


def test_a_model_of_indices_is_refused_with_the_reason() -> None:
    text = """
        class TextModel(nn.Module):
            def __init__(self):
                super().__init__()
                self.embedding = nn.Embedding(50, 8)
            def forward(self, tokens):
                return self.embedding(tokens).mean(1)
    """
    candidate = the_candidate(text)
    assert candidate.conventions(Signature("elementary", {"input": (7, 5)})) == []
    assert "embedding" in candidate.obstacle


def test_an_instance_that_was_used_is_copied_and_left_alone() -> None:
    module, _ = run(
        """
        import torch
        from torch import nn
        class Linear(nn.Module):
            def __init__(self):
                super().__init__()
                self.weight = nn.Parameter(torch.ones(3, 5))
                self.bias = nn.Parameter(torch.zeros(3))
            def forward(self, x):
                self.last = x @ self.weight.T + self.bias
                return self.last
        """
    )
    instance = module.Linear()
    instance(torch.ones(2, 5))
    asked = ask(adapt(instance), "Linear")
    assert_right(asked, "autograd")
    assert instance.weight.dtype == torch.float32
    assert bool((instance.weight == 1).all())
    assert instance.last.grad_fn is not None


def test_a_module_of_pytorchs_own_can_be_adapted() -> None:
    for made, reference in (
        (torch.nn.Tanh(), "Tanh"),
        (torch.nn.MSELoss(), "MSELoss"),
        (torch.nn.Tanh, "Tanh"),
    ):
        assert_right(ask(adapt(made), reference), "autograd")


def test_dropout_is_the_same_in_every_call() -> None:
    asked = ask("class Tanh(nn.Module):\n def forward(self, x): return torch.dropout(x, 0.5, True)", "Tanh")
    again = asked.candidate.call(asked.case, asked.convention)
    np.testing.assert_array_equal(again.output, asked.answer.output)


def test_what_the_constructor_raises_is_told() -> None:
    text = """
        class Tanh(nn.Module):
            def __init__(self):
                self.inner = nn.Tanh()
            def forward(self, x):
                return self.inner(x)
    """
    raised = ask(text, "Tanh").answer.raised
    assert raised is not None
    assert (raised.type, raised.phase, raised.line) == ("AttributeError", "construct", 8)


def test_conventions_are_json() -> None:
    import json

    for reference, text, options in MODULES.values():
        conventions = the_candidate(text).conventions(signature_for(reference, case_for(reference), options))
        assert json.loads(json.dumps(conventions)) == conventions
