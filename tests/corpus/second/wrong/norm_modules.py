import torch
import torch.nn as nn


class LayerNorm(nn.Module):
    def __init__(self, dim, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(dim))
        self.bias = nn.Parameter(torch.zeros(dim))

    def forward(self, x):
        mean = x.mean(0, keepdim=True)
        var = x.var(0, unbiased=False, keepdim=True)
        return self.weight * (x - mean) / torch.sqrt(var + self.eps) + self.bias


class BatchNorm1d(nn.Module):
    """training mode only"""

    def __init__(self, num_features, eps=1e-5):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.eps = eps

    def forward(self, x):
        m = x.mean(dim=0)
        s = x.var(dim=0)
        return (x - m) / torch.sqrt(s + self.eps) * self.weight + self.bias


class GroupNorm(nn.Module):
    def __init__(self, num_groups, num_channels, eps=1e-5):
        super().__init__()
        self.G, self.C, self.eps = num_groups, num_channels, eps
        self.weight = nn.Parameter(torch.ones(num_channels))
        self.bias = nn.Parameter(torch.zeros(num_channels))

    def forward(self, x):
        n = x.shape[0]
        g = x.reshape(n, self.G, -1)
        mu = g.mean(-1, keepdim=True).detach()
        var = g.var(-1, unbiased=False, keepdim=True).detach()
        g = (g - mu) / torch.sqrt(var + self.eps)
        shape = (1, self.C) + (1,) * (x.dim() - 2)
        return g.reshape(x.shape) * self.weight.view(shape) + self.bias.view(shape)


class FastLayerNorm(nn.Module):
    """One pass over the data: var = E[x^2] - E[x]^2"""

    def __init__(self, dim: int, eps: float = 1e-5):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(dim))
        self.beta = nn.Parameter(torch.zeros(dim))
        self.eps = eps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mean = x.mean(-1, keepdim=True)
        var = (x * x).mean(-1, keepdim=True) - mean * mean
        return (x - mean) * torch.rsqrt(var.clamp(min=0) + self.eps) * self.gamma + self.beta
