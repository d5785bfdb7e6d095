"""More components in the ways people write them: how they are built, called and give their gradients."""

from __future__ import annotations

#: The code, the name of the candidate, a replacement that makes it wrong, and for which argument.
WAYS: dict[str, tuple[str, str, tuple[str, str], str]] = {
    "a constant of the forward that is called like a gradient": (
        """
        def huber(y, t, delta=1.0):
            r = np.abs(y - t)
            return np.mean(np.where(r < delta, 0.5 * r * r, delta * (r - 0.5 * delta)))

        def huber_grad(y, t, delta=1.0):
            return np.clip(y - t, -delta, delta) / y.size
        """,
        "huber",
        ("np.clip(y - t, -delta, delta)", "np.clip(y - t, -1, 1)"),
        "input",
    ),
    "one vector of scores and its class": (
        """
        class SoftmaxCrossEntropy:
            @staticmethod
            def loss(z, label):
                return np.log(np.exp(z).sum()) - z[label]

            @staticmethod
            def gradient(z, label):
                g = np.exp(z) / np.exp(z).sum()
                g[label] -= 1
                return g
        """,
        "SoftmaxCrossEntropy",
        ("-= 1", "+= 1"),
        "input",
    ),
    "one vector through a layer": (
        """
        def dense(x, W, b):
            return W @ x + b, (x, W)

        def dense_backward(dy, cache):
            x, W = cache
            return W.T @ dy, np.outer(dy, x), dy
        """,
        "dense",
        ("np.outer(dy, x), dy", "np.outer(dy, x) / 2, dy"),
        "weight",
    ),
    "one row through a layer that updates itself": (
        """
        class FCLayer:
            def __init__(self, input_size, output_size):
                self.weights = np.random.rand(input_size, output_size)
                self.bias = np.random.rand(1, output_size)
            def forward_propagation(self, data):
                self.input = data
                return self.input @ self.weights + self.bias
            def backward_propagation(self, error, learning_rate):
                back = error @ self.weights.T
                self.weights -= learning_rate * self.input.T @ error
                self.bias -= learning_rate * error
                return back
        """,
        "FCLayer",
        ("return back", "return 2 * back"),
        "input",
    ),
    "the Jacobian of one vector, by the name of the output": (
        """
        def softmax(x):
            return np.exp(x) / np.exp(x).sum()

        def softmax_grad(softmax):
            column = softmax.reshape(-1, 1)
            return np.diagflat(softmax) - column @ column.T
        """,
        "softmax",
        ("- column @ column.T", "+ column @ column.T"),
        "input",
    ),
    "a layer that is built by its first call": (
        """
        class BatchNormalization:
            def __init__(self, epsilon=1e-3):
                self.weights, self.grads, self.epsilon = {}, {}, epsilon
            def build(self, shape):
                self.weights = {"gamma": np.ones(shape[-1]), "beta": np.zeros(shape[-1])}
                self.moving_mean = np.zeros(shape[-1])
            def __call__(self, x, training=True):
                if not self.weights:
                    self.build(x.shape)
                self.moving_mean = 0.9 * self.moving_mean + 0.1 * x.mean(0)
                self.std = np.sqrt(x.var(0) + self.epsilon)
                self.xhat = (x - x.mean(0)) / self.std
                return self.weights["gamma"] * self.xhat + self.weights["beta"]
            def backward(self, g):
                self.grads["gamma"], self.grads["beta"] = (g * self.xhat).sum(0), g.sum(0)
                g = g * self.weights["gamma"]
                return (g - g.mean(0) - self.xhat * (g * self.xhat).mean(0)) / self.std
        """,
        "BatchNormalization",
        ("(g * self.xhat).sum(0), g.sum(0)", "(g * self.xhat).sum(0), g.mean(0)"),
        "bias",
    ),
    "parameters of one's own invention that the first call makes": (
        """
        class Gate:
            def __init__(self):
                self.params, self.grads = {}, {}
            def forward(self, x):
                if not self.params:
                    self.params["s"] = np.ones(x.shape[-1])
                self.x = x
                return x * self.params["s"] ** 2
            def backward(self, g):
                self.grads["s"] = (2 * g * self.x * self.params["s"]).sum(0)
                return g * self.params["s"] ** 2
        """,
        "Gate",
        ("(2 * g * self.x", "(g * self.x"),
        'self.params["s"]',
    ),
    "dropout with a generator of its own": (
        """
        def dropout_forward(x, p=0.5, train=True, seed=None):
            if not train:
                return x, None
            mask = (np.random.RandomState(seed).rand(*x.shape) >= p) / (1 - p)
            return x * mask, mask

        def dropout_backward(dout, mask):
            return dout if mask is None else dout * mask
        """,
        "dropout_forward",
        ("dout * mask", "dout * (mask > 0)"),
        "input",
    ),
    "dropout whose generator has no seed": (
        """
        class Dropout:
            def __init__(self, p=0.5):
                self.p = p
            def forward(self, x, training=True):
                if not training:
                    return x
                self.mask = (np.random.default_rng().random(x.shape) >= self.p) / (1 - self.p)
                return x * self.mask
            def backward(self, dout):
                return dout * self.mask
        """,
        "Dropout",
        ("dout * self.mask", "dout * (self.mask > 0)"),
        "input",
    ),
    "a rate that is no mask": (
        """
        def dropout(x, rate, training=True):
            mask = np.random.binomial(1, 1 - rate, size=x.shape) / (1 - rate)
            return (x * mask, mask) if training else (x, np.ones_like(x))

        def dropout_backward(dout, mask):
            return dout * mask
        """,
        "dropout",
        ("return dout * mask", "return dout * mask * 2"),
        "input",
    ),
    "a switch that asks for the derivative": (
        """
        def sigmoid(x, deriv=False):
            if deriv:
                return x * (1 - x)
            return 1 / (1 + np.exp(-x))
        """,
        "sigmoid",
        ("x * (1 - x)", "x * (1 + x)"),
        "input",
    ),
    "a method with such a switch": (
        """
        class MSE:
            def __call__(self, y, t, derivative=False):
                if derivative:
                    return 2 * (y - t) / y.size
                return np.mean((y - t) ** 2)
        """,
        "MSE",
        ("2 * (y - t) / y.size", "2 * (y - t)"),
        "input",
    ),
    "a table of functions with their derivatives": (
        """
        TABLE = {"swish": (lambda x: x / (1 + np.exp(-x)), None), "tanh": (np.tanh, lambda y: 1 - y ** 2)}
        """,
        "tanh",
        ("1 - y ** 2", "1 - y"),
        "input",
    ),
    "a table of tables": (
        """
        TABLE = {"softplus": {"f": lambda x: np.logaddexp(0, x), "df": lambda x: 1 / (1 + np.exp(-x))}}
        """,
        "softplus",
        ("1 / (1 + np.exp(-x))", "1 / (1 + np.exp(x))"),
        "input",
    ),
    "static methods with short names": (
        """
        class ReLU:
            @staticmethod
            def f(x):
                return np.maximum(x, 0)
            @staticmethod
            def df(x):
                return (x > 0).astype(x.dtype)
        """,
        "ReLU",
        ("x > 0", "x < 0"),
        "input",
    ),
    "a model whose backward takes nothing after its loss": (
        """
        class TwoLayerNet:
            def __init__(self, n_in, n_hidden, n_out):
                rng = np.random.default_rng(0)
                self.params = {"W1": rng.normal(size=(n_in, n_hidden))}
                self.params["W2"] = rng.normal(size=(n_hidden, n_out))
                self.grads = {}
            def forward(self, X):
                self.X, self.a = X, np.tanh(X @ self.params["W1"])
                return self.a @ self.params["W2"]
            def loss(self, X, T):
                self.d = self.forward(X) - T
                return np.mean(self.d ** 2)
            def backward(self):
                d = 2 * self.d / self.d.size
                self.grads["W2"] = self.a.T @ d
                self.grads["W1"] = self.X.T @ (d @ self.params["W2"].T * (1 - self.a ** 2))
        """,
        "TwoLayerNet",
        (" * (1 - self.a ** 2)", ""),
        'self.params["W1"]',
    ),
    "a number for a bias": (
        """
        class LogisticRegression:
            def __init__(self, n_features):
                self.w, self.b, self.grads = np.linspace(-1, 1, n_features), 0.0, {}
            def forward(self, X):
                return 1 / (1 + np.exp(-(X @ self.w + self.b)))
            def loss(self, X, y):
                self.X, self.y, self.p = X, y, self.forward(X)
                return -np.mean(y * np.log(self.p) + (1 - y) * np.log(1 - self.p))
            def backward(self):
                d = (self.p - self.y) / len(self.y)
                self.grads["w"], self.grads["b"] = self.X.T @ d, d.sum()
                return self.grads
        """,
        "LogisticRegression",
        ("d.sum()", "d"),
        "self.b",
    ),
    "a constructor in another language": (
        """
        class Linear:
            def __init__(self, ein, aus):
                self.W, self.b = np.random.randn(aus, ein), np.zeros(aus)
            def forward(self, x):
                self.x = x
                return x @ self.W.T + self.b
            def backward(self, grad):
                self.dW, self.db = grad.T @ self.x, grad.sum(0)
                return grad @ self.W
        """,
        "Linear",
        ("grad.T @ self.x", "grad.T @ self.x / len(grad)"),
        "weight",
    ),
    "a list of sizes": (
        """
        class NeuralNetwork:
            def __init__(self, layer_sizes):
                self.Ws = [np.random.randn(a, b) for a, b in zip(layer_sizes[:-1], layer_sizes[1:])]
            def forward(self, X):
                self.acts = [X]
                for W in self.Ws:
                    self.acts.append(np.tanh(self.acts[-1] @ W))
                return self.acts[-1]
            def backward(self, grad):
                for W, a in zip(self.Ws[::-1], self.acts[:0:-1]):
                    grad = (grad * (1 - a ** 2)) @ W.T
                return grad
        """,
        "NeuralNetwork",
        ("1 - a ** 2", "1 - a"),
        "input",
    ),
    "a text that chooses": (
        """
        def linear_activation_forward(A, W, b, activation):
            Z = W @ A + b
            return {"relu": lambda z: np.maximum(z, 0), "tanh": np.tanh}[activation](Z), (A, W, Z)

        def linear_activation_backward(dA, cache, activation):
            A, W, Z = cache
            dZ = dA * {"relu": Z > 0, "tanh": 1 - np.tanh(Z) ** 2}[activation]
            return W.T @ dZ, dZ @ A.T / A.shape[1], dZ.sum(1, keepdims=True) / A.shape[1]
        """,
        "linear_activation_forward",
        ("dZ.sum(1, keepdims=True) / A.shape[1]", "dZ.sum(1, keepdims=True)"),
        "W",
    ),
    "a flag of training that has to be given": (
        """
        class LayerDense:
            def __init__(self, n_inputs, n_neurons):
                self.weights, self.biases = np.random.randn(n_inputs, n_neurons), np.zeros((1, n_neurons))
            def forward(self, inputs, training):
                self.inputs = inputs
                self.output = inputs @ self.weights + self.biases
            def backward(self, dvalues):
                self.dweights = self.inputs.T @ dvalues
                self.dbiases = np.sum(dvalues, axis=0, keepdims=True)
                self.dinputs = dvalues @ self.weights.T
        """,
        "LayerDense",
        ("np.sum(dvalues", "np.mean(dvalues"),
        "bias",
    ),
    "gradients that come in a list": (
        """
        class Scale:
            def __init__(self, dim):
                self.gamma, self.beta = np.ones((1, dim)), np.zeros((1, dim))
            def forward(self, x):
                self.x = x
                return self.gamma * x + self.beta
            def backward(self, g):
                dgamma = (g * self.x).sum(0, keepdims=True)
                return g * self.gamma, [dgamma, g.sum(0, keepdims=True)]
        """,
        "Scale",
        ("return g * self.gamma", "return g + self.gamma"),
        "input",
    ),
}
