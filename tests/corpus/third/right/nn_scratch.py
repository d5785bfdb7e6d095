import numpy as np


class DenseLayer:
    def __init__(self, n_inputs, n_neurons):
        self.weights = 0.1 * np.random.randn(n_inputs, n_neurons)
        self.biases = np.zeros((1, n_neurons))

    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.dot(inputs, self.weights) + self.biases
        return self.output

    def backward(self, dvalues):
        self.dweights = np.dot(self.inputs.T, dvalues)
        self.dbiases = np.sum(dvalues, axis=0, keepdims=True)
        self.dinputs = np.dot(dvalues, self.weights.T)
        return self.dinputs


class ActivationReLU:
    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.maximum(0, inputs)
        return self.output

    def backward(self, dvalues):
        self.dinputs = dvalues.copy()
        self.dinputs[self.inputs <= 0] = 0
        return self.dinputs


class ActivationSoftmax:
    def forward(self, inputs):
        e = np.exp(inputs - np.max(inputs, axis=1, keepdims=True))
        self.output = e / np.sum(e, axis=1, keepdims=True)
        return self.output

    def backward(self, dvalues):
        # sample by sample with the full Jacobian
        self.dinputs = np.empty_like(dvalues)
        for k, (p, d) in enumerate(zip(self.output, dvalues)):
            p = p.reshape(-1, 1)
            jacobian = np.diagflat(p) - p @ p.T
            self.dinputs[k] = jacobian @ d
        return self.dinputs


class LossMeanSquaredError:
    def calculate(self, y_pred, y_true):
        return np.mean(self.forward(y_pred, y_true))

    def forward(self, y_pred, y_true):
        return np.mean((y_true - y_pred) ** 2, axis=-1)

    def backward(self, dvalues, y_true):
        samples, outputs = dvalues.shape
        self.dinputs = -2 * (y_true - dvalues) / outputs / samples
        return self.dinputs


class SoftmaxCategoricalCrossentropy:
    """Softmax and loss in one object; labels may be integers or one-hot."""

    def forward(self, inputs, y_true):
        if y_true.ndim == 2:
            y_true = y_true.argmax(axis=1)
        shifted = inputs - inputs.max(axis=1, keepdims=True)
        log_sum = np.log(np.exp(shifted).sum(axis=1))
        self.output = np.exp(shifted - log_sum[:, None])
        self.y_true = y_true
        return np.mean(log_sum - shifted[np.arange(len(inputs)), y_true])

    def backward(self):
        n = len(self.y_true)
        self.dinputs = self.output.copy()
        self.dinputs[np.arange(n), self.y_true] -= 1
        self.dinputs /= n
        return self.dinputs


class OptimizerSGD:
    def __init__(self, learning_rate=0.1, momentum=0.9):
        self.learning_rate = learning_rate
        self.momentum = momentum

    def update_params(self, layer):
        if not hasattr(layer, "weight_momentums"):
            layer.weight_momentums = np.zeros_like(layer.weights)
            layer.bias_momentums = np.zeros_like(layer.biases)
        layer.weight_momentums = self.momentum * layer.weight_momentums - self.learning_rate * layer.dweights
        layer.bias_momentums = self.momentum * layer.bias_momentums - self.learning_rate * layer.dbiases
        layer.weights += layer.weight_momentums
        layer.biases += layer.bias_momentums


class OptimizerRMSprop:
    def __init__(self, learning_rate=0.001, epsilon=1e-7, rho=0.9):
        self.learning_rate, self.epsilon, self.rho = learning_rate, epsilon, rho

    def update_params(self, layer):
        if not hasattr(layer, "weight_cache"):
            layer.weight_cache = np.zeros_like(layer.weights)
            layer.bias_cache = np.zeros_like(layer.biases)
        layer.weight_cache = self.rho * layer.weight_cache + (1 - self.rho) * layer.dweights ** 2
        layer.bias_cache = self.rho * layer.bias_cache + (1 - self.rho) * layer.dbiases ** 2
        layer.weights -= self.learning_rate * layer.dweights / (np.sqrt(layer.weight_cache) + self.epsilon)
        layer.biases -= self.learning_rate * layer.dbiases / (np.sqrt(layer.bias_cache) + self.epsilon)


class OptimizerAdam:
    def __init__(self, learning_rate=0.001, epsilon=1e-7, beta_1=0.9, beta_2=0.999):
        self.learning_rate = learning_rate
        self.epsilon = epsilon
        self.beta_1, self.beta_2 = beta_1, beta_2
        self.iterations = 0

    def pre_update_params(self):
        self.iterations += 1

    def _one(self, layer, name):
        p, g = getattr(layer, name), getattr(layer, "d" + name)
        m = getattr(layer, name + "_m", np.zeros_like(p))
        v = getattr(layer, name + "_v", np.zeros_like(p))
        m = self.beta_1 * m + (1 - self.beta_1) * g
        v = self.beta_2 * v + (1 - self.beta_2) * g ** 2
        setattr(layer, name + "_m", m)
        setattr(layer, name + "_v", v)
        p -= self.learning_rate * (m / (1 - self.beta_1 ** self.iterations)) / (
            np.sqrt(v / (1 - self.beta_2 ** self.iterations)) + self.epsilon)

    def update_params(self, layer):
        self._one(layer, "weights")
        self._one(layer, "biases")
