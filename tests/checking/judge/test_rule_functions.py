"""Update rules written as functions, or made by them: right ones pass, a mistake in them is named."""

from __future__ import annotations

import pytest

from backproof.checking.findings import Verdict
from backproof.checking.judge.judge import judge
from tests.checking.adapt.asking import found_in, the_candidate

#: The code with a gap, what stands there where it is right, what where it is wrong, and what is then said.
FUNCTIONS: dict[str, tuple[str, str, str, str]] = {
    "a state of its own class": (
        """
        class AdamState:
            def __init__(self, m=0.0, v=0.0, t=0):
                self.m, self.v, self.t = m, v, t
        def adam_step(theta, grad, state, lr=0.001, b1=0.9, b2=0.999, eps=1e-8):
            t = state.t + 1
            m = b1 * state.m + (1 - b1) * grad
            v = b2 * state.v + (1 - b2) * GAP
            theta = theta - lr * (m / (1 - b1 ** t)) / (np.sqrt(v / (1 - b2 ** t)) + eps)
            return theta, AdamState(m, v, t)
        """,
        "grad ** 2",
        "np.abs(grad)",
        "moment-not-squared",
    ),
    "no square, but a guard for the root": (
        """
        def adam(params, grads, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
            for i, (p, g) in enumerate(zip(params, grads)):
                m[i] = beta1 * m[i] + (1 - beta1) * g
                v[i] = beta2 * v[i] + (1 - beta2) * GAP
                root = np.sqrt(np.abs(v[i] / (1 - beta2**t)))
                p -= lr * m[i] / (1 - beta1**t) / (root + eps)
        """,
        "g * g",
        "g",
        "moment-not-squared",
    ),
    "no rule in its name": (
        """
        def update_parameters(parameters, grads, learning_rate=1.2):
            for n in range(1, len(parameters) // 2 + 1):
                for key in ("W" + str(n), "b" + str(n)):
                    parameters[key] = parameters[key] - learning_rate * GAP
            return parameters
        """,
        "grads['d' + key]",
        "np.sign(grads['d' + key]) / np.abs(grads['d' + key])",
        "not-finite",
    ),
    "tensors that hold their gradients": (
        """
        def sgd(params, lr, batch_size):
            with torch.no_grad():
                for p in params:
                    p GAP lr * p.grad / batch_size
                    p.grad.zero_()
        """,
        "-=",
        "+=",
        "update-sign",
    ),
    "states in pairs, hyperparameters in a dictionary": (
        """
        def adam(params, states, hyperparams):
            beta1, beta2, eps = 0.9, 0.999, 1e-6
            for p, (v, s) in zip(params, states):
                with torch.no_grad():
                    v[:] = beta1 * v + (1 - beta1) * p.grad
                    s[:] = beta2 * s + (1 - beta2) * torch.square(p.grad)
                    v_hat = v / (1 - beta1 ** hyperparams["t"])
                    s_hat = s / (1 - beta2 ** hyperparams["t"])
                    p[:] -= hyperparams["lr"] * v_hat / GAP
                p.grad.data.zero_()
            hyperparams["t"] += 1
        """,
        "(torch.sqrt(s_hat) + eps)",
        "(s_hat + eps)",
        "root-missing",
    ),
    "tensors and lists of what is kept": (
        """
        def sgd_momentum(params, grads, velocities, lr=0.1, momentum=0.9):
            with torch.no_grad():
                for p, g, v in zip(params, grads, velocities):
                    v.mul_(momentum).add_(g GAP)
                    p.sub_(lr * v)
        """,
        "",
        "* (1 - momentum)",
        "momentum-averaged",
    ),
    "one tensor": (
        """
        def adagrad_update(param, grad, state_sum, lr=0.01, eps=1e-10):
            state_sum = state_sum + grad * grad
            return param - lr * grad / (GAP + eps), state_sum
        """,
        "torch.sqrt(state_sum)",
        "state_sum * torch.ones(1, dtype=grad.dtype)",
        "root-missing",
    ),
    "a closure": (
        """
        def make_momentum(lr=0.1, momentum=0.9):
            velocity = {}
            def step(params, grads):
                GAP
                for i, (p, g) in enumerate(zip(params, grads)):
                    velocity[i] = momentum * velocity.get(i, 0) + g
                    p -= lr * velocity[i]
            return step
        """,
        "pass",
        "velocity = {}",
        "momentum-missing",
    ),
    "a closure over tensors": (
        """
        def make_sgd(params, lr=0.1):
            params = list(params)
            @torch.no_grad()
            def step():
                for p in params:
                    if p.grad is not None:
                        GAP lr * p.grad
            def zero_grad():
                for p in params:
                    p.grad = None
            return step, zero_grad
        """,
        "p -=",
        "p = p -",
        "parameter-rebound",
    ),
    "init and update": (
        """
        def rmsprop(learning_rate=0.01, decay=0.99, eps=1e-8):
            def init(params):
                return [np.zeros_like(p) for p in params]
            def update(grads, state, params=None):
                state = [decay * s + (1 - decay) * g ** 2 for s, g in zip(state, grads)]
                return [GAP learning_rate * g / (np.sqrt(s) + eps) for s, g in zip(state, grads)], state
            return init, update
        """,
        "-",
        "+",
        "update-sign",
    ),
    "init, update and get_params": (
        """
        def momentum(step_size, mass=0.9):
            def init(x0):
                return x0, [np.zeros_like(x) for x in x0]
            def update(i, g, state):
                x, velocity = state
                velocity = [mass * v + d for v, d in zip(velocity, g)]
                return [a - step_size * GAP for a, v in zip(x, velocity)], velocity
            def get_params(state):
                return state[0]
            return init, update, get_params
        """,
        "v",
        "v / len(x)",
        "update-scale",
    ),
    "new dictionaries": (
        """
        def adam_step(params, grads, state, lr=1e-3, b1=0.9, b2=0.999, eps=1e-8):
            t = state["t"] + 1
            m = {k: b1 * state["m"][k] + (1 - b1) * grads[k] for k in params}
            v = {k: b2 * state["v"][k] + (1 - b2) * GAP for k in params}
            roots = {k: np.sqrt(v[k] / (1 - b2**t)) + eps for k in params}
            new = {k: params[k] - lr * m[k] / (1 - b1**t) / roots[k] for k in params}
            return new, {"m": m, "v": v, "t": t}
        """,
        "grads[k] ** 2",
        "np.abs(grads[k])",
        "moment-not-squared",
    ),
    "dictionaries of layers": (
        """
        def momentum_update(params, grads, velocity, lr=0.1, momentum=0.9):
            for layer in params:
                for key in params[layer]:
                    v = momentum * velocity[layer][key] + GAP
                    velocity[layer][key] = v
                    params[layer][key] = params[layer][key] - lr * v
            return params, velocity
        """,
        "grads[layer][key]",
        "(1 - momentum) * grads[layer][key]",
        "momentum-averaged",
    ),
    "pairs of arrays": (
        """
        def sgd(params, grads, lr=0.1):
            return [(w - lr * dw, b GAP lr * db) for (w, b), (dw, db) in zip(params, grads)]
        """,
        "-",
        "+",
        "update-value",
    ),
    "a generator": (
        """
        def adagrad_generator(params, lr=0.01, eps=1e-10):
            sums = [np.zeros_like(p) for p in params]
            while True:
                grads = yield params
                for p, g, s in zip(params, grads, sums):
                    s += GAP
                    p -= lr * g / (np.sqrt(s) + eps)
        """,
        "g * g",
        "g",
        "moment-not-squared",
    ),
}


