"""Networks of which forward, cost and backward stand apart: found, called, judged and named."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import numpy as np
import pytest

import backproof as bp
from backproof.checking.findings import Judgement, Verdict
from backproof.checking.judge.judge import judge
from tests.checking.adapt.asking import found_in

#: Functions of one hidden layer, parameters in a dictionary, samples in columns.
COLUMNS = """
def forward_propagation(X, parameters):
    W1, b1, W2, b2 = (parameters[k] for k in KEYS)
    A1 = np.tanh(parameters["W1"] @ X + parameters["b1"])
    A2 = 1 / (1 + np.exp(-(parameters["W2"] @ A1 + parameters["b2"])))
    return A2, {"A1": A1, "A2": A2}
def backward_propagation(parameters, cache, X, Y):
    m, A1 = X.shape[1], cache["A1"]
    dZ2 = cache["A2"] - Y
    dZ1 = parameters["W2"].T @ dZ2 HERE
    db1 = dZ1.sum(1, keepdims=True) / m
    return {"dW1": dZ1 @ X.T / m, "db1": db1, "dW2": dZ2 @ A1.T / m, "db2": dZ2.sum(1, keepdims=True) / m}
""".replace("    W1, b1, W2, b2 = (parameters[k] for k in KEYS)\n", "")
COST = """
def compute_cost(A2, Y):
    return -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / Y.shape[1]
"""
#: A class of the same in rows; what it does with the gradients is left open.
ROWS_OF_SAMPLES = """
class Net:
    def __init__(self, n_in=4, n_hidden=6, n_out=2):
        r = np.random.RandomState(0)
        self.W1, self.b1 = r.randn(n_in, n_hidden), np.zeros(n_hidden)
        self.W2, self.b2 = r.randn(n_hidden, n_out), np.zeros(n_out)
    def forward(self, X):
        self.X, self.H = X, np.tanh(X @ self.W1 + self.b1)
        e = np.exp(self.H @ self.W2 + self.b2)
        self.P = e / e.sum(1, keepdims=True)
        return self.P
    def backward(self, y LR):
        d = self.P.copy()
        d[np.arange(len(y)), y] -= 1
        d = d / len(y)
        h = d @ self.W2.T HERE
        END
"""
RIGHT = "* (1 - {}**2)"
ENDS = {
    "kept on the instance": (
        "",
        "self.dW1, self.db1, self.dW2, self.db2 = self.X.T @ h, h.sum(0), self.H.T @ d, d.sum(0)",
    ),
    "returned": ("", "return self.X.T @ h, h.sum(0), self.H.T @ d, d.sum(0)"),
    "a step at once": (
        ", lr",
        """steps = self.X.T @ h, h.sum(0), self.H.T @ d, d.sum(0)
        self.W1, self.b1 = self.W1 - lr * steps[0], self.b1 - lr * steps[1]
        self.W2, self.b2 = self.W2 - lr * steps[2], self.b2 - lr * steps[3]""",
    ),
}
CODE = {
    "functions with a cost": (COLUMNS + COST, "backward_propagation", RIGHT.format("A1")),
    "functions without": (COLUMNS, "backward_propagation", RIGHT.format("A1")),
    **{
        f"a class without a cost, gradients {how}": (
            ROWS_OF_SAMPLES.replace("LR", rate).replace("END", end),
            "Net",
            RIGHT.format("self.H"),
        )
        for how, (rate, end) in ENDS.items()
    },
    "a class with the loss of its prediction": (
        ROWS_OF_SAMPLES.replace("LR", "").replace("END", ENDS["kept on the instance"][1])
        + "    def loss(self, p, y):\n        return -np.log(p[np.arange(len(y)), y]).mean()\n",
        "Net",
        RIGHT.format("self.H"),
    ),
    "a class of lists of layers": (
        """
class MLP:
    def __init__(self, dims):
        r = np.random.RandomState(0)
        self.W = [r.randn(a, b) for a, b in zip(dims, dims[1:])]
        self.b = [np.zeros(b) for b in dims[1:]]
    def forward(self, X):
        self.acts = [X]
        for k in range(len(self.W)):
            z = self.acts[-1] @ self.W[k] + self.b[k]
            self.acts.append(np.tanh(z) if k < len(self.W) - 1 else z)
        return self.acts[-1]
    def loss(self, X, Y):
        return 0.5 * np.sum((self.forward(X) - Y) ** 2)
    def gradients(self, X, Y):
        d, gW, gb = self.forward(X) - Y, [], []
        for k in reversed(range(len(self.W))):
            gW.insert(0, self.acts[k].T @ d)
            gb.insert(0, d.sum(0))
            if k:
                d = d @ self.W[k].T HERE
        return gW, gb
