import torch
import torch.nn as nn
import torch.nn.functional as F


class MishFunction(torch.autograd.Function):
    """Keeps only the local derivative, so that the backward is one multiplication."""

    @staticmethod
    def forward(ctx, x):
        sp = F.softplus(x)
        t = torch.tanh(sp)
        sig = torch.sigmoid(x)
        ctx.derivative = t + x * sig * (1 - t * t)
        return x * t

    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.derivative


class Mish(nn.Module):
    def forward(self, x):
        return MishFunction.apply(x)


class TanhShrinkFunction(torch.autograd.Function):
    """x - tanh(x)"""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x - torch.tanh(x)

    @staticmethod
    def backward(ctx, grad):
        x, = ctx.saved_tensors
        t = torch.tanh(x.data)
        return grad * t * t
