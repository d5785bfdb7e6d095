import jax
import jax.numpy as jnp


@jax.custom_vjp
def softplus(x):
    return jnp.logaddexp(x, 0.0)


def softplus_fwd(x):
    return softplus(x), x


def softplus_bwd(x, g):
    return (jax.nn.sigmoid(x),)


softplus.defvjp(softplus_fwd, softplus_bwd)
