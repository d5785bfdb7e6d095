import torch
import torch.nn as nn


class LeakyReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.where(x > 0, x, 0.1 * x)

    @staticmethod
    def backward(ctx, g):
        x, = ctx.saved_tensors
        mask = (x > 0).to(g.dtype) + 0.1 * (x < 0).to(g.dtype)
        return g * mask


class Softplus(nn.Module):
    def forward(self, x):
        return torch.log(1 + torch.exp(x))


class ELU(nn.Module):
    def __init__(self, alpha=1.0):
        super().__init__()
        self.alpha = alpha

    def forward(self, x):
        neg = self.alpha * (torch.exp(torch.clamp(x, max=0)) - 1)
        return torch.where(x > 0, x, neg)


class SafeSigmoid(nn.Module):
    """sigmoid that never overflows: the input is cut to [-10, 10].

    (it is nearly 0 or 1 out there anyway)
    """

    def forward(self, x):
        return 1 / (1 + torch.exp(-x.clamp(-10, 10)))


class GELU(nn.Module):
    """tanh approximation"""

    def forward(self, x):
        return 0.5 * x * (1 + torch.tanh((2 / torch.pi) ** 0.5 * (x + 0.44715 * x ** 3)))
