"""Memory-efficient activations for our EfficientNet fork.

Plain autograd keeps every intermediate alive; these recompute what they need.
"""
import torch
import torch.nn as nn
import torch.nn.functional as F


class SwishJitFree(torch.autograd.Function):
    @staticmethod
    def forward(ctx, inp):
        out = inp * inp.sigmoid()
        ctx.save_for_backward(out)          # one tensor only, saves memory
        return out

    @staticmethod
    def backward(ctx, grad_out):
        inp, = ctx.saved_tensors
        s = inp.sigmoid()
        return grad_out * s * (1 + inp * (1 - s))


class MishFn(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.tanh(F.softplus(x))

    @staticmethod
    def backward(ctx, grad_out):
        x, = ctx.saved_tensors
        t = torch.tanh(F.softplus(x))
        # product rule: t + x * dt/dx
        return grad_out * (t + x * (1 - t * t))


class TanhFn(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.tanh(x)

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g * (1 - y.pow(2))


class HardSwishFn(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * (x + 3).clamp(0, 6) / 6

    @staticmethod
    def backward(ctx, grad_out):
        x, = ctx.saved_tensors
        d = torch.where(x < -3, torch.zeros_like(x),
                        torch.where(x <= 3, x / 3 + 1.5, torch.ones_like(x)))
        return grad_out * d


class MemoryEfficientMish(nn.Module):
    def forward(self, x):
        return MishFn.apply(x)


class MemoryEfficientSwish(nn.Module):
    def forward(self, x):
        return SwishJitFree.apply(x)


if __name__ == "__main__":
    x = torch.randn(4, requires_grad=True)
    print(MemoryEfficientMish()(x).sum().backward(), x.grad)
