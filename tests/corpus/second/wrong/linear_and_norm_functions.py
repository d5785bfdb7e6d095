import torch
from torch.autograd import Function


class LinearFunction(Function):
    """y = x W^T + b,  W is (out, in)"""

    @staticmethod
    def forward(ctx, input, weight, bias):
        ctx.save_for_backward(input, weight, bias)
        return input.mm(weight.t()) + bias

    @staticmethod
    def backward(ctx, grad_output):
        input, weight, bias = ctx.saved_tensors
        grad_input = grad_weight = grad_bias = None
        if ctx.needs_input_grad[0]:
            grad_input = grad_output.mm(weight)
        if ctx.needs_input_grad[1]:
            grad_weight = grad_output.t().mm(input)
        return grad_input, grad_weight, grad_bias


class LayerNormFunction(Function):
    @staticmethod
    def forward(ctx, x, gamma, beta, eps=1e-5):
        mu = x.mean(dim=-1, keepdim=True)
        var = x.var(dim=-1, keepdim=True, unbiased=False)
        rstd = torch.rsqrt(var + eps)
        xhat = (x - mu) * rstd
        ctx.save_for_backward(xhat, rstd, gamma)
        return gamma * xhat + beta

    @staticmethod
    def backward(ctx, dy):
        xhat, rstd, gamma = ctx.saved_tensors
        axes = tuple(range(dy.dim() - 1))
        dgamma = (dy * xhat).sum(axes)
        dbeta = dy.sum(axes)
        dx = dy * gamma * rstd
        return dx, dgamma, dbeta, None


class RMSNormFunction(Function):
    @staticmethod
    def forward(ctx, x, weight, eps=1e-6):
        r = torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps)
        ctx.save_for_backward(x, weight, r)
        return x * r * weight

    @staticmethod
    def backward(ctx, grad):
        x, weight, r = ctx.saved_tensors
        xhat = x * r
        grad_weight = (grad * xhat).flatten(0, -2).sum(0)
        grad_x = r * (grad - xhat * (grad * xhat).mean(-1, keepdim=True))
        return grad_x, grad_weight, None


class BatchNormFunction(Function):
    @staticmethod
    def forward(ctx, x, gamma, beta, eps=1e-5):
        mean = x.mean(0)
        xc = x - mean
        istd = 1.0 / torch.sqrt((xc ** 2).mean(0) + eps)
        xn = xc * istd
        ctx.save_for_backward(xn, istd, gamma)
        return xn * gamma + beta

    @staticmethod
    def backward(ctx, dout):
        xn, istd, gamma = ctx.saved_tensors
        dbeta = dout.sum(0)
        dgamma = (dout * xn).sum(0)
        dxn = dout * gamma
        dx = istd * (dxn - dxn.mean(0) - xn * (dxn * xn).mean(0))
        return dx, dbeta, dgamma, None
