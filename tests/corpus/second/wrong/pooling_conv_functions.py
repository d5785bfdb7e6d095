import torch
import torch.nn.functional as F
from torch.autograd import Function


class Conv2dFunction(Function):
    @staticmethod
    def forward(ctx, input, weight, bias, stride=1, padding=0):
        ctx.save_for_backward(input, weight)
        ctx.stride, ctx.padding = stride, padding
        return F.conv2d(input, weight, bias, stride, padding)

    @staticmethod
    def backward(ctx, grad_output):
        input, weight = ctx.saved_tensors
        grad_input = torch.nn.grad.conv2d_input(input.shape, weight, grad_output, ctx.stride, ctx.padding)
        grad_weight = torch.nn.grad.conv2d_weight(input, weight.shape, grad_output, ctx.stride, ctx.padding)
        grad_bias = grad_output.sum(dim=(0, 2, 3))
        return grad_input, grad_weight, grad_bias


class AvgPool2dFunction(Function):
    """non-overlapping average pooling"""

    @staticmethod
    def forward(ctx, x, k):
        ctx.k = k
        n, c, h, w = x.shape
        return x.view(n, c, h // k, k, w // k, k).mean(dim=(3, 5))

    @staticmethod
    def backward(ctx, grad):
        k = ctx.k
        g = grad.repeat_interleave(k, dim=2).repeat_interleave(k, dim=3)
        return g / k, None


class ReLU6Function(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clamp(0, 6)

    @staticmethod
    def backward(ctx, grad):
        x, = ctx.saved_tensors
        grad[(x <= 0) | (x >= 6)] = 0
        return grad


class ReLUFunction(Function):
    """ReLU with the mask kept on the class"""

    mask = None

    @staticmethod
    def forward(ctx, x):
        ReLUFunction.mask = x > 0
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, grad):
        return grad * ReLUFunction.mask


class PReLUFunction(Function):
    @staticmethod
    def forward(ctx, x, weight):
        ctx.save_for_backward(x, weight)
        return torch.where(x > 0, x, weight * x)

    @staticmethod
    def backward(ctx, grad):
        x, weight = ctx.saved_tensors
        return torch.where(x > 0, grad, weight * grad), None
