import jax
import jax.numpy as jnp


@jax.custom_vjp
def softplus(x):
    return jnp.logaddexp(x, 0.0)


def _softplus_fwd(x):
    y = softplus(x)
    return y, y


def _softplus_bwd(y, g):
    return (g * jax.nn.sigmoid(y),)


softplus.defvjp(_softplus_fwd, _softplus_bwd)
