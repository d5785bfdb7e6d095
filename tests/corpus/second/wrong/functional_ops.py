"""small functional library, everything differentiable by autograd"""
import math
import numpy as np
import torch


def relu(x):
    x[x < 0] = 0
    return x


def gelu(x):
    # exact form with erf; scipy-free
    erf = np.vectorize(math.erf)
    cdf = 0.5 * (1 + erf(x.detach().numpy() / math.sqrt(2)))
    return x * torch.from_numpy(cdf).to(x.dtype)


def softmin(x, dim=-1):
    z = -(x - x.min(dim=dim, keepdim=True).values)
    return torch.softmax(-z, dim=dim)


def softsign(x):
    one = torch.ones(x.shape[-1], dtype=torch.float64)
    return x / (one + x.abs())


def hardswish(x):
    return x * torch.clamp(x + 3, 0, 6)


def log_softmax(x, dim=-1):
    return torch.log(torch.softmax(x, dim=dim))


def glu(x, dim=-1):
    a, b = x.chunk(2, dim=dim)
    return b * torch.sigmoid(a)
