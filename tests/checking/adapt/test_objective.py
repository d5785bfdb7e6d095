"""Losses of their own parameters that give their gradients: found, called, judged and named."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import numpy as np
import pytest

import backproof as bp
from backproof.checking.adapt.objectives.objective import Objective
from backproof.checking.findings import Judgement, Verdict
from backproof.checking.judge.judge import judge
from tests.checking.adapt.asking import found_in

#: Code with a place for a mistake, the candidate in it, what is right there, what is wrong, its diagnosis.
ROWS: dict[str, tuple[str, str, str, str, str]] = {
    "its name says so": (
        """
        def ridge_loss_and_grad(params, X, y, lam=0.0):
            w, b = params["w"], params["b"]
            r = X @ w + b - y
            grads = {"w": 2 * X.T @ r / len(y) + HERE * w, "b": 2 * r.mean()}
            return np.mean(r ** 2) + lam * np.sum(w ** 2), grads
        """,
        "ridge_loss_and_grad",
        "2 * lam",
        "lam",
        "inner-derivative-missing",
    ),
    "its numbers say so; classes by indices, a coefficient": (
        """
        def svm_naive(W, X, y, reg):
            s = X @ W
            m = np.maximum(0, s - s[range(len(y)), y][:, None] + 1)
            m[range(len(y)), y] = 0
            on = (m > 0).astype(float)
            on[range(len(y)), y] = -on.sum(1)
            return m.sum() / len(y) + reg * (W * W).sum(), X.T @ on / HERE + 2 * reg * W
        """,
        "svm_naive",
        "len(y)",
        "W.shape[1]",
        "gradient-value",
    ),
    "examples in columns, the gradients first": (
        """
        def propagate(w, b, X, Y):
            A = 1 / (1 + np.exp(-(w.T @ X + b)))
            cost = -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / X.shape[1]
            d = (HERE) / X.shape[1]
            return {"dw": X @ d.T, "db": d.sum()}, cost
        """,
        "propagate",
        "A - Y",
        "Y - A",
        "gradient-sign",
    ),
    "beside its loss": (
        """
        def compute_cost(X, y, w, b):
            return np.sum((X @ w + b - y) ** 2) / (2 * len(y))
        def compute_gradients(X, y, w, b):
            e = X @ w + b - y
            return e.mean(), HERE
        """,
        "compute_gradients",
        "X.T @ e / len(y)",
        "X.T @ e",
        "gradient-scale",
    ),
    "of vectors and words": (
        """
        def softmaxLossAndGradient(center, idx, outside):
            p = np.exp(outside @ center)
            p = p / p.sum()
            loss = -np.log(p[idx])
            p[idx] -= 1
            return loss, outside.T @ p, np.outer(HERE)
        """,
        "softmaxLossAndGradient",
        "p, center",
        "center, p",
        "transposed-gradient",
    ),
    "three arrays of one shape": (
        """
        def triplet_loss(anchor, positive, negative, alpha=0.2):
            near = np.sum((anchor - positive) ** 2, axis=1)
            far = np.sum((anchor - negative) ** 2, axis=1)
            h = near - far + alpha
            m = 2 * (h > 0)[:, None] / len(h)
            grads = m * (negative - positive), m * (HERE), m * (anchor - negative)
            return np.maximum(h, 0).mean(), grads
        """,
        "triplet_loss",
        "positive - anchor",
        "anchor - positive",
        "gradient-sign",
    ),
    "a mean that is called like a number; two gradients of three": (
        """
        def gaussian_nll(mu, log_var, x):
            d, iv = x - mu, np.exp(-log_var)
            return 0.5 * np.mean(log_var + d * d * iv), (HERE, 0.5 * (1 - d * d * iv) / d.size)
        """,
        "gaussian_nll",
        "-d * iv / d.size",
        "d * iv / d.size",
        "gradient-sign",
    ),
    "two gradients of three, not of the first": (
        """
        def gaussian_nll(x, mu, log_var):
            d, iv = x - mu, np.exp(-log_var)
            return 0.5 * np.mean(log_var + d * d * iv), -d * iv / d.size, 0.5 * (HERE) / d.size
        """,
        "gaussian_nll",
        "1 - d * d * iv",
        "1 + d * d * iv",
        "inner-derivative-missing",
    ),
    "one number for each sample": (
        """
        def ranking_loss(s1, s2, y, margin=0.1):
            h = -y * (s1 - s2) + margin
            m = (h > 0) HERE
            return np.maximum(h, 0).mean(), (-y * m, y * m)
        """,
        "ranking_loss",
        "/ len(y)",
        "",
        "gradient-scale",
    ),
    "a weight for each sample": (
        """
        def weighted_error(pred, target, weight):
            d = pred - target
            return np.mean(weight * d * d), HERE * weight * d / d.size
        """,
        "weighted_error",
        "2",
        "1",
        "gradient-scale",
    ),
    "a table, a class and a number for each row": (
        """
        def policy_gradient_loss(logits, actions, advantages):
            p = np.exp(logits)
            p /= p.sum(1, keepdims=True)
            chosen = np.arange(len(actions)), actions
            loss = -(advantages * np.log(p[chosen])).mean()
            p[chosen] -= 1
            return loss, advantages[:, None] * p HERE
        """,
        "policy_gradient_loss",
        "/ len(actions)",
        "",
        "gradient-scale",
    ),
    "of one argument, as its docstring says": (
        """
        def entropy_bonus(logits):
            "mean entropy, and its gradient"
            p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
            h = -(p * np.log(p)).sum(1, keepdims=True)
            return h.mean(), HERE * (np.log(p) + h) / len(p)
        """,
        "entropy_bonus",
        "-p",
        "p",
        "gradient-sign",
    ),
    "a penalty and its strength": (
        """
        def l2_loss(W, lam):
            return lam * np.sum(W ** 2), HERE * W
        """,
        "l2_loss",
        "2 * lam",
        "lam",
        "gradient-scale",
    ),
    "of classes, as the name of a variable says": (
        """
        def softmax_with_cross_entropy(preds, target_index):
            p = np.exp(preds) / np.exp(preds).sum(1, keepdims=True)
            rows = np.arange(len(p)), target_index
            loss = -np.log(p[rows]).sum()
            d_preds = p.copy()
            d_preds[rows] -= 1
            return loss, d_preds HERE
        """,
        "softmax_with_cross_entropy",
        "* 1",
        "/ len(p)",
        "gradient-scale",
    ),
    "vectors, of the names of which one may be a gradient's": (
        """
        def negative_sampling(v, context, negatives):
            near, far = 1 / (1 + np.exp(-(v @ context))), 1 / (1 + np.exp(negatives @ v))
            dv = (near - 1) * context + (1 - far) @ negatives
            return -np.log(near) - np.log(far).sum(), dv, HERE * v, np.outer(1 - far, v)
        """,
        "negative_sampling",
        "(near - 1)",
        "(1 - near)",
        "gradient-sign",
    ),
    "a class that has its parameters once it is trained": (
        """
        class Regression:
            def cost(self, X, y):
                return np.mean((X @ self.w + self.b - y) ** 2) / 2
            def gradient(self, X, y):
                e = X @ self.w + self.b - y
                return X.T @ e / len(y), HERE
            def fit(self, X, y):
                self.w, self.b = np.zeros(X.shape[1]), 0.0
        """,
        "Regression",
        "e.mean()",
        "e.sum()",
        "gradient-scale",
    ),
    "a class whose loss and gradients take the same": (
        """
        class Net:
            def __init__(self, n_in, n_hidden):
                r = np.random.RandomState(0)
                self.W1, self.W2 = r.randn(n_in, n_hidden), r.randn(n_hidden, 2)
            def forward(self, X):
                self.a = np.tanh(X @ self.W1)
                return self.a @ self.W2
            def loss(self, X, T):
                return 0.5 * np.sum((self.forward(X) - T) ** 2) / len(X)
            def gradients(self, X, T):
                d = (self.forward(X) - T) / len(X)
                return dict(W1=X.T @ (d @ self.W2.T HERE), W2=self.a.T @ d)
        """,
        "Net",
        "* (1 - self.a ** 2)",
        "",
        "inner-derivative-missing",
    ),
}
#: What looks like one and is none.
OTHERS = """
def standardize(X, y):
    return X.mean(), X - X.mean(0)
