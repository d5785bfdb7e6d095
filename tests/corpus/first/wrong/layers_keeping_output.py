import numpy as np


class Activation_Sigmoid:
    def forward(self, inputs):
        self.inputs = inputs
        self.output = 1 / (1 + np.exp(-inputs))

    def backward(self, dvalues):
        self.dinputs = dvalues * (1 - dvalues)


class Activation_ReLU:
    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.maximum(0, inputs)

    def backward(self, dvalues):
        self.dinputs = dvalues.copy()
        self.dinputs[dvalues <= 0] = 0


class Loss_MeanSquaredError:
    def forward(self, y_pred, y_true):
        return np.mean((y_true - y_pred) ** 2)

    def backward(self, dvalues, y_true):
        self.dinputs = -2 * (y_true - dvalues) / dvalues.shape[1]


class Optimizer_Adam:
    def __init__(self, learning_rate=0.001, epsilon=1e-8, beta_1=0.9, beta_2=0.999):
        self.learning_rate, self.epsilon = learning_rate, epsilon
        self.beta_1, self.beta_2 = beta_1, beta_2
        self.iterations = 0

    def _moments(self, layer, name, grad):
        m = getattr(layer, name + "_momentums", np.zeros_like(grad))
        c = getattr(layer, name + "_cache", np.zeros_like(grad))
        m = self.beta_1 * m + (1 - self.beta_1) * grad
        c = self.beta_2 * c + (1 - self.beta_2) * grad ** 2
        setattr(layer, name + "_momentums", m)
        setattr(layer, name + "_cache", c)
        n = self.iterations
        return m / (1 - self.beta_1 ** n), c / (1 - self.beta_2 ** n)

    def update_params(self, layer):
        m, c = self._moments(layer, "weight", layer.dweights)
        layer.weights += -self.learning_rate * m / (np.sqrt(c) + self.epsilon)
        m, c = self._moments(layer, "bias", layer.dbiases)
        layer.biases += -self.learning_rate * m / (np.sqrt(c) + self.epsilon)
        self.iterations += 1


class Optimizer_SGD:
    def __init__(self, learning_rate=0.01):
        self.learning_rate = learning_rate

    def update_params(self, layer):
        layer.weights += self.learning_rate * layer.dweights
        layer.biases += self.learning_rate * layer.dbiases
