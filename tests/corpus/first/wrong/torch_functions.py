import torch
from torch import nn
import torch.nn.functional as F


class MyELU(torch.autograd.Function):
    """ELU, alpha = 1"""

    @staticmethod
    def forward(ctx, x):
        out = torch.where(x > 0, x, torch.expm1(torch.clamp(x, max=0)))
        ctx.save_for_backward(x, out)
        return out

    @staticmethod
    def backward(ctx, grad_output):
        x, out = ctx.saved_tensors
        return grad_output * torch.where(x > 0, torch.ones_like(x), out)


class Softsign(torch.autograd.Function):
    """x / (1 + |x|)"""

    @staticmethod
    def forward(ctx, x):
        denom = 1 + x.abs()
        ctx.denom = denom.detach()
        return x / denom

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output / ctx.denom ** 2


class LinearFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input, weight, bias):
        ctx.save_for_backward(input, weight)
        return input @ weight.t() + bias

    @staticmethod
    def backward(ctx, grad_output):
        input, weight = ctx.saved_tensors
        return grad_output @ weight, grad_output.t() @ input, None


class CrossEntropyLoss(nn.Module):
    def forward(self, logits, target):
        return F.cross_entropy(torch.softmax(logits, dim=1), target)


class SafeCrossEntropy(nn.Module):
    """-log p, with p kept away from zero."""

    def forward(self, logits, target):
        p = torch.softmax(logits, dim=1).clamp(min=1e-7)
        return -torch.log(p[torch.arange(len(target)), target]).mean()


class NumpySwish(nn.Module):
    def forward(self, x):
        a = x.detach().numpy()
        import numpy as np
        return torch.from_numpy(a / (1 + np.exp(-a)))
