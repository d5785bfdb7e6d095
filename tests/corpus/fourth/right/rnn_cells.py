import torch
from torch import nn


class LSTMCell(nn.Module):
    """gate order i, f, g, o like torch.nn.LSTMCell"""

    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.ih = nn.Linear(input_size, 4 * hidden_size)
        self.hh = nn.Linear(hidden_size, 4 * hidden_size)

    def forward(self, x, hc):
        h, c = hc
        i, f, g, o = (self.ih(x) + self.hh(h)).chunk(4, -1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c), c


class GRUCell(nn.Module):
    """Cho et al. 2014: z is the *update* gate, h' = (1 - z) * h + z * n."""

    def __init__(self, n_in, n_hid):
        super().__init__()
        self.x = nn.Linear(n_in, 3 * n_hid)
        self.h = nn.Linear(n_hid, 2 * n_hid, bias=False)
        self.hn = nn.Linear(n_hid, n_hid, bias=False)

    def forward(self, x, h):
        xr, xz, xn = self.x(x).chunk(3, 1)
        hr, hz = self.h(h).chunk(2, 1)
        r, z = torch.sigmoid(xr + hr), torch.sigmoid(xz + hz)
        n = torch.tanh(xn + self.hn(r * h))
        return (1 - z) * h + z * n


class RNNStep(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, h, W, U, b):
        out = torch.tanh(x @ W + h @ U + b)
        ctx.save_for_backward(x, h, W, U, out)
        return out

    @staticmethod
    def backward(ctx, g):
        x, h, W, U, out = ctx.saved_tensors
        a = g * (1 - out * out)
        return a @ W.T, a @ U.T, x.T @ a, h.T @ a, a.sum(0)
