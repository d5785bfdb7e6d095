"""Optimizers on NumPy arrays, whatever holds the parameters and the gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from backproof.checking.candidate import Signature
from tests.checking.adapt.asking import assert_path, course, the_candidate, torch_path, train

#: The class as written, its form, and the settings of the course.
OPTIMIZERS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "objects with data and grad": (
        """
        class SGD:
            def __init__(self, params, lr=0.01):
                self.params, self.lr = params, lr
            def step(self):
                for p in self.params:
                    p.data -= self.lr * p.grad
            def zero_grad(self):
                for p in self.params:
                    p.grad = np.zeros_like(p.data)
        """,
        "objects",
        {},
    ),
    "a list, and gradients at each step": (
        """
        class SGDMomentum:
            def __init__(self, params, lr, momentum=0.9):
                self.params, self.lr, self.momentum = params, lr, momentum
                self.v = [np.zeros_like(p) for p in params]
            def step(self, grads):
                for p, v, g in zip(self.params, self.v, grads):
                    v *= self.momentum
                    v += g
                    p -= self.lr * v
        """,
        "list",
        {"momentum": 0.7, "nesterov": False},
    ),
    "update of a list": (
        """
        class GradientDescent:
            def __init__(self, learning_rate=0.1):
                self.learning_rate = learning_rate
            def update(self, params, grads):
                for i in range(len(params)):
                    params[i] -= self.learning_rate * grads[i]
        """,
        "list",
        {},
    ),
    "in German": (
        """
        class ImpulsOptimierer:
            def __init__(self, lernrate=0.01, impuls=0.9):
                self.lernrate, self.impuls, self.v = lernrate, impuls, {}
            def step(self, parameter, gradienten):
                for i in range(len(parameter)):
                    self.v[i] = self.impuls * self.v.get(i, 0) + gradienten[i]
                    parameter[i] -= self.lernrate * self.v[i]
        """,
        "list",
        {"momentum": 0.7, "nesterov": False},
    ),
    "in Spanish": (
        """
        class Optimizador:
            def __init__(self, tasa):
                self.tasa = tasa
            def update(self, pesos, gradientes):
                for k in pesos:
                    pesos[k] -= self.tasa * gradientes[k]
        """,
        "dict",
        {},
    ),
    "dictionaries of layers": (
        """
        class SGD:
            def __init__(self, lr=0.01):
                self.lr = lr
            def step(self, params, grads):
                for layer, held in params.items():
                    for key in held:
                        held[key] -= self.lr * grads[layer][key]
        """,
        "layer dicts",
        {},
    ),
    "update of a dictionary": (
        """
        class Momentum:
            def __init__(self, lr=0.01, momentum=0.9):
                self.lr, self.momentum, self.v = lr, momentum, None
            def update(self, params, grads):
                if self.v is None:
                    self.v = {key: np.zeros_like(value) for key, value in params.items()}
                for key in params.keys():
                    self.v[key] = self.momentum * self.v[key] + grads[key]
                    params[key] = params[key] - self.lr * self.v[key]
        """,
        "dict",
        {"momentum": 0.9, "nesterov": False},
    ),
    "single arrays, the new one returned": (
        """
        class SGD:
            def __init__(self, learning_rate=0.01, momentum=0):
                self.learning_rate, self.momentum = learning_rate, momentum
                self.moved = None
            def update(self, w, grad_wrt_w):
                if self.moved is None:
                    self.moved = np.zeros(np.shape(w))
                self.moved = self.momentum * self.moved + grad_wrt_w
                return w - self.learning_rate * self.moved
        """,
        "single",
        {"momentum": 0.9, "nesterov": False},
    ),
    "a new list returned": (
        """
        class GD:
            def __init__(self, eta):
                self.eta = eta
            def step(self, weights, gradients):
                return [w - self.eta * g for w, g in zip(weights, gradients)]
        """,
        "list",
        {},
    ),
    "gradients given to the constructor": (
        """
        class SGDOptimizer:
            def __init__(self, params, grads, lr):
                self.params, self.grads, self.lr = params, grads, lr
            def step(self):
                for p, g in zip(self.params, self.grads):
                    p -= self.lr * g
        """,
        "list",
        {},
    ),
    "a rate at each step": (
        """
        class SGD:
            def step(self, params, grads, lr):
                for p, g in zip(params, grads):
                    p -= lr * g
        """,
        "list",
        {},
    ),
}


@pytest.mark.parametrize(("text", "form", "hyper"), OPTIMIZERS.values(), ids=OPTIMIZERS)
@pytest.mark.parametrize("missing", [False, True], ids=["all have gradients", "one has none"])
def test_gradient_descent_takes_torchs_path(
    text: str, form: str, hyper: dict[str, Any], missing: bool
) -> None:
    run = course(missing=missing, **hyper)
    trajectory = train(text, run, "SGD")
    assert_path(trajectory, torch_path(torch.optim.SGD, run, **hyper))
    assert trajectory.rate_followed
    assert trajectory.rebound == ()
    assert "lr" in trajectory.taken or form == "list"
    candidate = the_candidate(text)
    conventions = candidate.conventions(Signature("optimizer", {}, {"lr": 0.1, **hyper}, "SGD"))
    assert conventions[0]["parameters"] == form
    assert conventions[0]["gradient_none"] is False
    assert candidate.description.style == "numpy-optimizer"


ADAM = {
    "dict": """
        class Adam:
            def __init__(self, lr=0.001, beta1=0.9, beta2=0.999):
                self.lr, self.beta1, self.beta2 = lr, beta1, beta2
                self.epsilon = 1e-8
                self.iter, self.m, self.v = 0, None, None
            def update(self, params, grads):
                if self.m is None:
                    self.m = {k: np.zeros_like(p) for k, p in params.items()}
                    self.v = {k: np.zeros_like(p) for k, p in params.items()}
                self.iter += 1
                for k in params:
                    self.m[k] = self.beta1 * self.m[k] + (1 - self.beta1) * grads[k]
                    self.v[k] = self.beta2 * self.v[k] + (1 - self.beta2) * grads[k] ** 2
                    m = self.m[k] / (1 - self.beta1 ** self.iter)
                    v = self.v[k] / (1 - self.beta2 ** self.iter)
                    params[k] -= self.lr * m / (np.sqrt(v) + self.epsilon)
    """,
    "single, the step counted outside": """
        class AdamOptim:
            def __init__(self, eta=0.01, beta1=0.9, beta2=0.999, epsilon=1e-8):
                self.m, self.v = 0, 0
                self.beta1, self.beta2, self.epsilon, self.eta = beta1, beta2, epsilon, eta
            def update(self, t, w, dw):
                self.m = self.beta1 * self.m + (1 - self.beta1) * dw
                self.v = self.beta2 * self.v + (1 - self.beta2) * dw ** 2
                m, v = self.m / (1 - self.beta1 ** t), self.v / (1 - self.beta2 ** t)
                return w - self.eta * m / (np.sqrt(v) + self.epsilon)
    """,
    "objects": """
        class Adam:
            def __init__(self, parameters, learning_rate=0.001, betas=(0.9, 0.999), eps=1e-8):
                self.parameters, self.lr = list(parameters), learning_rate
                self.betas, self.eps, self.t = betas, eps, 0
                self.state = [(np.zeros_like(p.data), np.zeros_like(p.data)) for p in self.parameters]
            def step(self):
                self.t += 1
                (b1, b2), t = self.betas, self.t
                for i, p in enumerate(self.parameters):
                    m, v = self.state[i]
                    m = b1 * m + (1 - b1) * p.grad
                    v = b2 * v + (1 - b2) * p.grad * p.grad
                    self.state[i] = (m, v)
                    p.data -= self.lr * (m / (1 - b1 ** t)) / (np.sqrt(v / (1 - b2 ** t)) + self.eps)
    """,
}


@pytest.mark.parametrize("text", ADAM.values(), ids=ADAM)
@pytest.mark.parametrize("eps", [1e-8, 1e-2])
def test_adam_takes_torchs_path(text: str, eps: float) -> None:
    hyper: dict[str, Any] = {"betas": (0.85, 0.99), "eps": eps}
    run = course(**hyper)
    trajectory = train(text, run, "Adam")
    assert_path(trajectory, torch_path(torch.optim.Adam, run, **hyper))
    assert set(trajectory.taken) == {"lr", "betas", "eps"}


def test_zero_grad_of_objects_is_tried() -> None:
    text = OPTIMIZERS["objects with data and grad"][0]
    assert train(text, course(), "SGD").cleared is True
    assert train(text.replace("p.grad = np.zeros", "np.zeros"), course(), "SGD").cleared is False
    assert train(OPTIMIZERS["update of a list"][0], course(), "SGD").cleared is None


def test_new_arrays_in_a_list_of_its_own_are_noticed() -> None:
    text = """
        class SGD:
            def __init__(self, params, lr):
                self.params, self.lr = list(params), lr
            def step(self, grads):
                self.params = [p - self.lr * g for p, g in zip(self.params, grads)]
    """
    run = course()
    trajectory = train(text.replace("self.params = [", "self.params[:] = ["), run, "SGD")
    assert trajectory.rebound == (0, 1)
    np.testing.assert_array_equal(trajectory.parameters[-1][0], run.parameters[0])
    assert train(text, run, "SGD").rebound == (0, 1)


def test_a_step_that_raises_ends_the_run() -> None:
    text = OPTIMIZERS["update of a list"][0].replace("self.learning_rate *", "self.rate *")
    trajectory = train(text, course(), "SGD")
    assert trajectory.raised is not None
    assert (trajectory.raised.type, trajectory.raised.phase) == ("AttributeError", "step")
    assert trajectory.raised.line == 11


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "class SGD:\n def __init__(self, lr): ...\n def step(self): np.ones(1)",
            "takes the parameters",
        ),
        ("class SGD:\n def __init__(self, lr, warmup): ...\n def update(self, params, grads): ...", "warmup"),
        ("class SGD:\n def __init__(self, lr): ...\n def update(self, w, b, dw, db): ...", "stands for"),
    ],
)
def test_what_stands_in_the_way_is_said(text: str, said: str) -> None:
    candidate = the_candidate("\n" + text)
    assert candidate.conventions(Signature("optimizer", {}, {"lr": 0.1}, "SGD")) == []
    assert said in candidate.obstacle
