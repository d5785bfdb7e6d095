"""Four people, four linear layers (study group, week 4)."""
import numpy as np


class Linear:
    """W has shape (in_features, out_features)."""

    def __init__(self, in_features, out_features):
        self.W = np.random.randn(in_features, out_features) / np.sqrt(in_features)
        self.b = np.zeros(out_features)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, grad_out):
        self.dW = grad_out.T @ self.x
        self.db = grad_out.sum(axis=0)
        return grad_out @ self.W.T


class Layer_Dense:
    def __init__(self, n_inputs, n_neurons):
        self.weights = 0.1 * np.random.randn(n_inputs, n_neurons)
        self.biases = np.zeros((1, n_neurons))

    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.dot(inputs, self.weights) + self.biases
        return self.output

    def backward(self, dvalues):
        self.dweights = np.dot(self.inputs.T, dvalues)
        self.dbiases = np.sum(dvalues, axis=0)
        self.dinputs = np.dot(dvalues, self.weights.T)
        return self.dinputs


class FullyConnected:
    def __init__(self, in_dim, out_dim):
        self.params = {
            "W": np.random.randn(out_dim, in_dim) * np.sqrt(2.0 / in_dim),
            "b": np.zeros(out_dim),
        }
        self.grads = {}

    def forward(self, x):
        self.x = x
        return x @ self.params["W"].T + self.params["b"]

    def backward(self, dout):
        n = self.x.shape[0]
        self.grads["W"] = dout.T @ self.x / n
        self.grads["b"] = dout.sum(axis=0) / n
        return dout @ self.params["W"]


class DenseCached:
    def __init__(self, fan_in, fan_out):
        self.W = np.random.randn(fan_in, fan_out) * 0.1
        self.b = np.zeros(fan_out)
        self.x = None

    def forward(self, x):
        if self.x is None:
            self.x = x
        return x.dot(self.W) + self.b

    def backward(self, dout):
        self.dW = self.x.T.dot(dout)
        self.db = dout.sum(0)
        return dout.dot(self.W.T)


class InputLinear:
    """First layer of the network, nothing comes before it."""

    def __init__(self, fan_in, fan_out):
        self.weight = np.random.randn(fan_out, fan_in) * 0.1
        self.bias = np.zeros(fan_out)

    def forward(self, x):
        self.x = x
        return x @ self.weight.T + self.bias

    def backward(self, grad_output):
        self.grad_weight = grad_output.T @ self.x
        self.grad_bias = grad_output.sum(axis=0)