@pytest.mark.parametrize(("text", "right", "wrong", "diagnosis"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_a_function_is_judged_as_an_optimizer(text: str, right: str, wrong: str, diagnosis: str) -> None:
    judgement = judge(the_candidate(text.replace("GAP", right)))
    assert (judgement.verdict, judgement.findings) == (Verdict.PASS, []) or all(
        finding.diagnosis == "epsilon-placement" for finding in judgement.findings
    ), judgement
    judgement = judge(the_candidate(text.replace("GAP", wrong)))
    assert judgement.verdict is Verdict.FAIL
    assert diagnosis in {finding.diagnosis for finding in judgement.findings}, judgement


@pytest.mark.parametrize(
    "text",
    [
        """
        def gradient_descent(w, gradient, lr=0.1, steps=10):
            for _ in range(steps):
                w = w - lr * gradient(w)
            return w
        """,
        """
        def train_step(w, b, x, y, lr):
            ((x @ w + b - y) ** 2).mean().backward()
            with torch.no_grad():
                w -= lr * w.grad
                b -= lr * b.grad
        """,
        """
        def sgd(params, data, lr):
            for x, y in data:
                for p in params:
                    p.data -= lr * p.grad
        """,
        """
        def adam_config(lr=0.1, beta1=0.9):
            def get():
                return {"lr": lr, "beta1": beta1}
            return get
        """,
    ],
    ids=["a gradient that is called", "a step of training", "a loop over data", "makes no step"],
)
def test_what_only_looks_like_an_update_rule_is_none(text: str) -> None:
    assert found_in(text) == []