def loss_and_accuracy(w, X, y):
    return np.mean((X @ w - y) ** 2), np.mean((X @ w > 0) == (y > 0))
def train_with_loss(w, X, y):
    raise AssertionError("it was called")
def loss_and_grad(w, X, y):
    open("somewhere")
    return np.mean((X @ w - y) ** 2), X.T @ (X @ w - y)
def affine_backward(dout, x, w, b):
    return dout @ w.T, x.T @ dout, dout.sum(0)
def tanh_step(x, dx, v):
    return np.tanh(x).sum(), dx * v
def predict(x):
    p = 1 / (1 + np.exp(-x))
    return p.mean(), p
def variance(x):
    return np.var(x), x - x.mean()
def masked_loss(pred, target, mask):
    err = (pred - target) * mask
    return np.mean(err ** 2), err
def weighted_forward(pred, target, weight):
    d = pred - target
    return np.mean(weight * d * d), (d, weight)
def weighted_backward(dout, cache):
    return 2 * dout * cache[0] * cache[1] / cache[0].size
"""


def _judged(code: str, name: str, part: str) -> Judgement:
    script = dedent(code).replace("HERE", part)
    one = next(one for one in found_in(script) if one.description.name == name)
    assert one.candidate is not None, one.reason
    return judge(one.candidate)


@pytest.mark.parametrize("row", ROWS)
def test_right_it_passes_and_a_mistake_in_it_is_named(row: str) -> None:
    code, name, right, wrong, diagnosis = ROWS[row]
    judgement = _judged(code, name, right)
    assert judgement.verdict is Verdict.PASS, f"{judgement}"
    assert not judgement.findings, f"{judgement}"
    judgement = _judged(code, name, wrong)
    assert judgement.verdict is Verdict.FAIL, f"{judgement}"
    assert judgement.findings[0].diagnosis == diagnosis, f"{judgement}"


def test_what_only_looks_like_one_is_not_called_or_not_listed() -> None:
    assert not [one for one in found_in(OTHERS) if isinstance(one.candidate, Objective)]


def test_it_is_checked_as_an_object_too() -> None:
    def loss_and_grad(w: Any, X: Any, y: Any) -> Any:  # noqa: N803  # as it is written
        r = X @ w - y
        return np.mean(r**2), X.T @ r / len(y)

    judgement = bp.check(loss_and_grad)
    assert [f.diagnosis for f in judgement.findings] == ["gradient-scale"], f"{judgement}"
