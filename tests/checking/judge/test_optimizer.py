"""How optimizers are judged that people write: right ones pass, what they do to their state is seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import backproof as bp
from backproof.checking.findings import Verdict
from backproof.checking.judge.judge import judge
from backproof.checking.rules_by_name import guess_rule
from backproof.diagnoses import Severity
from tests.checking.adapt.asking import the_candidate

#: Right, each in another style; the findings that are no errors.
RIGHT: dict[str, tuple[str, list[str]]] = {
    "layers, with hooks": (
        """
        class Optimizer_SGD:
            def __init__(self, learning_rate=1.0, decay=0.0):
                self.learning_rate = self.current_learning_rate = learning_rate
                self.decay, self.iterations = decay, 0
            def pre_update_params(self):
                if self.decay:
                    self.current_learning_rate = self.learning_rate / (1.0 + self.decay * self.iterations)
            def update_params(self, layer):
                layer.weights -= self.current_learning_rate * layer.dweights
                layer.biases -= self.current_learning_rate * layer.dbiases
            def post_update_params(self):
                self.iterations += 1
        """,
        [],
    ),
    "a network's layers": (
        """
        class SGD:
            def __init__(self, network, lr):
                self.network, self.lr = network, lr
            def step(self):
                for layer in self.network.layers:
                    for key in layer.params:
                        layer.params[key] = np.add(layer.params[key], -self.lr * layer.grads["d" + key])
        """,
        [],
    ),
    "pairs, the gradients first": (
        """
        class NesterovSGD:
            def __init__(self, learning_rate=0.01, momentum=0.9):
                self.learning_rate, self.momentum, self.m = learning_rate, momentum, None
            def apply_gradients(self, grads_and_vars):
                if self.m is None:
                    self.m = [np.zeros_like(v) for _, v in grads_and_vars]
                for m, (g, v) in zip(self.m, grads_and_vars):
                    m *= self.momentum
                    m -= self.learning_rate * g
                    v += self.momentum * m - self.learning_rate * g
        """,
        ["velocity-holds-lr"],
    ),
    "alpha is the rate": (
        """
        class RMSProp:
            def __init__(self, alpha=0.001, gamma=0.9):
                self.alpha, self.gamma, self.E = alpha, gamma, 0
            def update(self, theta, g):
                self.E = self.gamma * self.E + (1 - self.gamma) * g * g
                return theta - self.alpha * g / (np.sqrt(self.E) + 1e-8)
        """,
        [],
    ),
    "without a rate": (
        """
        class AdaDelta:
            def __init__(self, gamma=0.95, eps=1e-6):
                self.gamma, self.eps, self.Eg, self.Ed = gamma, eps, 0.0, 0.0
            def update(self, w, grad):
                self.Eg = self.gamma * self.Eg + (1 - self.gamma) * grad ** 2
                d = np.sqrt(self.Ed + self.eps) / np.sqrt(self.Eg + self.eps) * grad
                self.Ed = self.gamma * self.Ed + (1 - self.gamma) * d ** 2
                return w - d
        """,
        [],
    ),
    "a function with a configuration": (
        """
        def rmsprop(w, dw, config=None):
            config = {} if config is None else config
            config.setdefault("learning_rate", 1e-2)
            config.setdefault("decay_rate", 0.99)
            config.setdefault("epsilon", 1e-8)
            config.setdefault("cache", np.zeros_like(w))
            rate = config["decay_rate"]
            config["cache"] = rate * config["cache"] + (1 - rate) * dw ** 2
            return w - config["learning_rate"] * dw / (np.sqrt(config["cache"]) + config["epsilon"]), config
        """,
        [],
    ),
    "a function over a network's dictionary": (
        """
        def update_parameters_with_momentum(parameters, grads, v, beta, learning_rate):
            for l in range(1, len(parameters) // 2 + 1):
                for name in ("W", "b"):
                    v[f"d{name}{l}"] = beta * v[f"d{name}{l}"] + grads[f"d{name}{l}"]
                    parameters[f"{name}{l}"] = parameters[f"{name}{l}"] - learning_rate * v[f"d{name}{l}"]
            return parameters, v
        """,
        [],
    ),
    "objects by other names": (
        """
        class Adagrad:
            def __init__(self, parameters, alpha):
                self.parameters, self.alpha = parameters, alpha
                self.h = [0.0] * len(parameters)
            def __call__(self):
                for i, p in enumerate(self.parameters):
                    self.h[i] = self.h[i] + p.gradient ** 2
                    p.value = p.value - self.alpha * p.gradient / (np.sqrt(self.h[i]) + 1e-10)
        """,
        [],
    ),
    "tensors and gradients": (
        """
        class SGDM:
            def __init__(self, lr, momentum):
                self.lr, self.momentum, self.v = lr, momentum, None
            def step(self, params, grads):
                self.v = self.v or [torch.zeros_like(p) for p in params]
                for p, v, g in zip(params, self.v, grads):
                    v.mul_(self.momentum).add_(g)
                    p -= self.lr * v
        """,
        [],
    ),
    "a closure": (
        """
        class SGD(torch.optim.Optimizer):
            def __init__(self, params, lr):
                super().__init__(params, {"lr": lr})
            def step(self, closure):
                loss = closure()
                with torch.no_grad():
                    for p in self.param_groups[0]["params"]:
                        if p.grad is not None:
                            p -= self.param_groups[0]["lr"] * p.grad
                return loss
        """,
        [],
    ),
    "one clock for all parameters": (
        """
        class NAdam:
            def __init__(self, params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, momentum_decay=4e-3):
                self.params, self.lr, (self.b1, self.b2) = list(params), lr, betas
                self.eps, self.psi, self.t, self.product = eps, momentum_decay, 0, 1.0
                self.m = [torch.zeros_like(p) for p in self.params]
                self.v = [torch.zeros_like(p) for p in self.params]
            @torch.no_grad()
            def step(self):
                self.t += 1
                mu, then = (self.b1 * (1 - 0.5 * 0.96 ** (t * self.psi)) for t in (self.t, self.t + 1))
                self.product *= mu
                for p, m, v in zip(self.params, self.m, self.v):
                    if p.grad is not None:
                        m.mul_(self.b1).add_(p.grad, alpha=1 - self.b1)
                        v.mul_(self.b2).addcmul_(p.grad, p.grad, value=1 - self.b2)
                        mh = then * m / (1 - self.product * then) + (1 - mu) * p.grad / (1 - self.product)
                        p -= self.lr * mh / ((v / (1 - self.b2 ** self.t)).sqrt() + self.eps)
        """,
        ["bias-correction-step"],
    ),
    "the rate of the constructor": (
        """
        class SGD(torch.optim.Optimizer):
            def __init__(self, params, lr):
                super().__init__(params, {"lr": lr})
                self.kept = (lr,)
            @torch.no_grad()
            def step(self):
                for p in self.param_groups[0]["params"]:
                    if p.grad is not None:
                        p -= self.kept[0] * p.grad
        """,
        ["update-value"],
    ),
}


@pytest.mark.parametrize(("text", "told"), RIGHT.values(), ids=RIGHT)
def test_a_right_optimizer_passes(text: str, told: list[str]) -> None:
    judgement = judge(the_candidate(text))
    assert judgement.verdict is Verdict.PASS, judgement
    assert [finding.diagnosis for finding in judgement.findings] == told
    assert all(finding.severity is not Severity.ERROR for finding in judgement.findings)


WRONG: dict[str, tuple[str, str]] = {
    "one state for all": (
        """
        class Momentum(torch.optim.Optimizer):
            def __init__(self, params, lr=0.1, momentum=0.9):
                super().__init__(params, {"lr": lr, "momentum": momentum})
                self.v = 0
            @torch.no_grad()
            def step(self):
                group = self.param_groups[0]
                for p in group["params"]:
                    if p.grad is not None:
                        self.v = group["momentum"] * self.v + p.grad
                        p -= group["lr"] * self.v
        """,
        "state-shared",
    ),
    "state in the class": (
        """
        class Adagrad:
            sums = {}
            def __init__(self, lr=0.1):
                self.lr = lr
            def step(self, params, grads):
                for i, (p, g) in enumerate(zip(params, grads)):
                    self.sums[i] = self.sums.get(i, 0) + g * g
                    p -= self.lr * g / (np.sqrt(self.sums[i]) + 1e-10)
        """,
        "stale-state",
    ),
    "a local name": (
        """
        class SGD:
            def __init__(self, lr=0.1):
                self.lr = lr
            def step(self, params, grads):
                for p, g in zip(params, grads):
                    p = p - self.lr * g
        """,
        "parameter-rebound",
    ),
    "no gradient, of objects": (
        """
        class SGD:
            def __init__(self, params, lr=0.1):
                self.params, self.lr = params, lr
            def step(self):
                for p in self.params:
                    p.data -= self.lr * p.grad
            def zero_grad(self):
                for p in self.params:
                    p.grad = None
        """,
        "gradient-none",
    ),
    "steps counted by layers, from 0": (
        """
        class Optimizer_Adam:
            def __init__(self, learning_rate=0.001, epsilon=1e-8, beta_1=0.9, beta_2=0.999):
                self.learning_rate, self.epsilon, self.iterations = learning_rate, epsilon, 0
                self.beta_1, self.beta_2 = beta_1, beta_2
            def moved(self, layer, name, grad):
                m = self.beta_1 * getattr(layer, name + "_m", 0) + (1 - self.beta_1) * grad
                v = self.beta_2 * getattr(layer, name + "_v", 0) + (1 - self.beta_2) * grad ** 2
                setattr(layer, name + "_m", m)
                setattr(layer, name + "_v", v)
                m = m / (1 - self.beta_1 ** self.iterations)
                v = v / (1 - self.beta_2 ** self.iterations)
                return self.learning_rate * m / (np.sqrt(v) + self.epsilon)
            def update_params(self, layer):
                layer.weights -= self.moved(layer, "w", layer.dweights)
                layer.biases -= self.moved(layer, "b", layer.dbiases)
                self.iterations += 1
        """,
        "bias-correction-step",
    ),
    "one velocity for all shapes, in a dictionary": (
        """
        class Momentum:
            def __init__(self, lr=0.01, momentum=0.9):
                self.lr, self.momentum, self.v = lr, momentum, 0
            def update(self, params, grads):
                for key in params:
                    self.v = self.momentum * self.v + grads[key]
                    params[key] -= self.lr * self.v
        """,
        "state-shared",
    ),
    "a function that does not remember": (
        """
        def sgd_momentum(w, dw, config=None):
            config = config or {}
            v = config.setdefault("momentum", 0.9) * config.get("velocity", np.zeros_like(w))
            v = v - config.setdefault("learning_rate", 0.01) * dw
            return w + v, config
        """,
        "momentum-missing",
    ),
}


@pytest.mark.parametrize(("text", "diagnosis"), WRONG.values(), ids=WRONG)
def test_a_wrong_optimizer_is_named(text: str, diagnosis: str) -> None:
    judgement = judge(the_candidate(text))
    assert judgement.verdict is Verdict.FAIL, judgement
    assert {finding.diagnosis for finding in judgement.findings} == {diagnosis}


def test_state_by_the_place_among_those_with_gradients_is_a_warning() -> None:
    judgement = judge(
        the_candidate(
            """
            class Momentum:
                def __init__(self, params, lr=0.1, momentum=0.9):
                    self.params, self.lr, self.momentum, self.v = list(params), lr, momentum, [0] * 9
                @torch.no_grad()
                def step(self):
                    for i, p in enumerate(p for p in self.params if p.grad is not None):
                        self.v[i] = self.momentum * self.v[i] + p.grad
                        p -= self.lr * self.v[i]
            """
        )
    )
    assert judgement.verdict is Verdict.PASS
    assert [(f.diagnosis, f.severity) for f in judgement.findings] == [("gradient-none", Severity.WARNING)]


NAMELESS = """
    class {name}:
        def __init__(self, lr=0.1):
            self.lr = lr
        def step(self, params, grads):
            for p, g in zip(params, grads):
                p -= self.lr * {step}
"""


@pytest.mark.parametrize(
    ("name", "step"), [("Descender", "np.sign(g)"), ("SGDByTanh", "np.tanh(g)"), ("SignSGD", "np.sign(g)")]
)
def test_nobody_is_accused_of_not_being_what_the_name_does_not_say(name: str, step: str) -> None:
    judgement = judge(the_candidate(NAMELESS.format(name=name, step=step)))
    assert (judgement.verdict, judgement.findings) == (Verdict.PASS, [])
    assert "no update rule of that name is known" in judgement.reason
    assert "# backproof: like=" in judgement.reason


def test_a_part_of_the_name_may_tell() -> None:
    assert judge(the_candidate(NAMELESS.format(name="SGDHalved", step="g / 2"))).verdict is Verdict.FAIL
    assert judge(the_candidate(NAMELESS.format(name="SGDWithDecay", step="g"))).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("MomentumSGD", "torch.optim.SGD(momentum=0.9)"),
        ("SGDM2", "torch.optim.SGD(momentum=0.9)"),
        ("AdamL2", "torch.optim.Adam(weight_decay=0.01)"),
        ("AdamWHW", "torch.optim.AdamW()"),
        ("AdamWD", "torch.optim.Adam(weight_decay=0.01)"),
        ("update_parameters_with_adam", "torch.optim.Adam()"),
        ("AdamWithoutCorrection", None),
        ("AdamSGD", None),
        ("MomentumScheduler", None),
    ],
)
def test_a_name_says_which_rule_is_meant(name: str, meant: str | None) -> None:
    found = guess_rule(name)
    assert (None if found is None else str(found[0])) == meant


def test_a_state_in_single_precision_is_right_to_its_digits_only() -> None:
    text = """
        class Adadelta:
            def __init__(self, lr=1.0, rho=0.9, eps=1e-6):
                self.lr, self.rho, self.eps, self.s = lr, rho, eps, {{}}
            def step(self, params, grads):
                for i, (p, g) in enumerate(zip(params, grads)):
                    u, v = self.s.get(i, (np.float32(0), np.float32(0)))
                    v = (self.rho * v + (1 - self.rho) * g ** 2).astype(np.float32)
                    d = np.sqrt(u + self.eps) / np.sqrt(v + self.eps) * g {wrong}
                    u = (self.rho * u + (1 - self.rho) * d ** 2).astype(np.float32)
                    self.s[i] = u, v
                    p -= self.lr * d
    """
    assert judge(the_candidate(text.format(wrong=""))).verdict is Verdict.PASS
    wrong: Any = judge(the_candidate(text.format(wrong="* (1 + 0.01 * np.sin(g))")))
    assert [finding.diagnosis for finding in wrong.findings] == ["update-value"]
    assert np.isfinite(wrong.findings[0].evidence["got"])


def test_of_which_library_a_model_is_its_use_tells() -> None:
    # PyTorch is imported in the same file.
    text = """
class GD:
    def __init__(self, model, lr):
        self.model, self.lr = model, lr

    def step(self):
        for layer in self.model.layers:
            for key in layer.params:
                layer.params[key] {sign}= self.lr * layer.grads[key]
"""
    for sign, found in (("-", set()), ("+", {"update-sign"})):
        assert {f.diagnosis for f in judge(the_candidate(text.format(sign=sign))).findings} == found


def test_what_a_stand_in_lacks_is_no_mistake() -> None:
    text = """
class GD:
    def __init__(self, model, lr):
        self.model, self.lr = model, lr

    def step(self):
        for block in self.model.blocks:
            block.weight -= self.lr * block.grad_weight
"""
    judgement = judge(the_candidate(text))
    assert judgement.verdict is Verdict.SKIPPED, f"{judgement}"
    assert "stands here for its model" in judgement.reason


@pytest.mark.parametrize("wrong", [False, True])
def test_what_computes_in_float32_is_judged_in_float32(wrong: bool) -> None:
    class SGD:
        def __init__(self, params: Any, lr: float = 0.1, momentum: float = 0.9) -> None:
            self.params, self.lr, self.momentum = params, lr, momentum
            self.velocity = [np.zeros(p.data.shape, np.float32) for p in params]

        def step(self) -> None:
            for p, v in zip(self.params, self.velocity, strict=True):
                if p.grad is not None:
                    v[...] = np.float32(self.momentum * (1 - wrong)) * v + p.grad.astype(np.float32)
                    p.data[...] = (p.data - np.float32(self.lr) * v).astype(np.float32)

    found = [finding.diagnosis for finding in bp.check(SGD).findings if finding.severity is Severity.ERROR]
    assert found == (["momentum-missing"] if wrong else [])
