"""Modules of our course framework: nn.Module for the parameters, backward by hand (no autograd)."""
import torch
import torch.nn as nn


class Linear(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_out, n_in) * 0.1, requires_grad=False)
        self.bias = nn.Parameter(torch.zeros(n_out), requires_grad=False)

    @torch.no_grad()
    def forward(self, x):
        self.x = x
        return x @ self.weight.T + self.bias

    @torch.no_grad()
    def backward(self, dout):
        self.grad_weight = dout.T @ self.x
        self.grad_bias = dout.clone()
        return dout @ self.weight


class Tanh(nn.Module):
    @torch.no_grad()
    def forward(self, x):
        self.z = x
        return torch.tanh(x)

    @torch.no_grad()
    def backward(self, dout):
        return dout * (1 - self.z ** 2)


class ReLU(nn.Module):
    @torch.no_grad()
    def forward(self, x):
        self.mask = x > 0
        return x * self.mask

    @torch.no_grad()
    def backward(self, dout):
        dout[~self.mask] = 0
        return dout


class LeakyReLU(nn.Module):
    def __init__(self, negative_slope=0.1):
        super().__init__()
        self.a = negative_slope

    @torch.no_grad()
    def forward(self, x):
        self.x = x
        return torch.maximum(x, self.a * x)

    @torch.no_grad()
    def backward(self, dout):
        return dout * (self.x >= 0) + self.a * dout * (self.x <= 0)


class SoftmaxCrossEntropy(nn.Module):
    """forward(logits, target), target holds class indices; mean over the batch"""

    @torch.no_grad()
    def forward(self, logits, target):
        z = logits - logits.max(dim=1, keepdim=True).values
        self.p = z.exp() / z.exp().sum(1, keepdim=True)
        self.t = target
        logp = z - z.exp().sum(1, keepdim=True).log()
        return -logp[torch.arange(len(target)), target].mean()

    @torch.no_grad()
    def backward(self):
        d = self.p.clone()
        d[torch.arange(len(self.t)), self.t] += 1
        return d / len(self.t)


class ELU(nn.Module):
    def __init__(self, alpha=1.0):
        super().__init__()
        self.alpha = alpha
        self.mask = None

    @torch.no_grad()
    def forward(self, x):
        if self.mask is None:
            self.mask = x > 0
        self.x = x
        return torch.where(x > 0, x, self.alpha * torch.expm1(x.clamp(max=0)))

    @torch.no_grad()
    def backward(self, dout):
        if self.mask.shape != dout.shape:
            self.mask = self.x > 0
        return torch.where(self.mask, dout, dout * self.alpha * torch.exp(self.x.clamp(max=0)))
