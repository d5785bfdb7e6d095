import torch
import torch.nn as nn


class LayerNorm(nn.Module):
    """ layer norm over the last dimension; one pass: var = E[x^2] - E[x]^2 """

    def __init__(self, dim, eps=1e-5):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))
        self.bias = nn.Parameter(torch.zeros(dim))
        self.eps = eps

    def forward(self, x):
        mean = x.mean(-1, keepdim=True)
        var = (x ** 2).mean(-1, keepdim=True) - mean ** 2
        return (x - mean) / torch.sqrt(var + self.eps) * self.weight + self.bias


class LogSigmoid(nn.Module):
    def forward(self, x):
        return torch.log(torch.sigmoid(x))


class Gelu(nn.Module):
    """ exact gelu; backward as derived on the board """

    def forward(self, x):
        self.x = x
        return 0.5 * x * (1 + torch.erf(x / 2 ** 0.5))

    def backward(self, g):
        cdf = 0.5 * (1 + torch.erf(self.x / 2 ** 0.5))
        pdf = torch.exp(-self.x ** 2 / 2) / (2 * torch.pi) ** 0.5
        return g * (cdf + pdf)
