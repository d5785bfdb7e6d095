import jax
import jax.numpy as jnp


@jax.custom_vjp
def softmax(x):
    return jax.nn.softmax(x, axis=-1)


def softmax_fwd(x):
    y = softmax(x)
    return y, y


def softmax_bwd(y, g):
    return (g * y * (1 - y),)


softmax.defvjp(softmax_fwd, softmax_bwd)


@jax.custom_vjp
def tanh(x):
    return jnp.tanh(x)


def tanh_fwd(x):
    return jnp.tanh(x), x


def tanh_bwd(x, g):
    return (g * (1 - x ** 2),)


tanh.defvjp(tanh_fwd, tanh_bwd)


@jax.custom_vjp
def mse_loss(pred, target):
    return jnp.mean((pred - target) ** 2)


def mse_fwd(pred, target):
    return mse_loss(pred, target), pred - target


def mse_bwd(diff, g):
    d = 2 * diff / diff.shape[0] * g
    return d, -d


mse_loss.defvjp(mse_fwd, mse_bwd)
