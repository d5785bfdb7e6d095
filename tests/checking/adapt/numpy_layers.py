"""Linear layers as people write them in NumPy, in every layout; all of them right."""

from __future__ import annotations

#: The class as written, and the gradients that it has a place for (all, where not said).
LINEAR: dict[str, tuple[str, list[str] | None]] = {
    "(in, out), bias a row, a pair of gradients with the weight's first": (
        """
        class Linear:
            def __init__(self, in_features, out_features):
                self.weights = np.random.randn(in_features, out_features)
                self.bias = np.random.randn(1, out_features)
            def __call__(self, x):
                self.x = x
                return x @ self.weights + self.bias
            def grad(self, in_gradient):
                return self.x.T @ in_gradient, in_gradient @ self.weights.T
        """,
        ["input", "weight"],
    ),
    "as torch lays them out, all three returned": (
        """
        class Linear:
            def __init__(self, n_in, n_out):
                self.W = np.zeros((n_out, n_in))
                self.b = np.zeros(n_out)
            def forward(self, x):
                self.x = x
                return x @ self.W.T + self.b
            def backward(self, g):
                return g @ self.W, g.T @ self.x, g.sum(0)
        """,
        None,
    ),
    "attributes": (
        """
        class Dense:
            def __init__(self, input_size, output_size, rng=None):
                self.w = 0.1 * np.random.randn(input_size, output_size)
                self.b = np.zeros(output_size)
            def forward(self, inputs):
                self.inputs = inputs
                return np.dot(inputs, self.w) + self.b
            def backward(self, dvalues):
                self.dweights = self.inputs.T @ dvalues
                self.dbiases = dvalues.sum(axis=0)
                self.dinputs = dvalues @ self.w.T
        """,
        None,
    ),
    "dictionaries": (
        """
        class Affine:
            def __init__(self, input_dim, output_dim):
                self.params = {"W": np.ones((input_dim, output_dim)), "b": np.ones(output_dim)}
                self.grads = {}
            def forward(self, x):
                self.x = x
                return x @ self.params["W"] + self.params["b"]
            def backward(self, dout):
                self.grads["W"] = self.x.T @ dout
                self.grads["b"] = dout.sum(axis=0)
                return dout @ self.params["W"].T
        """,
        None,
    ),
    "lists of parameters and gradients that the constructor gets": (
        """
        class Affine:
            def __init__(self, W, b):
                self.params = [W, b]
                self.grads = [np.zeros_like(W), np.zeros_like(b)]
                self.x = None
            def forward(self, x):
                W, b = self.params
                self.x = x
                return np.dot(x, W) + b
            def backward(self, dout):
                W, b = self.params
                self.grads[0][...] = np.dot(self.x.T, dout)
                self.grads[1][...] = np.sum(dout, axis=0)
                return np.dot(dout, W.T)
        """,
        None,
    ),
    "objects for parameters": (
        """
        class Parameter:
            def __init__(self, data):
                self.data = data
                self.grad = np.zeros_like(data)

        class Linear:
            def __init__(self, in_features, out_features):
                self.weight = Parameter(np.random.randn(out_features, in_features))
                self.bias = Parameter(np.zeros(out_features))
            def forward(self, x):
                self.x = x
                return x @ self.weight.data.T + self.bias.data
            def backward(self, grad_output):
                self.weight.grad += grad_output.T @ self.x
                self.bias.grad += grad_output.sum(axis=0)
                return grad_output @ self.weight.data
        """,
        None,
    ),
    "gradients that add up": (
        """
        class Linear:
            def __init__(self, fan_in, fan_out):
                self.W, self.b = np.zeros((fan_in, fan_out)), np.zeros(fan_out)
                self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)
            def forward(self, x):
                self.x = x
                return x @ self.W + self.b
            def backward(self, dout):
                self.dW += self.x.T @ dout
                self.db += dout.sum(axis=0)
                return dout @ self.W.T
        """,
        None,
    ),
    "a backward that updates by a learning rate": (
        """
        class Dense:
            def __init__(self, input_size, output_size):
                self.weights = np.random.randn(input_size, output_size)
                self.bias = np.zeros((1, output_size))
            def forward(self, x):
                self.x = x
                return x @ self.weights + self.bias
            def backward(self, output_gradient, learning_rate):
                passed_on = output_gradient @ self.weights.T
                self.weights -= learning_rate * self.x.T @ output_gradient
                self.bias -= learning_rate * output_gradient.sum(axis=0, keepdims=True)
                return passed_on
        """,
        None,
    ),
    "parameters made in the first call": (
        """
        class Dense:
            def __init__(self, units):
                self.units = units
                self.W = None
            def forward(self, x):
                if self.W is None:
                    self.W = np.random.randn(x.shape[1], self.units)
                    self.b = np.zeros(self.units)
                self.x = x
                return x @ self.W + self.b
            def backward(self, dout):
                self.dW, self.db = self.x.T @ dout, dout.sum(0)
                return dout @ self.W.T
        """,
        None,
    ),
    "columns are the rows of a batch": (
        """
        class Linear:
            def __init__(self, n_in, n_out):
                self.W = np.random.randn(n_out, n_in)
                self.b = np.zeros((n_out, 1))
            def forward(self, A):
                self.A = A
                return self.W @ A + self.b
            def backward(self, dZ):
                self.dW = dZ @ self.A.T
                self.db = dZ.sum(axis=1, keepdims=True)
                return self.W.T @ dZ
        """,
        None,
    ),
    "no bias, gradients by name": (
        """
        class Linear:
            def __init__(self, in_features, out_features, bias=True):
                self.weight = np.zeros((out_features, in_features))
                self.bias = np.zeros(out_features) if bias else None
            def forward(self, x):
                self.x = x
                return x @ self.weight.T + self.bias
            def backward(self, grad):
                return {"weight": grad.T @ self.x, "bias": grad.sum(0), "input": grad @ self.weight}
        """,
        None,
    ),
    "plain tensors": (
        """
        class Linear:
            def __init__(self, in_features, out_features):
                self.weight = torch.randn(out_features, in_features)
                self.bias = torch.zeros(out_features)
            def forward(self, x):
                self.x = x
                return x @ self.weight.t() + self.bias
            def backward(self, grad):
                self.weight_grad = grad.t() @ self.x
                self.bias_grad = grad.sum(dim=0)
                return grad @ self.weight
        """,
        None,
    ),
    "sizes of its own": (
        """
        class Linear:
            def __init__(self):
                self.W = np.zeros((4, 2))
                self.b = np.zeros(2)
            def forward(self, x):
                self.x = x
                return x @ self.W + self.b
            def backward(self, dout):
                self.dW, self.db = self.x.T @ dout, dout.sum(0)
                return dout @ self.W.T
        """,
        None,
    ),
}
