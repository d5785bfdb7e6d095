"""Estimators whose backward is *not* the derivative of the forward, on purpose."""
import torch
import torch.nn as nn


class RoundSTE(torch.autograd.Function):
    """Straight-through estimator: rounds forward, identity backward."""

    @staticmethod
    def forward(ctx, x):
        return torch.round(x)

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output


class BinarizeSTE(torch.autograd.Function):
    """sign(x) with the straight-through gradient of Hubara et al.: passes where |x| <= 1."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.where(x >= 0, torch.ones_like(x), -torch.ones_like(x))

    @staticmethod
    def backward(ctx, grad_output):
        x, = ctx.saved_tensors
        return grad_output * (x.abs() <= 1).to(grad_output.dtype)


class FakeQuantSTE(torch.autograd.Function):
    # straight-through estimator, no gradient outside of the representable range
    @staticmethod
    def forward(ctx, x, scale=0.1, qmin=-128, qmax=127):
        q = torch.round(x / scale)
        ctx.save_for_backward((q >= qmin) & (q <= qmax))
        return q.clamp(qmin, qmax) * scale

    @staticmethod
    def backward(ctx, grad_output):
        inside, = ctx.saved_tensors
        return grad_output * inside, None, None, None


class GradientReversal(torch.autograd.Function):
    """Gradient reversal layer (Ganin & Lempitsky): identity forward, -lambda * grad backward."""

    @staticmethod
    def forward(ctx, x, lambd=1.0):
        ctx.lambd = lambd
        return x.view_as(x)

    @staticmethod
    def backward(ctx, grad_output):
        return -ctx.lambd * grad_output, None


class RoundModule(nn.Module):
    """STE through the detach trick"""

    def forward(self, x):
        return x + (torch.round(x) - x).detach()


class SurrogateSpike(torch.autograd.Function):
    """Heaviside spike with a fast-sigmoid surrogate gradient (SuperSpike)."""

    scale = 10.0

    @staticmethod
    def forward(ctx, u):
        ctx.save_for_backward(u)
        return (u > 0).to(u.dtype)

    @staticmethod
    def backward(ctx, grad_output):
        u, = ctx.saved_tensors
        return grad_output / (SurrogateSpike.scale * u.abs() + 1.0) ** 2
