"""Exercise sheet 4: forward / backward as free functions, with torch tensors."""
import torch
import torch.nn as nn


def layernorm_forward(x, gamma, beta, eps=1e-5):
    mu = x.mean(-1, keepdim=True)
    std = (x.var(-1, unbiased=False, keepdim=True) + eps).sqrt()
    xhat = (x - mu) / std
    return gamma * xhat + beta, (xhat, gamma, std)


def layernorm_backward(dout, cache):
    xhat, gamma, std = cache
    dbeta = dout
    dgamma = dout * xhat
    dxhat = dout * gamma
    dx = (dxhat - dxhat.mean(-1, keepdim=True) - xhat * (dxhat * xhat).mean(-1, keepdim=True)) / std
    return dx, dgamma, dbeta


def linear_forward(x, w, b):
    return x @ w + b, (x, w)


def linear_backward(dout, cache):
    x, w = cache
    return dout @ w.T, dout.T @ x, dout.sum(0)


def softmax_forward(x):
    p = torch.softmax(x, dim=-1)
    return p, p


def softmax_backward(dp, p):
    return p * (1 - p) * dp


_cache = {}


class CachedGELU(torch.autograd.Function):
    # x * Phi(x); ctx.save_for_backward gave me trouble with DataParallel
    @staticmethod
    def forward(ctx, x):
        _cache["x"] = x
        return 0.5 * x * (1 + torch.erf(x / 2 ** 0.5))

    @staticmethod
    def backward(ctx, g):
        x = _cache["x"]
        cdf = 0.5 * (1 + torch.erf(x / 2 ** 0.5))
        pdf = torch.exp(-x * x / 2) / (2 * torch.pi) ** 0.5
        return g * (cdf + x * pdf)


class CELUFn(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, alpha=1.0):
        ctx.alpha = alpha
        ctx.save_for_backward(x)
        return torch.where(x > 0, x, alpha * torch.expm1(x / alpha))

    @staticmethod
    def backward(ctx, g):
        x, = ctx.saved_tensors
        return g * torch.where(x > 0, torch.ones_like(x), torch.exp(x / ctx.alpha))


class MaxPool1d(nn.Module):
    def __init__(self, kernel_size, stride=None):
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride or kernel_size

    def forward(self, x):
        windows = x.unfold(2, self.kernel_size, 1)
        return windows.max(dim=-1).values
