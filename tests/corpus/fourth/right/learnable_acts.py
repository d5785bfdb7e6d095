import torch
from torch import nn


class PReLUFn(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return torch.where(x > 0, x, w * x)

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        neg = x <= 0
        gx = torch.where(neg, w * g, g)
        gw = (g * x * neg).sum().expand_as(w)
        return gx, gw


class SwishBeta(nn.Module):
    def __init__(self, beta=1.0):
        super().__init__()
        self.beta = nn.Parameter(torch.tensor(float(beta)))

    def forward(self, x):
        return _SwishBetaFn.apply(x, self.beta)


class _SwishBetaFn(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, beta):
        s = torch.sigmoid(beta * x)
        ctx.save_for_backward(x, beta)
        return x * s

    @staticmethod
    def backward(ctx, g):
        x, beta = ctx.saved_tensors
        s = torch.sigmoid(beta * x)
        xs = x * s * (1 - s)
        return g * (s + beta * xs), (g * x * xs).sum().reshape(beta.shape)


class Snake(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, a):
        ctx.save_for_backward(x, a)
        return x + torch.sin(a * x).square() / a

    @staticmethod
    def backward(ctx, g):
        x, a = ctx.saved_tensors
        s2 = torch.sin(2 * a * x)
        ga = x * s2 / a - torch.sin(a * x).square() / a ** 2
        return g * (1 + s2), (g * ga).sum().reshape(a.shape)
