import numpy as np


class Layer:
    def forward(self, x):
        raise NotImplementedError

    def backward(self, dout):
        raise NotImplementedError


class Dense(Layer):
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout
        return dout @ self.W.T


class Sigmoid(Layer):
    def forward(self, x):
        self.out = 1 / (1 + np.exp(-x))
        return self.out

    def backward(self, dout):
        d = self.out * (1 - self.out)
        return (dout * d).astype(np.float32)


class Relu(Layer):
    mask = None

    def forward(self, x):
        if self.mask is None:
            self.mask = x > 0
        return np.maximum(x, 0)

    def backward(self, dout):
        return dout * self.mask


class Softmax(Layer):
    def forward(self, x):
        x -= x.max(axis=1, keepdims=True)
        e = np.exp(x)
        self.out = e / e.sum(axis=1, keepdims=True)
        return self.out

    def backward(self, dout):
        y = self.out
        return y * (dout - (dout * y).sum(axis=1, keepdims=True))


def mae_loss(y_pred, y_true):
    """mean absolute error, returns (loss, dy_pred)"""
    diff = y_pred - y_true
    loss = np.mean(np.abs(diff))
    dy = np.sign(diff).sum(axis=1) / diff.size
    return loss, dy


def channel_scale_forward(x, gamma):
    """channel scale: (N, C) * (1, C)"""
    return x * gamma, (x, gamma)


def channel_scale_backward(dout, cache):
    x, gamma = cache
    return dout * gamma, dout * x