""",
        "MLP",
        RIGHT.format("self.acts[k]"),
    ),
}


def _judged(code: str, name: str, part: str) -> Judgement:
    script = dedent(code).replace("HERE", part)
    one = next(one for one in found_in(script) if one.description.name == name)
    assert one.candidate is not None, one.reason
    return judge(one.candidate)


@pytest.mark.parametrize("row", CODE)
def test_right_it_passes_and_a_mistake_in_it_is_caught(row: str) -> None:
    code, name, right = CODE[row]
    judgement = _judged(code, name, right)
    assert judgement.verdict is Verdict.PASS, f"{judgement}"
    assert not judgement.findings, f"{judgement}"
    wrong = _judged(code, name, "")
    assert wrong.verdict is Verdict.FAIL, f"{wrong}"
    assert wrong.findings[0].diagnosis == "inner-derivative-missing", f"{wrong}"


def test_what_the_cost_was_taken_for_is_said() -> None:
    code, name, right = CODE["functions without"]
    assert "the binary cross-entropy" in _judged(code, name, right).reason
    code, name, right = CODE["functions with a cost"]
    assert "no loss is written" not in _judged(code, name, right).reason


def test_a_backward_of_a_cost_that_is_not_usual_is_not_judged() -> None:
    # The gradient of a hinge, of which nothing is written: none of the usual costs has it.
    script = """
def predict(X, w, b):
    return X @ w + b
def gradient(X, y, w, b):
    on = y * predict(X, w, b) < 1
    return X.T @ (-y * on) / len(y), (-y * on).mean()
"""
    assert all(
        one.candidate is None or judge(one.candidate).verdict is not Verdict.FAIL for one in found_in(script)
    )


def test_what_is_left_from_one_call_to_the_next_is_named() -> None:
    code, name, right = CODE["a class of lists of layers"]
    kept = code.replace("self.acts = [X]", "self.acts.append(X)").replace(
        "        self.b = [np", "        self.acts = []\n        self.b = [np"
    )
    judgement = _judged(kept, name, right)
    assert [f.diagnosis for f in judgement.findings] == ["stale-state"], f"{judgement}"


class Regression:
    """What many begin with."""

    def __init__(self, features: int, penalty: float = 0.1) -> None:
        self.w, self.b, self.penalty = np.zeros((features, 1)), 0.0, penalty

    def predict(self, x: Any) -> Any:
        return x @ self.w + self.b

    def loss(self, x: Any, y: Any) -> Any:
        return np.mean((self.predict(x) - y) ** 2) + self.penalty * np.sum(self.w**2)

    def gradients(self, x: Any, y: Any) -> Any:
        e = 2 * (self.predict(x) - y) / len(x)
        return x.T @ e + 2 * self.penalty * self.w, e.sum()


@pytest.mark.parametrize("given", [Regression, Regression(6), Regression(3, penalty=0.5)])
def test_it_is_checked_as_an_object_too(given: object) -> None:
    judgement = bp.check(given)
    assert judgement.verdict is Verdict.PASS, f"{judgement}"


def test_the_gradient_for_a_prediction_is_that_of_its_loss_and_of_no_network() -> None:
    script = """
def linear_forward(x, w, b):
    return x @ w + b, (x, w)
def linear_backward(dy, cache):
    return dy @ cache[1].T, cache[0].T @ dy, dy.sum(0)
def mse(pred, target):
    return ((pred - target) ** 2).mean()
def mse_grad(pred, target):
    return 2 * (pred - target)
"""
    judged = {one.description.name: judge(one.candidate) for one in found_in(script) if one.candidate}
    assert {name: found.verdict for name, found in judged.items()} == {
        "linear_forward": Verdict.PASS,
        "mse": Verdict.FAIL,
    }
    assert judged["mse"].findings[0].diagnosis == "gradient-scale"
