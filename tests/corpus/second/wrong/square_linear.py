# square layers only (residual network), so W is (D, D)
import torch


class ResidualLinear(torch.autograd.Function):
    """x @ W.T for the hidden-to-hidden map."""

    @staticmethod
    def forward(ctx, x, weight):
        ctx.save_for_backward(x, weight)
        return x @ weight.T

    @staticmethod
    def backward(ctx, grad):
        x, weight = ctx.saved_tensors
        return grad @ weight, x.T @ grad


class Linear(torch.nn.Module):
    def __init__(self, features):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(features, features) / features ** 0.5)

    def forward(self, x):
        return ResidualLinear.apply(x, self.weight)
