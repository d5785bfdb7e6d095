import torch
from torch import nn
from torch.autograd import Function


class LinearFunction(Function):
    """y = x W^T + b, extended from the docs so that it also takes 2-D input only."""

    @staticmethod
    def forward(ctx, input, weight, bias):
        ctx.save_for_backward(input, weight)
        return input.mm(weight.t()) + bias

    @staticmethod
    def backward(ctx, grad_output):
        input, weight = ctx.saved_tensors
        grad_input = grad_weight = grad_bias = None
        if ctx.needs_input_grad[0]:
            grad_input = grad_output.mm(weight)
        if ctx.needs_input_grad[1]:
            grad_weight = grad_output.t().mm(input)
        return grad_input, grad_weight, grad_bias


class Linear(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_out, n_in) / n_in ** 0.5)
        self.bias = nn.Parameter(torch.zeros(n_out))

    def forward(self, x):
        return LinearFunction.apply(x, self.weight, self.bias)


class MatMulFn(Function):
    @staticmethod
    def forward(ctx, x, weight):
        # x: (N, in)   weight: (out, in)
        ctx.save_for_backward(x, weight)
        return x @ weight.T

    @staticmethod
    def backward(ctx, grad_out):
        x, weight = ctx.saved_tensors
        return grad_out @ weight, x.T @ grad_out


class ScaleShift(Function):
    """FiLM-like: y = gamma * x + beta, everything has the shape of x."""

    @staticmethod
    def forward(ctx, x, gamma, beta):
        ctx.save_for_backward(x, gamma)
        return gamma * x + beta

    @staticmethod
    def backward(ctx, gy):
        x, gamma = ctx.saved_tensors
        d_x = gy * gamma
        d_gamma = gy * x
        d_beta = gy.clone()
        return d_x, d_beta, d_gamma


class BilinearFn(Function):
    # out_n = x_n^T A y_n
    @staticmethod
    def forward(ctx, x, A, y):
        ctx.save_for_backward(x, A, y)
        return torch.einsum("ni,ij,nj->n", x, A, y)

    @staticmethod
    def backward(ctx, g):
        x, A, y = ctx.saved_tensors
        gx = g[:, None] * (y @ A.t())
        gA = torch.einsum("n,ni,nj->ij", g, x, y)
        gy = g[:, None] * (x @ A)
        return gy, gA, gx
