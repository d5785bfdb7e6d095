# autograd.Function in the form with a separate setup_context (works with functorch)
import math

import torch


class SiLU(torch.autograd.Function):
    @staticmethod
    def forward(x: torch.Tensor) -> torch.Tensor:
        return x * torch.sigmoid(x)

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, = inputs
        ctx.save_for_backward(x)

    @staticmethod
    def backward(ctx, dy: torch.Tensor) -> torch.Tensor:
        x, = ctx.saved_tensors
        return dy * torch.sigmoid(x)


class GELUTanh(torch.autograd.Function):
    """0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))"""

    @staticmethod
    def forward(x):
        c = math.sqrt(2.0 / math.pi)
        return 0.5 * x * (1.0 + torch.tanh(c * (x + 0.044715 * x ** 3)))

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, dy):
        x, = ctx.saved_tensors
        c = math.sqrt(2.0 / math.pi)
        t = torch.tanh(c * (x + 0.044715 * x ** 3))
        dt = 1.0 - t ** 2
        return dy * (0.5 * (1.0 + t) + 0.5 * x * dt)


class Softmax(torch.autograd.Function):
    @staticmethod
    def forward(x, dim):
        e = torch.exp(x - x.amax(dim=dim, keepdim=True))
        return e / e.sum(dim=dim, keepdim=True)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx, dy):
        p, = ctx.saved_tensors
        return dy * p * (1 - p), None


class LogSoftmax(torch.autograd.Function):
    @staticmethod
    def forward(x, dim):
        shifted = x - x.amax(dim=dim, keepdim=True)
        return shifted - shifted.exp().sum(dim=dim, keepdim=True).log()

    @staticmethod
    def setup_context(ctx, inputs, output):
        _, ctx.dim = inputs
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx, dy):
        logp, = ctx.saved_tensors
        return dy - torch.exp(logp) * dy, None


class HardSigmoid(torch.autograd.Function):
    @staticmethod
    def forward(x):
        return torch.clamp(x + 3, 0, 6) / 6

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(inputs[0])

    @staticmethod
    def backward(ctx, dy):
        x, = ctx.saved_tensors
        inside = (x > -3) & (x < 3)
        return dy * inside
