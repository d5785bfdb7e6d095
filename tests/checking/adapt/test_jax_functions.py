"""Functions of JAX are found and judged, however their rules are bound; what is wrong has its name."""

from __future__ import annotations

from textwrap import dedent

import pytest

from backproof.checking.candidate import Candidate
from backproof.checking.findings import Verdict
from backproof.checking.judge import judge
from tests.checking.adapt.asking import found_in

pytest.importorskip("jax")

HEAD = """
import jax
import jax.numpy as jnp
import numpy as np
from functools import partial
"""

#: By what is shown: the code, the candidate's name, a change that makes it wrong, and its diagnosis.
RULES: dict[str, tuple[str, str, tuple[str, str], str]] = {
    "a rule given to a function of another name": (
        """
        def _softplus(x):
            return jnp.logaddexp(x, 0.0)
        softplus = jax.custom_vjp(_softplus)
        softplus.defvjp(lambda x: (_softplus(x), x), lambda x, g: (g * jax.nn.sigmoid(x),))
        """,
        "softplus",
        ("g * jax", "jax"),
        "upstream-ignored",
    ),
    "a number without a gradient that the reference has as an option": (
        """
        @partial(jax.custom_vjp, nondiff_argnums=(1,))
        def leaky_relu(x, a):
            return jnp.where(x > 0, x, a * x)
        leaky_relu.defvjp(lambda x, a: (leaky_relu(x, a), x), lambda a, x, g: (g * jnp.where(x > 0, 1, a),))
        """,
        "leaky_relu",
        ("x > 0, 1, a", "x > 0, 1, 1"),
        "inner-derivative-missing",
    ),
    "a whole number there, which a reference's 1 would hide": (
        """
        @partial(jax.custom_vjp, nondiff_argnums=(0,))
        def elu(k, x):
            return jnp.where(x > 0, x, k * (jnp.exp(x) - 1))
        elu.defvjp(lambda k, x: (elu(k, x), x), lambda k, x, g: (g * jnp.where(x > 0, 1, k * jnp.exp(x)),))
        """,
        "elu",
        ("k * jnp.exp(x)),", "jnp.exp(x)),"),
        "inner-derivative-missing",
    ),
    "a number that the reference has not": (
        """
        @partial(jax.custom_vjp, nondiff_argnums=(1,))
        def sigmoid(x, steepness):
            return 1 / (1 + jnp.exp(-steepness * x))
        def backward(steepness, s, g):
            return (g * steepness * s * (1 - s),)
        sigmoid.defvjp(lambda x, k: (sigmoid(x, k), sigmoid(x, k)), backward)
        """,
        "sigmoid",
        ("g * steepness", "g"),
        "gradient-scale",
    ),
    "a product": (
        """
        @jax.custom_vjp
        def mm(x, w):
            return x @ w
        mm.defvjp(lambda x, w: (x @ w, (x, w)), lambda kept, g: (g @ kept[1].T, kept[0].T @ g))
        """,
        "mm",
        ("kept[0].T @ g", "g.T @ kept[0]"),
        "transposed-gradient",
    ),
    "a value with a function for the gradient": (
        """
        def tanh_vjp(x):
            y = jnp.tanh(x)
            return y, lambda g: (g * (1 - y * y),)
        """,
        "tanh_vjp",
        ("1 - y * y", "1 - x * x"),
        "input-for-output",
    ),
    "a rule for tangents": (
        """
        @jax.custom_jvp
        def tanh(x):
            return jnp.tanh(x)
        @tanh.defjvp
        def tanh_jvp(primals, tangents):
            (x,), (t,) = primals, tangents
            y = tanh(x)
            return y, (1 - y * y) * t
        """,
        "tanh",
        ("1 - y * y", "1 - x * x"),
        "input-for-output",
    ),
    "a tangent left out": (
        """
        @jax.custom_jvp
        def sigmoid(x):
            return 1 / (1 + jnp.exp(-x))
        @sigmoid.defjvp
        def sigmoid_jvp(primals, tangents):
            s = sigmoid(*primals)
            return s, s * (1 - s) * tangents[0]
        """,
        "sigmoid",
        (" * tangents[0]", ""),
        "upstream-ignored",
    ),
    "an option without a gradient": (
        """
        @partial(jax.custom_vjp, nondiff_argnums=(2,))
        def huber(pred, target, delta=1.0):
            r = pred - target
            a = jnp.abs(r)
            return jnp.mean(jnp.where(a <= delta, 0.5 * r**2, delta * (a - 0.5 * delta)))
        def _fwd(pred, target, delta):
            return huber(pred, target, delta), pred - target
        def _bwd(delta, r, g):
            d = jnp.clip(r, -delta, delta) / r.size
            return g * d, -g * d
        huber.defvjp(_fwd, _bwd)
        """,
        "huber",
        (" / r.size", ""),
        "gradient-scale",
    ),
    "a gradient of None, which JAX takes for 0": (
        """
        @jax.custom_vjp
        def product(x, other):
            return x * other
        product.defvjp(lambda x, w: (x * w, (x, w)), lambda kept, g: (g * kept[1], g * kept[0]))
        """,
        "product",
        ("g * kept[0])", "None)"),
        "missing-gradient",
    ),
    "JAX's own gradient": (
        """
        def layer_norm(x, gamma, beta, eps=1e-5):
            statistics = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
            mean, var = statistics
            return gamma * (x - mean) / jnp.sqrt(var + eps) + beta
        """,
        "layer_norm",
        ("mean, var = statistics", "mean, var = jax.lax.stop_gradient(statistics)"),
        "statistics-constant",
    ),
    "compiled": (
        """
        @jax.jit
        @jax.custom_vjp
        def relu(x):
            return jnp.maximum(x, 0)
        relu.__wrapped__.defvjp(lambda x: (jnp.maximum(x, 0), x), lambda x, g: (g * (x > 0),))
        """,
        "relu",
        ("g * (x > 0)", "g * (g > 0)"),
        "upstream-as-input",
    ),
    "a value made NumPy's": (
        """
        def swish(x):
            return x / (1 + jnp.exp(-x))
        """,
        "swish",
        ("1 + jnp.exp(-x)", "jnp.asarray(1 + np.exp(-np.asarray(x)))"),
        "raises",
    ),
}


