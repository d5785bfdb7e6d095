import numpy as np


class Layer:
    """weights in layer.params, gradients in layer.grads (same keys)"""

    def __init__(self, n_in, n_out, seed=0):
        rng = np.random.default_rng(seed)
        self.params = {"W": rng.normal(size=(n_in, n_out)), "b": np.zeros(n_out)}
        self.grads = {}


class MiniBatchSGD:
    # the gradients of the layers are already averaged over the mini-batch
    def __init__(self, layers, learning_rate=0.1, batch_size=32):
        self.layers = layers
        self.learning_rate = learning_rate
        self.batch_size = batch_size

    def step(self):
        for layer in self.layers:
            for name in layer.params:
                layer.params[name] -= self.learning_rate * layer.grads[name] / self.batch_size


class AdamOptimizer:
    def __init__(self, layers, learning_rate=1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
        self.layers = layers
        self.learning_rate = learning_rate
        self.beta_1, self.beta_2 = beta_1, beta_2
        self.epsilon = epsilon
        self.m, self.v = {}, {}
        self.t = 0

    def step(self):
        self.t += 1
        for layer in self.layers:
            for name, g in layer.grads.items():
                self.m[name] = self.beta_1 * self.m.get(name, 0) + (1 - self.beta_1) * g
                self.v[name] = self.beta_2 * self.v.get(name, 0) + (1 - self.beta_2) * g ** 2
                m_hat = self.m[name] / (1 - self.beta_1 ** self.t)
                v_hat = self.v[name] / (1 - self.beta_2 ** self.t)
                layer.params[name] -= self.learning_rate * m_hat / (np.sqrt(v_hat) + self.epsilon)


class RMSpropOptimizer:
    def __init__(self, layers, learning_rate=1e-2, rho=0.99, epsilon=1e-8):
        self.layers = layers
        self.learning_rate = learning_rate
        self.rho = rho
        self.epsilon = epsilon
        self.cache = [{k: np.zeros_like(p) for k, p in l.params.items()} for l in layers]

    def step(self):
        for layer, cache in zip(self.layers, self.cache):
            for name, g in layer.grads.items():
                cache[name] = self.rho * cache[name] + (1 - self.rho) * g ** 2
                layer.params[name] -= self.learning_rate * g / (cache[name] + self.epsilon)
