"""Update rules on arrays of JAX: functions, classes, pairs of ``init`` and ``update``."""

from __future__ import annotations

from textwrap import dedent

import pytest

from backproof.checking.findings import Verdict
from backproof.checking.judge.judge import judge
from tests.checking.adapt.asking import the_candidate

pytest.importorskip("jax")

HEAD = """
import jax
import jax.numpy as jnp
tree_map = jax.tree_util.tree_map
"""
ADAM = """
m = tree_map(lambda m, g: b1 * m + (1 - b1) * g, m, grads)
v = tree_map(lambda v, g: b2 * v + (1 - b2) * GAP, v, grads)
root = tree_map(lambda v: jnp.sqrt(v / (1 - b2**t)) + eps, v)
params = tree_map(lambda p, m, r: p - lr * m / (1 - b1**t) / r, params, m, root)
"""
TAKEN = "lr=1e-3, b1=0.9, b2=0.999, eps=1e-8"


def _inside(text: str, depth: int) -> str:
    return dedent(text).strip().replace("\n", "\n" + " " * depth)


#: The code with a gap, what stands there where it is right, what where it is wrong, and what is then said.
RULES: dict[str, tuple[str, str, str, str]] = {
    "a state in a dictionary": (
        f"""
        def adam_step(params, grads, state, {TAKEN}):
            t, m, v = state["t"] + 1, state["m"], state["v"]
            {_inside(ADAM, 12)}
            return params, dict(m=m, v=v, t=t)
        """,
        "g * g",
        "jnp.abs(g)",
        "moment-not-squared",
    ),
    "one array, changed as JAX's are": (
        """
        @jax.jit
        def sgd_update(param, grad, lr=0.1):
            return param.at[:].add(GAP lr * grad)
        """,
        "-",
        "",
        "update-sign",
    ),
    "no library in its own code": (
        """
        def sgd(params, grads, lr=0.1):
            return [p.at[...].add(-lr * GAP) for p, g in zip(params, grads)]
        """,
        "g",
        "g / 2",
        "update-scale",
    ),
    "a class": (
        f"""
        class Adam:
            def __init__(self, {TAKEN}):
                self.lr, self.b1, self.b2, self.eps, self.t = lr, b1, b2, eps, 0
                self.moments = None
            def update(self, params, grads):
                self.t += 1
                zeros = tree_map(jnp.zeros_like, params)
                m, v = self.moments or (zeros, zeros)
                t, lr, b1, b2, eps = self.t GAP, self.lr, self.b1, self.b2, self.eps
                {_inside(ADAM.replace("GAP", "g * g"), 16)}
                self.moments = m, v
                return params
        """,
        "",
        "- 1",
        "bias-correction-step",
    ),
    "init and update": (
        """
        def rmsprop(learning_rate=0.01, decay=0.99, eps=1e-8):
            def init(params):
                return tree_map(jnp.zeros_like, params)
            def update(grads, state, params=None):
                state = tree_map(lambda s, g: decay * s + (1 - decay) * g * g, state, grads)
                return tree_map(lambda s, g: -learning_rate * g / (GAP + eps), state, grads), state
            return init, update
        """,
        "jnp.sqrt(s)",
        "s",
        "root-missing",
    ),
}


@pytest.mark.parametrize(("text", "right", "wrong", "diagnosis"), RULES.values(), ids=RULES)
def test_a_rule_in_jax_is_judged_as_any_other(text: str, right: str, wrong: str, diagnosis: str) -> None:
    text = HEAD + dedent(text)
    judgement = judge(the_candidate(text.replace("GAP", right)))
    assert (judgement.verdict, judgement.findings) == (Verdict.PASS, []), judgement
    judgement = judge(the_candidate(text.replace("GAP", wrong)))
    assert [finding.diagnosis for finding in judgement.findings] == [diagnosis], judgement
