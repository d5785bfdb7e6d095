import jax
import jax.numpy as jnp
from functools import partial


@jax.custom_jvp
def log1pexp(x):
    return jnp.logaddexp(0.0, x)


@log1pexp.defjvp
def _log1pexp_jvp(primals, tangents):
    (x,), (t,) = primals, tangents
    return log1pexp(x), jax.nn.sigmoid(x) * t


@jax.custom_vjp
def softmax(z):
    return jax.nn.softmax(z, axis=-1)


softmax.defvjp(lambda z: (softmax(z),) * 2,
               lambda p, g: (p * (g - (g * p).sum(-1, keepdims=True)),))


@jax.custom_vjp
def gate(x, w):
    return x * jax.nn.sigmoid(w)


def gate_fwd(x, w):
    s = jax.nn.sigmoid(w)
    return x * s, (x, s)


def gate_bwd(res, g):
    x, s = res
    return g * s, g * x * s * (1 - s)


gate.defvjp(gate_fwd, gate_bwd)


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def clip_gradient(lo, hi, x):
    """identity; clips the gradient on purpose"""
    return x


def _clip_fwd(lo, hi, x):
    return x, None


def _clip_bwd(lo, hi, _, g):
    return (jnp.clip(g, lo, hi),)


clip_gradient.defvjp(_clip_fwd, _clip_bwd)


def layer_norm(x, gamma, beta, eps=1e-5):
    mean = x.mean(-1, keepdims=True)
    var = jnp.square(x - mean).mean(-1, keepdims=True)
    return gamma * (x - mean) * jax.lax.rsqrt(var + eps) + beta


def sgd_update(params, grads, lr=0.1):
    return jax.tree_util.tree_map(lambda p, g: p - lr * g, params, grads)
