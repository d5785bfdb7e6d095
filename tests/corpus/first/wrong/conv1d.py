import numpy as np


class Conv1d:
    """1-D convolution with padding, stride 1.  x: (batch, channels, length)."""

    def __init__(self, in_channels, out_channels, kernel_size, padding=1):
        k = 1 / np.sqrt(in_channels * kernel_size)
        self.weight = np.random.uniform(-k, k, (out_channels, in_channels, kernel_size))
        self.bias = np.random.uniform(-k, k, out_channels)
        self.padding = padding

    def forward(self, x):
        self.xp = np.pad(x, ((0, 0), (0, 0), (self.padding, self.padding)))
        win = np.lib.stride_tricks.sliding_window_view(self.xp, self.weight.shape[2], axis=2)
        self.win = win  # (batch, channels, length_out, kernel)
        return np.einsum("bclk,ock->bol", win, self.weight) + self.bias[:, None]

    def backward(self, grad):
        self.grad_weight = np.einsum("bol,bclk->ock", grad, self.win)
        self.grad_bias = grad.sum(axis=(0, 2))
        dx = np.zeros_like(self.xp)
        for k in range(self.weight.shape[2]):
            dx[:, :, k:k + grad.shape[2]] += np.einsum("bol,oc->bcl", grad, self.weight[:, :, k])
        return dx
