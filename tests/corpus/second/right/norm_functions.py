import torch
from torch.autograd import Function


class LayerNormFunction(Function):
    @staticmethod
    def forward(ctx, x, gamma, beta, eps=1e-5):
        mu = x.mean(-1, keepdim=True)
        rstd = torch.rsqrt(x.var(-1, keepdim=True, unbiased=False) + eps)
        ctx.save_for_backward(x, gamma)
        ctx.eps = eps
        return (x - mu) * rstd * gamma + beta

    @staticmethod
    def backward(ctx, dy):
        x, gamma = ctx.saved_tensors
        mu = x.mean(-1, keepdim=True)
        rstd = torch.rsqrt(x.var(-1, keepdim=True, unbiased=False) + ctx.eps)
        xhat = (x - mu) * rstd
        lead = tuple(range(dy.dim() - 1))
        g = dy * gamma
        dx = rstd * (g - g.mean(-1, keepdim=True) - xhat * (g * xhat).mean(-1, keepdim=True))
        return dx, (dy * xhat).sum(lead), dy.sum(lead), None


class RMSNormFunction(Function):
    @staticmethod
    def forward(ctx, x, weight, eps=1e-6):
        ctx.save_for_backward(x, weight)
        ctx.eps = eps
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * weight

    @staticmethod
    def backward(ctx, dy):
        x, weight = ctx.saved_tensors
        r = torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + ctx.eps)
        xhat = x * r
        g = dy * weight
        dx = r * (g - xhat * (g * xhat).mean(-1, keepdim=True))
        return dx, (dy * xhat).flatten(0, -2).sum(0), None


class BatchNormFunction(Function):
    @staticmethod
    def forward(ctx, x, gamma, beta, eps=1e-5):
        mean, var = x.mean(0), x.var(0, unbiased=False)
        ctx.save_for_backward(x, gamma)
        ctx.eps = eps
        return (x - mean) / torch.sqrt(var + eps) * gamma + beta

    @staticmethod
    def backward(ctx, dout):
        x, gamma = ctx.saved_tensors
        n = x.shape[0]
        istd = 1 / torch.sqrt(x.var(0, unbiased=False) + ctx.eps)
        xn = (x - x.mean(0)) * istd
        dbeta = dout.sum(0)
        dgamma = (dout * xn).sum(0)
        dx = gamma * istd / n * (n * dout - dbeta - xn * dgamma)
        return dx, dgamma, dbeta, None
