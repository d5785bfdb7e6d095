# Células RNN a partir das equações da aula
import torch
import torch.nn as nn


class LSTMCell(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.hidden_size = hidden_size
        self.x2h = nn.Linear(input_size, 4 * hidden_size)
        self.h2h = nn.Linear(hidden_size, 4 * hidden_size)

    def forward(self, x, state):
        h, c = state
        gates = self.x2h(x) + self.h2h(h)
        i, f, g, o = gates.chunk(4, dim=1)
        i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
        c_new = f * c + i * g
        h_new = o * c_new
        return h_new, c_new


class RNNEncoder(nn.Module):
    """Elman RNN over (batch, time, features); returns the last hidden state."""

    def __init__(self, n_in, n_hid):
        super().__init__()
        self.Wx = nn.Linear(n_in, n_hid)
        self.Wh = nn.Linear(n_hid, n_hid, bias=False)
        self.h = None

    def forward(self, x):
        if self.h is None:
            self.h = x.new_zeros(x.size(0), self.Wh.in_features)
        h = self.h
        for t in range(x.size(1)):
            h = torch.tanh(self.Wx(x[:, t]) + self.Wh(h))
        self.h = h.detach()
        return h


class RNNStepFn(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, h, W, U, b):
        h_next = torch.tanh(x @ W + h @ U + b)
        ctx.save_for_backward(x, h, W, U, h_next)
        return h_next

    @staticmethod
    def backward(ctx, dh_next):
        x, h, W, U, h_next = ctx.saved_tensors
        da = dh_next * (1 - h_next ** 2)
        dx = da @ W.t()
        dh = da @ U            # U is square
        return dx, dh, x.t() @ da, h.t() @ da, da.sum(0)
