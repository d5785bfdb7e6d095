"""My solution of the layer exercise. forward returns (out, cache), backward takes (dout, cache)."""
import numpy as np


def affine_forward(x, w, b):
    N = x.shape[0]
    out = x.reshape(N, -1) @ w + b
    return out, (x, w)


def affine_backward(dout, cache):
    x, w = cache
    dx = (dout @ w.T).reshape(x.shape)
    dw = x.reshape(x.shape[0], -1).T @ dout
    db = np.sum(dout, axis=0)
    return dx, dw, db


def relu_forward(x):
    return x * (x > 0), x


def relu_backward(dout, cache):
    return np.where(cache > 0, dout, 0)


def batchnorm_forward(x, gamma, beta, bn_param):
    mode = bn_param["mode"]
    eps = bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)
    D = x.shape[1]
    rm = bn_param.setdefault("running_mean", np.zeros(D, dtype=x.dtype))
    rv = bn_param.setdefault("running_var", np.zeros(D, dtype=x.dtype))
    if mode == "test":
        return gamma * (x - rm) / np.sqrt(rv + eps) + beta, None
    mu = x.mean(axis=0)
    xc = x - mu
    var = np.mean(xc ** 2, axis=0)
    inv = 1.0 / np.sqrt(var + eps)
    xhat = xc * inv
    bn_param["running_mean"] = momentum * rm + (1 - momentum) * mu
    bn_param["running_var"] = momentum * rv + (1 - momentum) * var
    return gamma * xhat + beta, (xhat, inv, gamma, xc)


def batchnorm_backward(dout, cache):
    xhat, inv, gamma, xc = cache
    N = dout.shape[0]
    dbeta = dout.sum(axis=0)
    dgamma = np.sum(xhat * dout, axis=0)
    # node by node
    dxhat = dout * gamma
    dinv = np.sum(dxhat * xc, axis=0)
    dvar = -0.5 * dinv * inv ** 3
    dxc = dxhat * inv + 2.0 / N * xc * dvar
    dmu = -dxc.sum(axis=0)
    dx = dxc + dmu / N
    return dx, dgamma, dbeta


def layernorm_forward(x, gamma, beta, eps=1e-5):
    mu = np.mean(x, axis=1, keepdims=True)
    sd = np.sqrt(np.var(x, axis=1, keepdims=True) + eps)
    xn = (x - mu) / sd
    return gamma * xn + beta, (xn, sd, gamma)


def layernorm_backward(dout, cache):
    xn, sd, gamma = cache
    D = xn.shape[1]
    d = dout * gamma
    dx = (d - d.sum(1, keepdims=True) / D - xn * (d * xn).sum(1, keepdims=True) / D) / sd
    return dx, (dout * xn).sum(0), dout.sum(0)


def dropout_forward(x, p=0.5, train=True, seed=None):
    """p = probability of dropping."""
    if not train:
        return x, None
    rng = np.random.RandomState(seed)
    mask = ((rng.rand(*x.shape) >= p) / (1 - p)).astype(x.dtype)
    return x * mask, mask


def dropout_backward(dout, cache):
    return dout if cache is None else dout * cache


def svm_loss(x, y):
    """mean multiclass hinge loss, returns (loss, dx)"""
    n = x.shape[0]
    idx = np.arange(n)
    margins = np.maximum(0, x - x[idx, y][:, None] + 1)
    margins[idx, y] = 0
    dx = (margins > 0).astype(x.dtype)
    dx[idx, y] -= dx.sum(axis=1)
    return margins.sum() / n, dx / n


def softmax_loss(x, y):
    """mean softmax cross entropy, returns (loss, dx)"""
    n = len(x)
    z = x - np.max(x, axis=1, keepdims=True)
    e = np.exp(z)
    s = e.sum(axis=1, keepdims=True)
    loss = np.mean(np.log(s[:, 0]) - z[np.arange(n), y])
    dx = e / s
    dx[np.arange(n), y] -= 1
    dx /= n
    return loss, dx
