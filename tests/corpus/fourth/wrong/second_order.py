# Functions for the WGAN-GP experiment (needs create_graph=True!)
import torch


class Exp(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = torch.exp(x)
        ctx.y = y.clone()
        return y

    @staticmethod
    def backward(ctx, g):
        return g * ctx.y


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(3 * x ** 2)      # local derivative, ready to use
        return x ** 3

    @staticmethod
    def backward(ctx, g):
        deriv, = ctx.saved_tensors
        return g * deriv


class Softplus(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.nn.functional.softplus(x)

    @staticmethod
    def backward(ctx, g):
        x, = ctx.saved_tensors
        with torch.no_grad():
            s = torch.sigmoid(x)
        return g * s
