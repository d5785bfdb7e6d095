"""Gradients that come back in other ways: as a function, from a graph's nodes, by their names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import backproof as bp
from backproof.checking.adapt.words.pullbacks import pullback_of
from backproof.checking.findings import Judgement, Verdict
from backproof.checking.judge.judge import judge
from backproof.diagnoses import Severity
from tests.checking.adapt.asking import found_in

#: The code, the name of the candidate, what makes it wrong, and how that is called.
GIVEN_BACK: dict[str, tuple[str, str, tuple[str, str], str]] = {
    "a lambda": (
        """
        def tanh_vjp(x):
            y = np.tanh(x)
            return y, lambda g: g - g * np.square(y)
        """,
        "tanh_vjp",
        ("g - g * np.square(y)", "1 - np.square(y)"),
        "upstream-ignored",
    ),
    "a function, with an option": (
        """
        def elu_with_grad(x, alpha=1.0):
            bent = alpha * np.exp(np.minimum(x, 0))
            def backward(upstream):
                return upstream * np.where(x > 0, 1, bent)
            return np.where(x > 0, x, bent - alpha), backward
        """,
        "elu_with_grad",
        ("np.where(x > 0, 1, bent)", "np.where(upstream > 0, 1, bent)"),
        "upstream-as-input",
    ),
    "beside the plain function": (
        """
        def softmax(x):
            e = np.exp(x - x.max(-1, keepdims=True))
            return e / e.sum(-1, keepdims=True)
        def softmax_pullback(x):
            p = softmax(x)
            return p, lambda v: p * (v - (v * p).sum(-1, keepdims=True))
        """,
        "softmax_pullback",
        ("v - (v * p).sum(-1, keepdims=True)", "v - v * p"),
        "diagonal-jacobian",
    ),
    "of several arguments": (
        """
        def linear(x, weight, bias):
            def pull(dy):
                return dy @ weight, dy.T @ x, dy.sum(0)
            return x @ weight.T + bias, pull
        """,
        "linear",
        ("dy.sum(0)", "dy"),
        "broadcast-not-reduced",
    ),
    "of a loss": (
        """
        def mse_vjp(prediction, target):
            d = prediction - target
            return np.mean(d**2), lambda g: (2 * g * d / d.size, -2 * g * d / d.size)
        """,
        "mse_vjp",
        ("(2 * g * d / d.size", "(2 * g * d / len(d)"),
        "gradient-scale",
    ),
    "of no known name": (
        """
        def bent(x):
            e = np.exp(x)
            def pull(g):
                return g * e / (e * e + 1)
            return np.arctan(e), pull
        """,
        "bent",
        ("g * e / (e * e + 1)", "g / (e * e + 1)"),
        "inner-derivative-missing",
    ),
    "by a class that holds parameters": (
        """
        class Linear:
            def __init__(self, n_in, n_out):
                self.W, self.b = np.random.randn(n_in, n_out), np.zeros(n_out)
            def __call__(self, x):
                return x @ self.W + self.b, lambda dy: (dy @ self.W.T, {"W": x.T @ dy, "b": dy.sum(0)})
        """,
        "Linear",
        ("dy.sum(0)", "dy.mean(0)"),
        "gradient-scale",
    ),
    "names, beside the input's gradient": (
        """
        class Dense:
            def __init__(self, n_in, n_out):
                self.w, self.b = np.random.randn(n_in, n_out), np.zeros(n_out)
            def forward(self, x):
                return x @ self.w + self.b, x
            def backward(self, cache, dy):
                return dy @ self.w.T, {"b": dy.sum(0), "w": cache.T @ dy}
        """,
        "Dense",
        ("dy.sum(0)", "-dy.sum(0)"),
        "gradient-sign",
    ),
    "a node that is made from its parents": (
        """
        class Function:
            def __init__(self, device, *tensors):
                self.device, self.parents = device, tensors
                self.asked = [t.requires_grad for t in tensors]
        class Mul(Function):
            def forward(self, x, y):
                return x * y
            def backward(self, g):
                x, y = (p.data for p in self.parents)
                return g * y if self.asked[0] else None, g * x if self.asked[1] else None
        """,
        "Mul",
        ("(p.data for", "(p.data for p in self.parents[::-1]) if True else (p.data for"),
        "gradients-swapped",
    ),
}


def _judged(text: str, name: str) -> Judgement:
    (one,) = [found for found in found_in(text) if found.description.name == name]
    assert one.candidate is not None, one.reason
    return judge(one.candidate)


@pytest.mark.parametrize(("text", "name", "change", "diagnosis"), GIVEN_BACK.values(), ids=GIVEN_BACK)
def test_the_right_passes_and_the_wrong_is_named(
    text: str, name: str, change: tuple[str, str], diagnosis: str
) -> None:
    judgement = _judged(text, name)
    assert judgement.verdict is Verdict.PASS, f"{judgement}"
    assert change[0] in text
    judgement = _judged(text.replace(*change), name)
    assert judgement.verdict is Verdict.FAIL, f"{judgement}"
    named = [f"{f.diagnosis} {f.evidence.get('also')}" for f in judgement.findings]
    assert any(diagnosis in one for one in named), f"{judgement}"


@pytest.mark.parametrize(
    "text",
    [
        "def make_counter(start):\n    def step(n): return start + n\n    return start, step",
        "def make_data(n):\n    return np.zeros(n), lambda i: i",
        "def tools(x):\n    return x, lambda g, lr: g * lr",
        "def tanh_and_more(x):\n    return np.tanh(x), x",
    ],
)
def test_what_gives_back_another_function_is_no_candidate(text: str) -> None:
    assert found_in("\n" + text) == []


def test_the_function_that_is_meant_is_the_last_one() -> None:
    def several(x: float) -> object:
        def other(a: float, b: float) -> float:
            return a * b

        def pull(g: float) -> float:
            return other(g, x)

        return x, pull

    found = pullback_of(several)
    assert found is not None
    assert found.argument == "g"


ADD = """
class Add:
    def forward(self, x, y):
        self.shapes = x.shape, y.shape
        return x + y
    def backward(self, g):
        return {}
