import torch
import torch.nn as nn


class BatchNormFn(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, gamma, beta, eps=1e-5):
        mu = x.mean(0)
        var = x.var(0, unbiased=False)
        inv_std = 1.0 / torch.sqrt(var + eps)
        xhat = (x - mu) * inv_std
        ctx.save_for_backward(xhat, gamma, inv_std)
        return gamma * xhat + beta

    @staticmethod
    def backward(ctx, dy):
        xhat, gamma, inv_std = ctx.saved_tensors
        dgamma = (dy * xhat).sum(0)
        dbeta = dy.sum(0)
        dx = dy * gamma * inv_std
        return dx, dgamma, dbeta, None


class BatchNorm1d(nn.Module):
    """Batch norm with running averages, own version without F.batch_norm."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            with torch.no_grad():
                mean = x.mean(dim=0)
                var = x.var(dim=0, unbiased=False)
                n = x.size(0)
                self.running_mean.lerp_(mean.to(self.running_mean), self.momentum)
                self.running_var.lerp_((var * n / (n - 1)).to(self.running_var), self.momentum)
        else:
            mean, var = self.running_mean, self.running_var
        x = (x - mean) / torch.sqrt(var + self.eps)
        return x * self.weight + self.bias


class LayerNorm(nn.Module):
    def __init__(self, dim, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.g = nn.Parameter(torch.ones(dim))
        self.b = nn.Parameter(torch.zeros(dim))

    def forward(self, x):
        mean = x.mean(dim=0, keepdim=True)
        var = ((x - mean) ** 2).mean(dim=0, keepdim=True)
        return self.g * (x - mean) / torch.sqrt(var + self.eps) + self.b


class RMSNorm(nn.Module):
    def __init__(self, hidden_size, eps=1e-6):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(hidden_size))
        self.eps = eps

    def forward(self, hidden_states):
        hidden_states = hidden_states.to(torch.float32)
        variance = hidden_states.pow(2).mean(-1, keepdim=True)
        hidden_states = hidden_states * torch.rsqrt(variance + self.eps)
        return self.weight.to(torch.float32) * hidden_states


class L2NormalizeFn(torch.autograd.Function):
    """x / ||x|| along the last dimension (for face embeddings)."""

    @staticmethod
    def forward(ctx, x):
        norm = x.norm(dim=-1, keepdim=True)
        ctx.save_for_backward(norm)
        return x / norm

    @staticmethod
    def backward(ctx, grad):
        norm, = ctx.saved_tensors
        return grad / norm


class InstanceNorm2d(nn.Module):
    # one pass: E[x^2] - E[x]^2, only needs two sums
    def __init__(self, eps=1e-5):
        super().__init__()
        self.eps = eps

    def forward(self, x):
        m = x.mean(dim=(2, 3), keepdim=True)
        m2 = (x * x).mean(dim=(2, 3), keepdim=True)
        return (x - m) / torch.sqrt(m2 - m * m + self.eps)
