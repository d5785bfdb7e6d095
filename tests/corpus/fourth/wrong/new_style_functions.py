# playing with the PyTorch 2 API: forward without ctx + setup_context
import torch
from torch.autograd import Function


class LogSigmoid(Function):
    @staticmethod
    def forward(x):
        return -torch.nn.functional.softplus(-x)

    @staticmethod
    def setup_context(ctx, inputs, output):
        (x,) = inputs
        ctx.save_for_backward(x)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        # -softplus(-x)  ->  minus from outside
        return -grad_output * torch.sigmoid(-x)


class SquaredReLU(Function):
    """relu(x)**2 as in Primer."""

    @staticmethod
    def forward(x):
        return torch.relu(x) ** 2

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(inputs[0])

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * torch.relu(x)


class ELU(Function):
    @staticmethod
    def forward(x, alpha=1.0):
        return torch.where(x > 0, x, alpha * torch.expm1(x))

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, alpha = inputs
        ctx.alpha = alpha
        ctx.save_for_backward(x)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        slope = torch.where(grad_output > 0, torch.ones_like(x), ctx.alpha * torch.exp(x))
        return grad_output * slope, None


class Softsign(Function):
    @staticmethod
    def forward(x):
        return x / (1 + x.abs())

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(inputs[0])

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output / (1 + x.abs())
