"""Learnable activation functions used in our vocoder experiments."""
import torch
import torch.nn as nn


class PReLUFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight):
        ctx.save_for_backward(x, weight)
        return torch.where(x > 0, x, weight * x)

    @staticmethod
    def backward(ctx, grad_output):
        x, weight = ctx.saved_tensors
        grad_x = torch.where(x > 0, grad_output, weight * grad_output)
        return grad_x, None


class PReLU(nn.Module):
    def __init__(self, init=0.25):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([init]))

    def forward(self, x):
        return PReLUFunction.apply(x, self.weight)


class SwishBeta(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, beta):
        s = torch.sigmoid(beta * x)
        ctx.save_for_backward(x, beta, s)
        return x * s

    @staticmethod
    def backward(ctx, grad_output):
        x, beta, s = ctx.saved_tensors
        ds = s * (1 - s)
        grad_x = grad_output * (s + x * ds)
        grad_beta = (grad_output * x * x * ds).sum().reshape(beta.shape)
        return grad_x, grad_beta


class SnakeFn(torch.autograd.Function):
    """x + sin^2(a x) / a"""

    @staticmethod
    def forward(ctx, x, a):
        ctx.save_for_backward(x, a)
        return x + torch.sin(a * x) ** 2 / a

    @staticmethod
    def backward(ctx, g):
        x, a = ctx.saved_tensors
        gx = g * (1 + torch.sin(2 * a * x))
        ga = g * x * torch.sin(2 * a * x) / a
        return gx, ga.sum().view_as(a)
