"""Custom differentiation rules in JAX."""
import functools
import jax
import jax.numpy as jnp


@jax.custom_jvp
def softplus(x):
    return jnp.maximum(x, 0) + jnp.log1p(jnp.exp(-jnp.abs(x)))


@softplus.defjvp
def _softplus_jvp(primals, tangents):
    (x,), (t,) = primals, tangents
    return softplus(x), jax.nn.sigmoid(x) * t


@jax.custom_vjp
def log_softmax(x):
    return x - jax.scipy.special.logsumexp(x, axis=-1, keepdims=True)


def _ls_fwd(x):
    y = log_softmax(x)
    return y, y


def _ls_bwd(y, g):
    return (g - jnp.exp(y) * jnp.sum(g, axis=-1, keepdims=True),)


log_softmax.defvjp(_ls_fwd, _ls_bwd)


@functools.partial(jax.custom_vjp, nondiff_argnums=(1,))
def leaky_relu(x, negative_slope=0.01):
    return jnp.where(x >= 0, x, negative_slope * x)


def _lr_fwd(x, negative_slope):
    return leaky_relu(x, negative_slope), x >= 0


def _lr_bwd(negative_slope, positive, g):
    return (jnp.where(positive, g, negative_slope * g),)


leaky_relu.defvjp(_lr_fwd, _lr_bwd)
