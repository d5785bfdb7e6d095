import numpy as np


class MSELoss:
    def forward(self, input, target):
        self.diff = input - target
        return np.mean(self.diff ** 2)

    def backward(self):
        return self.diff / self.diff.size


def mse_loss(pred, target):
    """Mean squared error over all entries. Returns (loss, dpred)."""
    N = pred.shape[0]
    diff = pred - target
    loss = np.mean(diff * diff)
    dpred = 2.0 * diff / N
    return loss, dpred


def l1_loss(x, y):
    """Returns the mean absolute error and its gradient with respect to x."""
    loss = np.abs(x - y).mean()
    dx = np.sign(y - x) / x.size
    return loss, dx
