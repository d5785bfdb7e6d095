"""A framework in 100 lines: layers, an MLP, a loss and an optimizer."""
import numpy as np


class Dense:
    def __init__(self, n_in, n_out, rng):
        self.W = rng.normal(0, 1 / np.sqrt(n_in), (n_in, n_out))
        self.b = np.zeros(n_out)
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T

    def parameters(self):
        return [(self.W, "dW"), (self.b, "db")]


class Tanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, dout):
        return dout * (1 - self.y ** 2)


class MLP:
    """Dense - tanh - Dense"""

    def __init__(self, n_in=3, n_hidden=5, n_out=2, seed=0):
        rng = np.random.default_rng(seed)
        self.first = Dense(n_in, n_hidden, rng)
        self.act = Tanh()
        self.second = Dense(n_hidden, n_out, rng)

    def forward(self, x):
        return self.second.forward(self.act.forward(self.first.forward(x)))

    def backward(self, dout):
        return self.first.backward(self.second.backward(dout))


class MSE:
    def forward(self, y, t):
        self.d = y - t
        return (self.d ** 2).sum() / len(y)

    def backward(self):
        return 2 * self.d / len(self.d)


class GD:
    def __init__(self, lr=0.1):
        self.lr = lr

    def step(self, params, grads):
        for p, g in zip(params, grads):
            p -= self.lr * g


if __name__ == "__main__":
    net, loss, opt = MLP(), MSE(), GD()
    x = np.random.default_rng(1).normal(size=(16, 3))
    for _ in range(20):
        value = loss.forward(net.forward(x), x[:, :2])
        net.backward(loss.backward())
        opt.step([net.first.W, net.second.W], [net.first.dW, net.second.dW])
    print(value)
