"""Layers in the manner of Keras: build, call, backward."""
import numpy as np


class Layer:
    trainable = True

    def __init__(self, name=None):
        self.name = name or type(self).__name__.lower()
        self.weights = {}
        self.grads = {}
        self.built = False

    def build(self, input_shape):
        pass

    def __call__(self, x, training=True):
        if not self.built:
            self.build(x.shape)
            self.built = True
        return self.call(x, training)

    def call(self, x, training=True):
        raise NotImplementedError

    def backward(self, upstream):
        raise NotImplementedError


class Dense(Layer):
    def __init__(self, units, use_bias=True, name=None):
        super().__init__(name)
        self.units, self.use_bias = units, use_bias

    def build(self, input_shape):
        d = input_shape[-1]
        self.weights["kernel"] = np.random.randn(d, self.units) * np.sqrt(2.0 / d)
        if self.use_bias:
            self.weights["bias"] = np.zeros(self.units)

    def call(self, x, training=True):
        self.x = x
        out = x @ self.weights["kernel"]
        return out + self.weights["bias"] if self.use_bias else out

    def backward(self, upstream):
        self.grads["kernel"] = self.x.T @ upstream
        if self.use_bias:
            self.grads["bias"] = upstream.sum(axis=0)
        return upstream @ self.weights["kernel"].T


class BatchNormalization(Layer):
    def __init__(self, momentum=0.99, epsilon=1e-3, name=None):
        super().__init__(name)
        self.momentum, self.epsilon = momentum, epsilon

    def build(self, input_shape):
        d = input_shape[-1]
        self.weights = {"gamma": np.ones(d), "beta": np.zeros(d)}
        self.moving_mean, self.moving_var = np.zeros(d), np.ones(d)

    def call(self, x, training=True):
        if training:
            mean, var = x.mean(0), x.var(0)
            self.moving_mean = self.momentum * self.moving_mean + (1 - self.momentum) * mean
            self.moving_var = self.momentum * self.moving_var + (1 - self.momentum) * var
        else:
            mean, var = self.moving_mean, self.moving_var
        self.training = training
        self.std = np.sqrt(var + self.epsilon)
        self.xhat = (x - mean) / self.std
        return self.weights["gamma"] * self.xhat + self.weights["beta"]

    def backward(self, upstream):
        self.grads["gamma"] = (upstream * self.xhat).sum(0)
        self.grads["beta"] = upstream.sum(0)
        dxhat = upstream * self.weights["gamma"]
        if not self.training:
            return dxhat / self.std
        return (dxhat - dxhat.mean(0) - self.xhat * (dxhat * self.xhat).mean(0)) / self.std


class Embedding(Layer):
    def __init__(self, input_dim, output_dim, name=None):
        super().__init__(name)
        self.weights["table"] = np.random.uniform(-0.05, 0.05, (input_dim, output_dim))
        self.built = True

    def call(self, x, training=True):
        self.ids = x
        return self.weights["table"][x]

    def backward(self, upstream):
        g = np.zeros_like(self.weights["table"])
        np.add.at(g, self.ids, upstream)
        self.grads["table"] = g


class GlobalAveragePooling2D(Layer):
    """channels last: (N, H, W, C) -> (N, C)"""

    def call(self, x, training=True):
        self.shape = x.shape
        return x.mean(axis=(1, 2))

    def backward(self, upstream):
        n, h, w, c = self.shape
        return np.broadcast_to(upstream[:, None, None, :] / (h * w), self.shape).copy()


class Softmax(Layer):
    def call(self, x, training=True):
        e = np.exp(x - x.max(axis=-1, keepdims=True))
        self.p = e / e.sum(axis=-1, keepdims=True)
        return self.p

    def backward(self, upstream):
        return self.p * (upstream - np.sum(upstream * self.p, axis=-1, keepdims=True))