def summed(g, shape):
    while g.ndim > len(shape):
        g = g.sum(0)
    for axis, n in enumerate(shape):
        g = g.sum(axis, keepdims=True) if n == 1 else g
    return g
"""


@pytest.mark.parametrize(
    ("returned", "severity"),
    [
        ("tuple(summed(g, s) for s in self.shapes)", None),
        # It is written for arrays of one shape.
        ("(g, g)", Severity.NOTE),
        # It is not, but a column has been forgotten.
        ("tuple(g.sum(0) if len(s) == 1 else g for s in self.shapes)", Severity.WARNING),
    ],
)
def test_what_was_broadcast_is_summed(returned: str, severity: Severity | None) -> None:
    judgement = _judged(ADD.format(returned), "Add")
    found = [(f.diagnosis, f.severity) for f in judgement.findings]
    assert found == ([("broadcast-not-reduced", severity)] if severity else [])
    assert judgement.verdict is Verdict.PASS


CONVOLUTION = """
def conv_forward(x, w, b, conv_param):
    pad = conv_param["pad"]
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    views = np.lib.stride_tricks.sliding_window_view(padded, w.shape[2:], axis=(2, 3))
    return np.einsum("nchwij,fcij->nfhw", views, w) + b[:, None, None], (padded, views, w, pad)
def conv_backward(dout, cache):
    padded, views, w, pad = cache
    dx, (h, v) = np.zeros_like(padded), dout.shape[2:]
    for i, j in np.ndindex(*w.shape[2:]):
        dx[:, :, i:i + h, j:j + v] += np.einsum("nfhw,fc->nchw", dout, w[:, :, i, j])
    dx = dx{}
    return dx, np.einsum("nfhw,nchwij->fcij", dout, views), dout.sum((0, 2, 3))
"""


@pytest.mark.parametrize(
    ("cut", "found"),
    [("[:, :, pad:padded.shape[2] - pad, pad:padded.shape[3] - pad]", []), ("", ["gradient-shape"])],
)
def test_the_padding_of_a_dictionary_of_settings_is_cut_off_again(cut: str, found: list[str]) -> None:
    judgement = _judged(CONVOLUTION.format(cut), "conv_forward")
    assert judgement.verdict is (Verdict.FAIL if found else Verdict.PASS)
    assert [f.diagnosis for f in judgement.findings] == found
    assert all(f.message.startswith("With padding=1: ") for f in judgement.findings)


class Clamp(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any, lo: Any, hi: Any) -> Any:
        ctx.save_for_backward(x)
        ctx.lo, ctx.hi = lo, hi
        return x.clamp(lo, hi)

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (x,) = ctx.saved_tensors
        return g * ((x >= ctx.lo) & (x <= ctx.hi)), None, None


def test_bounds_are_numbers_and_have_no_gradient() -> None:
    judgement = bp.check(Clamp)
    assert judgement.verdict is Verdict.PASS, f"{judgement}"


class LogReg:
    def __init__(self) -> None:
        self.w, self.b = np.ones((5, 1)), np.zeros(1)

    def forward(self, X: Any) -> Any:  # noqa: N803 - as people write it
        self.a = 1 / (1 + np.exp(-(X @ self.w + self.b)))
        return self.a

    def backward(self, X: Any, y: Any) -> Any:  # noqa: N803
        d = (self.a - y) ** 3 / len(y)  # of no usual loss
        return X.T @ d, d.sum(0)


def test_a_backward_that_takes_the_target_of_a_loss_that_is_nowhere_is_skipped() -> None:
    judgement = bp.check(LogReg)
    assert judgement.verdict is Verdict.SKIPPED
    assert "takes the target (y)" in judgement.reason
