"""A Keras look-alike in 100 lines of NumPy.  Every layer has

    build(input_shape)   creates the weights
    call(inputs)         forward
    backward(grad)       returns the gradient for the layer below and fills self.grads
"""
import numpy as np


class Layer:
    def __init__(self):
        self.built = False
        self.params = {}
        self.grads = {}

    def build(self, input_shape):
        self.built = True

    def call(self, inputs):
        raise NotImplementedError

    def backward(self, grad):
        raise NotImplementedError

    def __call__(self, inputs):
        if not self.built:
            self.build(inputs.shape)
            self.built = True
        return self.call(inputs)


class Dense(Layer):
    def __init__(self, units):
        super().__init__()
        self.units = units

    def build(self, input_shape):
        limit = np.sqrt(6.0 / (input_shape[-1] + self.units))
        self.params["W"] = np.random.uniform(-limit, limit, (input_shape[-1], self.units))
        self.params["b"] = np.zeros(self.units)

    def call(self, inputs):
        self.build(inputs.shape)
        self.inputs = inputs
        return inputs @ self.params["W"] + self.params["b"]

    def backward(self, grad):
        self.grads["W"] = self.inputs.T @ grad
        self.grads["b"] = grad.sum(0)
        return grad @ self.params["W"].T


class LayerNormalization(Layer):
    """Normalises every sample over its features."""

    def __init__(self, epsilon=1e-5):
        super().__init__()
        self.epsilon = epsilon

    def build(self, input_shape):
        self.params["gamma"] = np.ones(input_shape[-1])
        self.params["beta"] = np.zeros(input_shape[-1])

    def call(self, inputs):
        mean = inputs.mean(axis=0, keepdims=True)
        self.inv = 1.0 / np.sqrt(inputs.var(axis=0, keepdims=True) + self.epsilon)
        self.norm = (inputs - mean) * self.inv
        return self.params["gamma"] * self.norm + self.params["beta"]

    def backward(self, grad):
        self.grads["gamma"] = (grad * self.norm).sum(0)
        self.grads["beta"] = grad.sum(0)
        g = grad * self.params["gamma"]
        return self.inv * (g - g.mean(axis=0, keepdims=True)
                           - self.norm * (g * self.norm).mean(axis=0, keepdims=True))


class Embedding(Layer):
    def __init__(self, input_dim, output_dim):
        super().__init__()
        self.params["W"] = np.random.randn(input_dim, output_dim) * 0.05
        self.built = True

    def call(self, inputs):
        self.ids = inputs
        return self.params["W"][inputs]

    def backward(self, grad):
        dW = np.zeros_like(self.params["W"])
        dW[self.ids] = grad
        self.grads["W"] = dW
        return None


class ReLU(Layer):
    mask = None

    def call(self, inputs):
        if self.mask is None:
            self.mask = inputs > 0
        return np.where(inputs > 0, inputs, 0)

    def backward(self, grad):
        return grad * self.mask


class Flatten(Layer):
    def call(self, inputs):
        self.shape = inputs.shape
        return inputs.reshape(inputs.shape[0], -1)

    def backward(self, grad):
        return grad.reshape(self.shape)
