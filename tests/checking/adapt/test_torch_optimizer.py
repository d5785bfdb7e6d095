"""Optimizers on PyTorch's parameters: each takes the path of ``torch.optim``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from backproof.checking.candidate import Case, Signature
from tests.checking.adapt.asking import assert_path, course, found_in, the_candidate, torch_path, train

PLAIN = """
    class GradientDescentOptimizer:
        def __init__(self, parameters, learning_rate):
            self.parameters = list(parameters)
            self.learning_rate = learning_rate
        def step(self):
            with torch.no_grad():
                for p in self.parameters:
                    if p.grad is not None:
                        p -= self.learning_rate * p.grad
        def zero_grad(self):
            for p in self.parameters:
                if p.grad is not None:
                    p.grad.zero_()
"""

OPTIMIZERS: dict[str, tuple[str, dict[str, Any], set[str]]] = {
    "plain": (PLAIN, {}, {"lr"}),
    "momentum by another name": (
        """
        class SGDMomentum:
            def __init__(self, params, lr=0.01, mu=0.5):
                self.params, self.lr, self.mu = list(params), lr, mu
                self.v = [torch.zeros_like(p) for p in self.params]
            @torch.no_grad()
            def step(self):
                for p, v in zip(self.params, self.v):
                    if p.grad is not None:
                        v.mul_(self.mu).add_(p.grad)
                        p.sub_(self.lr * v)
            def zero_grad(self):
                for p in self.params:
                    p.grad = None
        """,
        {"momentum": 0.9, "nesterov": False},
        {"lr", "momentum"},
    ),
    "a subclass of torch's": (
        """
        class MySGD(torch.optim.Optimizer):
            def __init__(self, params, lr=1e-3, momentum=0.0, nesterov=False):
                super().__init__(params, dict(lr=lr, momentum=momentum, nesterov=nesterov))
            @torch.no_grad()
            def step(self, closure=None):
                for group in self.param_groups:
                    for p in group["params"]:
                        if p.grad is None:
                            continue
                        v = self.state[p].setdefault("v", torch.zeros_like(p))
                        v.mul_(group["momentum"]).add_(p.grad)
                        d = p.grad + group["momentum"] * v if group["nesterov"] else v
                        p.add_(d, alpha=-group["lr"])
        """,
        {"momentum": 0.8, "nesterov": True},
        {"lr", "momentum", "nesterov"},
    ),
    "a model instead of its parameters": (
        """
        class SGD:
            def __init__(self, model, lr):
                self.model, self.lr = model, lr
            def step(self):
                for p in self.model.parameters():
                    if p.grad is not None:
                        p.data = p.data - self.lr * p.grad
            def zero_grad(self):
                self.model.zero_grad()
        """,
        {},
        {"lr"},
    ),
    "settings in a dictionary": (
        """
        class SGDOptimizer:
            def __init__(self, weights, config=None, eta=0.5):
                self.weights = list(weights)
                self.config = {"learning_rate": eta}
            def step(self):
                for w in self.weights:
                    if w.grad is not None:
                        w.data.add_(w.grad, alpha=-self.config["learning_rate"])
        """,
        {},
        {"lr"},
    ),
}


@pytest.mark.parametrize(("text", "hyper", "taken"), OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_gradient_descent_takes_torchs_path(text: str, hyper: dict[str, Any], taken: set[str]) -> None:
    run = course(**hyper)
    trajectory = train(text, run, "SGD")
    assert_path(trajectory, torch_path(torch.optim.SGD, run, **hyper))
    assert set(trajectory.taken) == taken
    assert trajectory.rate_followed
    assert trajectory.rebound == ()
    assert trajectory.cleared in ((True, None) if "zero_grad" not in text else (True,))


ADAM = {
    "a pair of betas": (
        "betas=(0.9, 0.999), eps=1e-8",
        "self.betas, self.eps = betas, eps",
        "self.betas[0]",
        "self.betas[1]",
    ),
    "two betas": (
        "beta1=0.9, beta2=0.999, epsilon=1e-8",
        "self.b1, self.b2, self.eps = beta1, beta2, epsilon",
        "self.b1",
        "self.b2",
    ),
    "kept, not taken": (
        "unused=None",
        "self.beta1, self.beta2, self.eps = 0.5, 0.5, 1.0",
        "self.beta1",
        "self.beta2",
    ),
}


@pytest.mark.parametrize(("arguments", "kept", "first", "second"), ADAM.values(), ids=ADAM)
def test_adam_gets_its_settings_whatever_they_are_called(
    arguments: str, kept: str, first: str, second: str
) -> None:
    text = f"""
        class AdamOptimizer:
            def __init__(self, params, alpha=0.001, {arguments}):
                self.params, self.alpha = list(params), alpha
                {kept}
                self.t = 0
                self.m = [torch.zeros_like(p) for p in self.params]
                self.v = [torch.zeros_like(p) for p in self.params]
            @torch.no_grad()
            def step(self):
                self.t += 1
                b1, b2 = {first}, {second}
                for p, m, v in zip(self.params, self.m, self.v):
                    if p.grad is None:
                        continue
                    m.mul_(b1).add_(p.grad, alpha=1 - b1)
                    v.mul_(b2).addcmul_(p.grad, p.grad, value=1 - b2)
                    p -= self.alpha * (m / (1 - b1 ** self.t)) / ((v / (1 - b2 ** self.t)).sqrt() + self.eps)
    """
    for hyper in ({"betas": (0.9, 0.999), "eps": 1e-8}, {"betas": (0.8, 0.95), "eps": 1e-2}):
        run = course(**hyper)  # type: ignore[arg-type]  # the settings of the course
        trajectory = train(text, run, "Adam")
        assert_path(trajectory, torch_path(torch.optim.Adam, run, **hyper))
        assert set(trajectory.taken) == {"lr", "betas", "eps"}


def test_each_run_starts_anew() -> None:
    run = course(momentum=0.9, nesterov=False)
    text = OPTIMIZERS["momentum by another name"][0]
    candidate = the_candidate(text)
    (convention,) = candidate.conventions(
        Signature("optimizer", {}, {"lr": 0.1, **run.hyperparameters}, "SGD")
    )
    assert convention["defaults"] == {"lr": 0.01, "momentum": 0.5}
    first, second = candidate.train(run, convention), candidate.train(run, convention)
    np.testing.assert_array_equal(first.parameters[-1][0], second.parameters[-1][0])


def test_a_rate_that_cannot_be_changed_is_said() -> None:
    text = PLAIN.replace("self.learning_rate = learning_rate", "self.rates = [learning_rate]").replace(
        "self.learning_rate *", "self.rates[0] *"
    )
    trajectory = train(text, course(), "SGD")
    assert trajectory.taken == ("lr",)
    assert not trajectory.rate_followed


def test_a_new_tensor_in_the_place_of_the_parameter_is_noticed() -> None:
    text = """
        class SGD:
            def __init__(self, params, lr):
                self.params, self.lr = list(params), lr
            def step(self):
                for i, p in enumerate(self.params):
                    if p.grad is not None:
                        new = p.detach() - self.lr * p.grad
                        new.grad = p.grad
                        self.params[i] = new
    """
    run = course()
    trajectory = train(text, run, "SGD")
    assert trajectory.rebound == (0, 1)
    np.testing.assert_array_equal(trajectory.parameters[-1][0], run.parameters[0])


ZERO_GRADS = {
    "cleared": ("if p.grad is not None: p.grad.zero_()", True, None),
    "set to None": ("p.grad = None", True, None),
    "kept": ("pass", False, None),
    "a local name": ("g = p.grad; g = None", False, None),
    "fails before the first backward": ("p.grad.zero_()", True, "AttributeError"),
}


@pytest.mark.parametrize(("body", "cleared", "raised"), ZERO_GRADS.values(), ids=ZERO_GRADS)
def test_zero_grad_is_tried(body: str, cleared: bool, raised: str | None) -> None:
    head = PLAIN.partition("        def zero_grad")[0]
    text = (
        f"{head}        def zero_grad(self):\n            for p in self.parameters:\n                {body}\n"
    )
    run = course()
    trajectory = train(text, run, "SGD")
    assert trajectory.cleared is cleared
    assert len(trajectory.parameters) == len(run.rates)
    if raised is None:
        assert trajectory.raised is None
    else:
        assert trajectory.raised is not None
        assert (trajectory.raised.type, trajectory.raised.phase) == (raised, "zero_grad")


def test_a_step_that_raises_ends_the_run_with_its_line() -> None:
    text = PLAIN.replace(
        "if p.grad is not None:\n                        p -=", "if True:\n                        p -="
    )
    trajectory = train(text, course(), "SGD")
    assert trajectory.raised is not None
    assert (trajectory.raised.type, trajectory.raised.phase) == ("TypeError", "step")
    assert trajectory.raised.line == 14
    assert trajectory.parameters == ()


def test_a_constructor_that_raises_is_told() -> None:
    trajectory = train(
        PLAIN.replace("self.parameters = list(parameters)", "raise OSError('no')"), course(), "SGD"
    )
    assert trajectory.raised is not None
    assert (trajectory.raised.type, trajectory.raised.phase, trajectory.raised.line) == (
        "OSError",
        "construct",
        8,
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PLAIN.replace("learning_rate)", "learning_rate, warmup)"), "warmup"),
        ("class SGD:\n def __init__(self, lr): ...\n def step(self): torch.zeros(1)", "no parameters"),
        (
            "class SGD:\n def __init__(self, params, lr): ...\n def step(self, batch, loss): torch.ones(1)",
            "(batch, loss)",
        ),
    ],
)
def test_what_stands_in_the_way_is_said(text: str, said: str) -> None:
    candidate = the_candidate("\n" + text)
    assert candidate.conventions(Signature("optimizer", {}, {"lr": 0.1}, "SGD")) == []
    assert said in candidate.obstacle


def test_an_optimizer_is_trained_and_the_rest_is_called() -> None:
    with pytest.raises(TypeError, match="trained, not called"):
        the_candidate(PLAIN).call(Case({}), {})
    with pytest.raises(TypeError, match="called, not trained"):
        the_candidate("class Tanh(nn.Module):\n def forward(self, x): return x").train(course(), {})


def test_what_only_steps_is_no_optimizer() -> None:
    text = """
        class StepLR:
            def __init__(self, optimizer, gamma=0.1):
                self.optimizer = optimizer
            def step(self):
                self.optimizer.lr *= self.gamma

        class Pendulum:
            def __init__(self, length):
                self.angle = 0.0
            def step(self, action):
                self.angle += action

        class Scheduler(torch.optim.lr_scheduler.LRScheduler):
            def step(self):
                pass
    """
    assert found_in(text) == []
