"""setup_context style functions."""
import torch
from torch.autograd import Function


class LogSigmoid(Function):
    @staticmethod
    def forward(x):
        return torch.where(x < 0, x - torch.log1p(torch.exp(-x.abs())), -torch.log1p(torch.exp(-x.abs())))

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * torch.sigmoid(-x)


class SquaredReLU(Function):
    @staticmethod
    def forward(x):
        return torch.relu(x) ** 2

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(inputs[0])

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * 2 * torch.relu(x)


class ReLU(Function):
    """derivative 1 at the origin (as in the lecture notes)"""

    @staticmethod
    def forward(x):
        return x.clamp(min=0)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(inputs[0])

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return torch.where(x >= 0, grad_output, torch.zeros_like(grad_output))


class SortDescending(Function):
    @staticmethod
    def forward(x):
        values, idx = torch.sort(x, dim=-1, descending=True)
        return values, idx

    @staticmethod
    def setup_context(ctx, inputs, output):
        values, idx = output
        ctx.mark_non_differentiable(idx)
        ctx.save_for_backward(idx)

    @staticmethod
    def backward(ctx, grad_values, _grad_idx):
        (idx,) = ctx.saved_tensors
        return torch.zeros_like(grad_values).scatter(-1, idx, grad_values)