def _the(text: str, name: str) -> Candidate:
    (one,) = [f for f in found_in(HEAD + dedent(text)) if f.description.name == name]
    assert one.candidate is not None, one.reason
    return one.candidate


@pytest.mark.parametrize(("text", "name", "_", "__"), RULES.values(), ids=RULES)
def test_what_is_right_passes(text: str, name: str, _: object, __: object) -> None:
    judgement = judge(_the(text, name))
    assert judgement.verdict is Verdict.PASS, f"{judgement}"


@pytest.mark.parametrize(("text", "name", "change", "diagnosis"), RULES.values(), ids=RULES)
def test_what_is_wrong_is_named(text: str, name: str, change: tuple[str, str], diagnosis: str) -> None:
    assert change[0] in text
    judgement = judge(_the(text.replace(*change), name))
    assert diagnosis in [f.diagnosis for f in judgement.findings if f.severity == "error"], f"{judgement}"


def test_the_parts_of_a_rule_are_no_candidates() -> None:
    text, name, *_ = RULES["an option without a gradient"]
    assert [f.description.name for f in found_in(HEAD + dedent(text))] == [name]


def test_a_gradient_clipped_on_purpose_is_no_error() -> None:
    text = """
        @partial(jax.custom_vjp, nondiff_argnums=(0, 1))
        def clip_gradient(lo, hi, x):
            '''Identity that clips the gradient.'''
            return x
        clip_gradient.defvjp(lambda lo, hi, x: (x, None), lambda lo, hi, _, g: (jnp.clip(g, lo, hi),))
    """
    assert judge(_the(text, "clip_gradient")).verdict is Verdict.PASS
