import torch
import torch.nn as nn


class ReLUSquared(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.relu(x) ** 2

    @staticmethod
    def backward(ctx, grad_output):
        x, = ctx.saved_tensors
        return grad_output * 2 * torch.relu(x)


class Sigmoid(nn.Module):
    """kept the backward of my NumPy version"""

    def forward(self, x):
        self.out = torch.sigmoid(x)
        return self.out

    def backward(self, grad):
        return grad * self.out * (1 - self.out)
