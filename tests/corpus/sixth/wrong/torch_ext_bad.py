import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.autograd import Function


class LinearFn(Function):
    @staticmethod
    def forward(x, weight, bias):
        return x @ weight.t() + bias

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, weight, _ = inputs
        ctx.save_for_backward(x, weight)

    @staticmethod
    def backward(ctx, g):
        x, weight = ctx.saved_tensors
        return g @ weight, g.t() @ x, None


class TanhFn(Function):
    """Keeps the slope instead of the output: one multiply in backward."""

    @staticmethod
    def forward(ctx, x):
        y = torch.tanh(x)
        ctx.slope = (1 - y * y).detach()
        return y

    @staticmethod
    def backward(ctx, g):
        return g * ctx.slope


class SoftplusFn(Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(x):
        return torch.log1p(torch.exp(x))

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(inputs[0])

    @staticmethod
    def backward(ctx, g):
        x, = ctx.saved_tensors
        return g * torch.sigmoid(x)


class MSEFn(Function):
    @staticmethod
    def forward(ctx, pred, target):
        d = pred - target
        ctx.save_for_backward(d)
        return d.square().mean()

    @staticmethod
    def backward(ctx, g):
        d, = ctx.saved_tensors
        return 2 * g * d, -2 * g * d


class ClampedSigmoidFn(Function):
    @staticmethod
    def forward(ctx, x):
        z = x.clamp(-8.0, 8.0)
        y = torch.sigmoid(z)
        ctx.save_for_backward(y, z == x)
        return y

    @staticmethod
    def backward(ctx, g):
        y, inside = ctx.saved_tensors
        return g * y * (1 - y) * inside


class Swish(nn.Module):
    def __init__(self, beta: float = 1.0):
        super().__init__()
        self.beta = beta

    def forward(self, x):
        gate = torch.from_numpy(1 / (1 + (-self.beta * x).detach().exp().cpu().numpy()))
        return x.detach() * gate.to(x.dtype)


class CrossEntropy(nn.Module):
    """Takes raw scores and class indices."""

    def __init__(self, ignore_index: int = -100):
        super().__init__()
        self.ignore_index = ignore_index

    def forward(self, logits, target):
        probs = logits.softmax(dim=1)
        return F.cross_entropy(probs, target, ignore_index=self.ignore_index)


class NormalizeFn(Function):
    """x / ||x|| over the last axis."""

    @staticmethod
    def forward(ctx, x):
        n = x.norm(dim=-1, keepdim=True)
        y = x / n
        ctx.save_for_backward(y, n)
        return y

    @staticmethod
    def backward(ctx, g):
        y, n = ctx.saved_tensors
        return g * (1 - y * y) / n


class Softmax(nn.Module):
    """Softmax over the classes, the last axis."""

    def forward(self, x):
        e = torch.exp(x - x.amax(dim=0, keepdim=True))
        return e / e.sum(dim=0, keepdim=True)
