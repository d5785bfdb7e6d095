"""What is right by a custom that the code does not show is a warning; without the custom it is an error."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from backproof.checking.findings import Judgement, Verdict
from backproof.checking.judge import judge
from backproof.diagnoses import Severity
from tests.checking.adapt.asking import found_in

HANDED = """
def tanh(x):
    return np.tanh(x)

def tanh_prime({name}):
    {text}
    return 1 - {name} ** 2
"""
SOFTMAX = """
def softmax(Z):
    "{text}"
    return np.exp(Z) / np.exp(Z).sum(axis=0)

def softmax_backward(dA, A):
    return A * (dA - (dA * A).sum(axis=0))
"""
AVERAGED = """
def linear_forward(A, W, b):
    return W @ A + b, (A, W)

def linear_backward(dZ, cache):
    A, W = cache
    return W.T @ dZ{input}, dZ @ A.T / A.shape[1], dZ.sum(axis=1, keepdims=True){bias}
"""
SQUARED = """
class SquaredError:
    def loss(self, y, t):
        return {scale} * np.sum((y - t) ** 2)

    def gradient(self, y, t):
        return 2 * {scale} * (y - t)
"""
LAST = """
class SoftmaxWithLoss:
    def forward(self, x, t):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.t, self.y = t, e / e.sum(axis=1, keepdims=True)
        return -np.sum(np.log(self.y[np.arange(len(t)), t] + 1e-7)) / len(t)

    def backward(self, dout{default}):
        dx = self.y.copy()
        dx[np.arange(len(dx)), self.t] -= 1
        return {factor}dx{share}
"""
LAST_OF_ITS_OWN = """
class LastLoss:
    "It takes classes, or one-hot rows."
    def forward(self, x, t):
        self.t = t.argmax(axis=1) if t.size == x.size else t
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.y = e / e.sum(axis=1, keepdims=True)
        return -np.mean(np.log(self.y[np.arange(len(x)), self.t] + 1e-7))

    def backward(self, dout=1):
        dx = self.y.copy()
        dx[np.arange(len(dx)), self.t] -= 1
        return dx / len(dx)
"""
EPSILON, IGNORED, N = "epsilon-bias", "upstream-ignored", " / len(dx)"
SAVED = """
class SoftmaxLoss:
    def forward(self, inputs, y_true):
        e = np.exp(inputs - inputs.max(axis=1, keepdims=True))
        self.output = e / e.sum(axis=1, keepdims=True)
        return np.mean(-np.log(self.output[range(len(y_true)), y_true]))

    def backward(self, dvalues, y_true):
        self.dinputs = dvalues.copy()
        self.dinputs[range(len(dvalues)), y_true] -= 1
        self.dinputs = self.dinputs{share}
"""
ONE_LOGIT = """
class SigmoidWithLoss:
    def forward(self, x, t):
        self.t, self.y = t, 1 / (1 + np.exp(-x))
        both = np.c_[1 - self.y, self.y]
        return -np.sum(np.log(both[np.arange(len(t)), t.astype(int)] + 1e-7)) / len(t)

    def backward(self, dout=1):
        return {sign}(self.y - self.t) * dout / len(self.t)
"""
SHARE = " / A.shape[1]"
#: The code, and the diagnoses that are warnings; those that are errors.
CUSTOMS: dict[str, tuple[str, set[str], set[str]]] = {
    "the output handed over": (HANDED.format(name="x", text=""), {"input-for-output"}, set()),
    "the same, called what it is": (HANDED.format(name="y", text=""), set(), set()),
    "the same, said": (HANDED.format(name="x", text="'x is the output of tanh'"), set(), set()),
    "examples in columns": (SOFTMAX.format(text="one column for each example"), {"wrong-axis"}, set()),
    "examples in columns, not said": (SOFTMAX.format(text=""), {"wrong-axis"}, set()),
    "examples in rows": (SOFTMAX.format(text="Z: (batch, classes)"), set(), {"wrong-axis"}),
    "averages of all parameters": (AVERAGED.format(input="", bias=SHARE), {"gradient-scale"}, set()),
    "an average of one alone": (AVERAGED.format(input="", bias=""), set(), {"gradient-scale"}),
    "the input's too": (AVERAGED.format(input=SHARE, bias=SHARE), set(), {"gradient-scale"}),
    "the last loss": (LAST.format(default="=1", factor="", share=N), {IGNORED, EPSILON}, set()),
    "the last loss, of its own name": (LAST_OF_ITS_OWN, {IGNORED, EPSILON}, set()),
    "the last loss, and wrong": (
        LAST.format(default="=1", factor="", share=""),
        {IGNORED, EPSILON},
        {"gradient-scale"},
    ),
    "a loss that is not the last": (LAST.format(default="", factor="", share=N), {EPSILON}, {IGNORED}),
    "one with what comes in": (LAST.format(default="=1", factor="dout * ", share=N), {EPSILON}, set()),
    "half a sum": (SQUARED.format(scale="0.5"), {"reduction"}, set()),
    "the saved output handed over": (SAVED.format(share=" / len(dvalues)"), set(), set()),
    "the same, not averaged": (SAVED.format(share=""), set(), {"gradient-scale"}),
    "one logit for each sample": (ONE_LOGIT.format(sign=""), {"gradient-value"}, set()),
    "the same, turned around": (ONE_LOGIT.format(sign="-"), set(), {"gradient-value"}),
    "a third of a sum": (SQUARED.format(scale="1 / 3"), set(), {"forward-value"}),
}


def _all_judged(text: str) -> Iterator[Judgement]:
    for one in found_in(text):
        assert one.candidate is not None, one.reason
        yield judge(one.candidate)


@pytest.mark.parametrize(("text", "warned", "wrong"), CUSTOMS.values(), ids=CUSTOMS)
def test_a_custom_is_a_warning(text: str, warned: set[str], wrong: set[str]) -> None:
    (judgement,) = _all_judged(text)
    told: dict[Severity, set[str]] = {Severity.WARNING: set(), Severity.ERROR: set()}
    for finding in judgement.findings:
        if finding.diagnosis != "not-finite":
            told.setdefault(finding.severity, set()).add(finding.diagnosis)
    assert (told[Severity.WARNING], told[Severity.ERROR]) == (warned, wrong), f"{judgement}"


def test_a_gradient_of_an_unknown_loss_is_not_judged() -> None:
    text = """
class Net:
    def __init__(self, n_in, n_out):
        self.W = np.ones((n_in, n_out))

    def forward(self, x):
        self.x, self.p = x, x @ self.W
        return self.p

    def backward(self, y):
        self.dW = self.x.T @ np.tanh(self.p - y)
"""
    (found,) = found_in(text)
    assert found.candidate is not None
    judgement = judge(found.candidate)
    assert judgement.verdict is Verdict.SKIPPED
    assert "no method gives the loss" in judgement.reason


def test_what_is_returned_for_an_index_is_for_the_input() -> None:
    text = """
def cross_entropy(probs, y):
    return -np.log(probs[np.arange(len(y)), y]).mean()

def cross_entropy_backward(probs, y):
    return -1 / probs[np.arange(len(y)), y] / len(y)
"""
    (judgement,) = _all_judged(text)
    assert "gradient-shape" in {f.diagnosis for f in judgement.findings}, f"{judgement}"
