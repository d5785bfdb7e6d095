import numpy as np
import torch
from torch import nn
from torch.autograd.function import once_differentiable


class InplaceReLU(torch.autograd.Function):
    """declared: works in place on its input, like F.relu_"""

    @staticmethod
    def forward(ctx, x):
        x.clamp_(min=0)
        ctx.mark_dirty(x)
        ctx.save_for_backward(x)
        return x

    @staticmethod
    def backward(ctx, g):
        y, = ctx.saved_tensors
        return g * (y > 0)


class Exp(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, g):
        y, = ctx.saved_tensors
        return g * y


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x ** 3

    @staticmethod
    def backward(ctx, g):
        x, = ctx.saved_tensors
        return g * 3 * x ** 2


class NumpySoftplus(torch.autograd.Function):
    """goes through scipy-like numpy code, first order only"""

    @staticmethod
    def forward(ctx, x):
        a = x.detach().numpy()
        ctx.save_for_backward(x)
        return torch.as_tensor(np.logaddexp(a, 0), dtype=x.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx, g):
        x, = ctx.saved_tensors
        a = x.numpy()
        return g * torch.as_tensor(np.exp(-np.logaddexp(0, -a)), dtype=g.dtype)


class Sigmoid(nn.Module):
    """with a backward of its own, for the pedagogy"""

    def forward(self, x):
        self.y = torch.sigmoid(x)
        return self.y

    def backward(self, grad):
        return grad * self.y * (1 - self.y)


class SoftmaxLayer(nn.Module):
    def forward(self, z):
        self.p = torch.softmax(z, dim=1)
        return self.p

    def backward(self, dp):
        return self.p * (dp - (dp * self.p).sum(dim=1, keepdim=True))
