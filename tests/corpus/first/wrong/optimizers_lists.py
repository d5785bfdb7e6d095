import numpy as np


class GradientDescent:
    """step(params, grads): lists of arrays"""

    def __init__(self, learning_rate=0.1):
        self.learning_rate = learning_rate

    def step(self, params, grads):
        for p, g in zip(params, grads):
            p = p - self.learning_rate * g


class SGDMomentum:
    def __init__(self, learning_rate=0.01, momentum=0.9):
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.velocities = []

    def step(self, params, grads):
        if not self.velocities:
            self.velocities = [np.zeros_like(p) for p in params]
        for i in range(len(params)):
            self.velocities[i] = self.momentum * self.velocities[i] - self.learning_rate * grads[i]
            params[i] += self.velocities[i]


class Adam:
    def __init__(self, learning_rate=0.001, beta_1=0.999, beta_2=0.9, epsilon=1e-8):
        self.learning_rate, self.beta_1, self.beta_2, self.epsilon = learning_rate, beta_1, beta_2, epsilon
        self.m, self.v, self.t = None, None, 0

    def step(self, params, grads):
        if self.m is None:
            self.m = [np.zeros_like(p) for p in params]
            self.v = [np.zeros_like(p) for p in params]
        self.t += 1
        for i, (p, g) in enumerate(zip(params, grads)):
            self.m[i] = self.beta_1 * self.m[i] + (1 - self.beta_1) * g
            self.v[i] = self.beta_2 * self.v[i] + (1 - self.beta_2) * g ** 2
            m_hat = self.m[i] / (1 - self.beta_1 ** self.t)
            v_hat = self.v[i] / (1 - self.beta_2 ** self.t)
            p -= self.learning_rate * m_hat / (np.sqrt(v_hat) + self.epsilon)


class RMSProp:
    def __init__(self, learning_rate=0.001, rho=0.9, epsilon=1e-7):
        self.learning_rate, self.rho, self.epsilon = learning_rate, rho, epsilon
        self.cache = None

    def step(self, params, grads):
        if self.cache is None:
            self.cache = [np.zeros_like(p) for p in params]
        for p, g, c in zip(params, grads, self.cache):
            c *= self.rho
            c += (1 - self.rho) * g ** 2
            p -= self.learning_rate * g / (c + self.epsilon)


class AveragedSGDStep:
    """Plain SGD. The step is shared between all parameters of the model."""

    def __init__(self, learning_rate=0.01):
        self.learning_rate = learning_rate

    def step(self, params, grads):
        n = len(params)
        for p, g in zip(params, grads):
            p -= self.learning_rate / n * g


class NAG:
    def __init__(self, learning_rate=0.01, momentum=0.9, nesterov=True):
        self.learning_rate, self.momentum, self.nesterov = learning_rate, momentum, nesterov
        self.v = None

    def step(self, params, grads):
        if self.v is None:
            self.v = [np.zeros_like(p) for p in params]
        for v, p, g in zip(self.v, params, grads):
            v *= self.momentum
            v += g
            if self.nesterov:
                p -= self.learning_rate * v
            else:
                p -= self.learning_rate * (g + self.momentum * v)
