"""Pairs of functions, on NumPy arrays and on tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backproof.checking.candidate import Case
from tests.checking.adapt.asking import ask, assert_right, case_for, found_in, signature_for

PAIRS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "backward of gradient and input": (
        "Tanh",
        """
        def tanh(x):
            return np.tanh(x)
        def tanh_backward(grad_output, x):
            return grad_output * (1 - np.tanh(x) ** 2)
        """,
        {},
    ),
    "backward of gradient and output": (
        "Sigmoid",
        """
        def sigmoid(x):
            return 1 / (1 + np.exp(-x))
        def sigmoid_backward(dout, y):
            return dout * y * (1 - y)
        """,
        {},
    ),
    "a derivative": (
        "Sigmoid",
        """
        def sigmoid(z):
            return 1 / (1 + np.exp(-z))
        def sigmoid_prime(z):
            return sigmoid(z) * (1 - sigmoid(z))
        """,
        {},
    ),
    "a derivative that means the output": (
        "Sigmoid",
        """
        def sigmoid(x):
            return 1 / (1 + np.exp(-x))
        def sigmoid_derivative(x):
            return x * (1 - x)
        """,
        {},
    ),
    "lambdas": (
        "ReLU",
        """
        relu = lambda x: np.maximum(x, 0)
        drelu = lambda x: (x > 0) * 1.0
        """,
        {},
    ),
    "a d in front": (
        "ReLU",
        """
        def relu(x):
            return x * (x > 0)
        def d_relu(x):
            return np.where(x > 0, 1.0, 0.0)
        """,
        {},
    ),
    "forward and backward in the names, a cache": (
        "Softmax",
        """
        def softmax_forward(x):
            e = np.exp(x - x.max(1, keepdims=True))
            p = e / e.sum(1, keepdims=True)
            return p, p
        def softmax_backward(dout, cache):
            return cache * (dout - (dout * cache).sum(1, keepdims=True))
        """,
        {},
    ),
    "activation and cache of the input": (
        "ReLU",
        """
        def relu(Z):
            A = np.maximum(0, Z)
            return A, Z
        def relu_backward(dA, cache):
            dZ = np.array(dA, copy=True)
            dZ[cache <= 0] = 0
            return dZ
        """,
        {},
    ),
    "tensors": (
        "Tanh",
        """
        def tanh(x):
            return torch.tanh(x)
        def tanh_grad(g, x):
            return g * (1 - torch.tanh(x).square())
        """,
        {},
    ),
    "a forward on tensors, a gradient on arrays": (
        "Sigmoid",
        """
        def sigmoid(x):
            return 1.0 / (1.0 + torch.exp(-x))
        def grad_sigmoid_manual(x):
            e = np.exp(-x)
            return e / (1 + e) ** 2
        """,
        {},
    ),
    "a forward on arrays, a gradient on tensors": (
        "Tanh",
        """
        def tanh(x):
            return np.tanh(x)
        def tanh_grad(g, y):
            return torch.mul(g, 1 - y ** 2)
        """,
        {},
    ),
    "methods of tensors, no library named": (
        "Tanh",
        """
        def tanh(x):
            return x.tanh()
        def tanh_backward(g, x):
            return g * (1 - x.tanh() ** 2)
        """,
        {},
    ),
    "a loss with both arguments": (
        "MSELoss",
        """
        def mse_loss(y_true, y_pred):
            return np.mean((y_true - y_pred) ** 2)
        def mse_loss_grad(y_true, y_pred):
            return 2 * (y_pred - y_true) / y_true.size
        """,
        {},
    ),
    "a loss and its derivative without the word": (
        "MSELoss",
        """
        def mse(a, b):
            return np.mean((a - b) ** 2)
        def mse_prime(a, b):
            return 2 * (a - b) / np.size(b)
        """,
        {},
    ),
    "a loss with logits in the second place": (
        "CrossEntropyLoss",
        """
        def cross_entropy(labels, logits):
            p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
            return -np.log(p[np.arange(len(labels)), labels]).mean()
        def cross_entropy_backward(labels, logits, dout=1.0):
            p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
            p[np.arange(len(labels)), labels] -= 1
            return dout * p / len(labels)
        """,
        {},
    ),
    "a slope": (
        "LeakyReLU",
        """
        def leaky_relu(x, alpha=0.2):
            return np.where(x > 0, x, alpha * x)
        def leaky_relu_backward(grad, x, alpha=0.2):
            return np.where(x > 0, grad, alpha * grad)
        """,
        {"negative_slope": 0.05},
    ),
    "a layer": (
        "Linear",
        """
        def linear(x, w, b):
            return x @ w.T + b
        def linear_backward(dout, x, w, b):
            return dout @ w, dout.T @ x, dout.sum(0)
        """,
        {},
    ),
    "a layer, (in, out), with a cache": (
        "Linear",
        """
        def affine_forward(x, w, b):
            return x @ w + b, (x, w, b)
        def affine_backward(dout, cache):
            x, w, b = cache
            return dout @ w.T, x.T @ dout, dout.sum(axis=0)
        """,
        {},
    ),
    "a layer, (in, out), whose bias is a row": (
        "Linear",
        """
        def dense(x, W, b):
            return np.dot(x, W) + b
        def dense_backward(grad, x, W):
            return {"db": grad.sum(0, keepdims=True), "dW": x.T @ grad, "dx": grad @ W.T}
        """,
        {},
    ),
    "a layer of columns": (
        "Linear",
        """
        def linear_forward(A, W, b):
            return W @ A + b, (A, W, b)
        def linear_backward(dZ, cache):
            A_prev, W, b = cache
            return W.T @ dZ, dZ @ A_prev.T, dZ.sum(axis=1, keepdims=True)
        """,
        {},
    ),
}


@pytest.mark.parametrize(("reference", "text", "options"), PAIRS.values(), ids=PAIRS)
def test_a_pair_is_called_as_it_is_meant(reference: str, text: str, options: dict[str, Any]) -> None:
    asked = ask(text, reference, **options)
    assert_right(asked, "backward", ["input"] if reference != "Linear" else None)
    assert asked.candidate.description.style == "function-pair"
    assert asked.candidate.description.sources == ("backward",)


def test_the_names_of_two_arguments_are_not_bent_to_make_a_wrong_gradient_right() -> None:
    text = PAIRS["backward of gradient and input"][1].replace("1 - np.tanh(x) ** 2", "1 - x ** 2")
    asked = ask(text, "Tanh")
    assert len(asked.conventions) == 1
    gradient = asked.answer.gradients["backward"]["input"]
    assert gradient is not None
    assert not np.allclose(gradient, asked.gradients["input"])


def test_a_wrong_gradient_keeps_the_likeliest_reading() -> None:
    text = PAIRS["a derivative"][1].replace("* (1 - sigmoid(z))", "* (2 - sigmoid(z))")
    asked = ask(text, "Sigmoid")
    assert asked.convention["backward"] == {"z": "input"}
    assert asked.convention["derivative"] is True


def test_what_either_function_raises_is_told_with_its_line() -> None:
    text = PAIRS["backward of gradient and input"][1].replace("return grad_output *", "return undefined *")
    raised = ask(text, "Tanh").answer.raised
    assert raised is not None
    assert (raised.type, raised.phase, raised.line) == ("NameError", "backward", 9)


def test_changes_in_place_are_noticed_on_either_side() -> None:
    text = """
        def relu(x):
            x[x < 0] = 0
            return x
        def relu_backward(dout, x):
            dout[x <= 0] = 0
            return dout
    """
    assert ask(text, "ReLU").answer.mutated == ("input", "grad_output")


def test_functions_answer_for_cases_of_any_size() -> None:
    for reference, text, options in PAIRS.values():
        asked = ask(text, reference, **options)
        case = case_for(reference, {"N": 3, "D": 4, "C": 4, "I": 4, "O": 4}, 5)
        answer = asked.candidate.call(Case(case.inputs), asked.convention)
        assert answer.raised is None
        assert answer.output is not None


@pytest.mark.parametrize(
    ("text", "reference", "said"),
    [
        ("def tanh(x, y, z): return x\ndef tanh_grad(g): return g", "Tanh", "(x, y, z)"),
        ("def tanh(x): return x\ndef tanh_grad(g, x, p, q, r): return g", "Tanh", "stands for q"),
        ("def linear(x): return x\ndef linear_grad(g): return g", "Linear", "weight"),
    ],
)
def test_what_stands_in_the_way_is_said(text: str, reference: str, said: str) -> None:
    candidate = found_in("\n" + text)[0].candidate
    assert candidate is not None
    assert candidate.conventions(signature_for(reference, case_for(reference))) == []
    assert said in candidate.obstacle
