import numpy as np


class Layer:
    def __call__(self, x):
        return self.forward(x)


class Sigmoid(Layer):
    def forward(self, x):
        self.x = x
        return np.where(x >= 0, 1 / (1 + np.exp(-np.abs(x))), np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))))

    def backward(self, grad_output):
        return self.x * (1 - self.x) * grad_output


class Softsign(Layer):
    def forward(self, x):
        self.x = x
        return x / (1 + np.abs(x))

    def backward(self, grad_output):
        return 1.0 / (1 + np.abs(self.x)) ** 2


class Swish(Layer):
    def forward(self, x):
        self.x = x
        e = np.exp(-np.abs(x))
        self.s = np.where(x >= 0, 1, e) / (1 + e)
        return x * self.s

    def backward(self, grad_output):
        grad = np.zeros(self.x.shape)
        grad += grad_output * self.s * (1 + self.x * (1 - self.s))
        return grad


class Softshrink(Layer):
    def __init__(self, lambd=0.5):
        self.lambd = lambd

    def forward(self, x):
        self.x = x
        return np.sign(x) * np.maximum(np.abs(x) - self.lambd, 0)

    def backward(self, grad_output):
        return grad_output * (np.abs(grad_output) > self.lambd)


class PReLU(Layer):
    def __init__(self, alpha=0.25):
        self.weight = np.array([alpha])
        self.dweight = None

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.weight * x)

    def backward(self, grad_output):
        self.dweight = np.where(self.x > 0, 0, self.x) * grad_output
        return np.where(self.x > 0, 1, self.weight) * grad_output


def selu(x):
    alpha, scale = 1.6732632423543772, 1.0507009873554805
    return scale * np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def selu_backward(dout, x):
    alpha, scale = 1.6732632423543772, 1.0507009873554805
    return dout * np.where(x > 0, 1, alpha * np.exp(np.minimum(x, 0)))
