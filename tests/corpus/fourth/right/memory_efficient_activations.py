import math
import torch
import torch.nn as nn
import torch.nn.functional as F


class SwishFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, grad_output):
        x = ctx.saved_tensors[0]
        sig = torch.sigmoid(x)
        return grad_output * sig * (1 + x * (1 - sig))


class MishFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * F.softplus(x).tanh()

    @staticmethod
    def backward(ctx, grad_output):
        x, = ctx.saved_tensors
        tsp = F.softplus(x).tanh()
        return grad_output * (tsp + x * torch.sigmoid(x) * (1 - tsp.square()))


class HardSwishFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * F.relu6(x + 3) / 6

    @staticmethod
    def backward(ctx, grad_output):
        x, = ctx.saved_tensors
        inner = x / 3 + 0.5
        slope = torch.where(x <= -3, torch.zeros_like(x), torch.where(x < 3, inner, torch.ones_like(x)))
        return grad_output * slope


class GELUFunction(torch.autograd.Function):
    """exact GELU, everything else is recomputed"""

    @staticmethod
    def forward(ctx, x):
        cdf = 0.5 * (1 + torch.erf(x * math.sqrt(0.5)))
        if ctx.needs_input_grad[0]:
            ctx.save_for_backward(x)
        return x * cdf

    @staticmethod
    def backward(ctx, dy):
        (x,) = ctx.saved_tensors
        cdf = 0.5 * (1 + torch.erf(x * math.sqrt(0.5)))
        pdf = torch.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)
        return dy * (cdf + x * pdf)


class TanhFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = torch.tanh(x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, dy):
        y, = ctx.saved_tensors
        return dy * (1 - y * y)


class Swish(nn.Module):
    def forward(self, x):
        return SwishFunction.apply(x)
