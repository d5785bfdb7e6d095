"""Activations and losses as people write them in NumPy, in every style; all of them right."""

from __future__ import annotations

from typing import Any

#: The same activation, in every way to hand the incoming gradient in and the gradient out.
TANH = {
    "backward takes the incoming gradient": """
        class Tanh:
            def forward(self, x):
                self.y = np.tanh(x)
                return self.y
            def backward(self, dout):
                return dout * (1 - self.y ** 2)
    """,
    "called, and grad with a course's name for it": """
        class Tanh:
            def __call__(self, x):
                self.x = x
                return np.tanh(x)
            def grad(self, in_gradient):
                return in_gradient * (1 - np.tanh(self.x) ** 2)
    """,
    "a derivative at x": """
        class Tanh:
            def __call__(self, z):
                return np.tanh(z)
            def derivative(self, z):
                return 1 - np.tanh(z) ** 2
    """,
    "a derivative at the output": """
        class Tanh:
            def forward(self, x):
                return np.tanh(x)
            def prime(self, y):
                return 1 - y * y
    """,
    "a derivative of what was saved, without arguments": """
        class Tanh:
            def forward(self, x):
                self.out = np.tanh(x)
                return self.out
            def gradient(self):
                return 1 - self.out ** 2
    """,
    "input and gradient, in this order": """
        class Tanh:
            def forward(self, x):
                return np.tanh(x)
            def backward(self, x, grad):
                return grad * (1 - np.tanh(x) ** 2)
    """,
    "the incoming gradient is called x": """
        class Tanh:
            def forward(self, x):
                self.slope = 1 - np.tanh(x) ** 2
                return np.tanh(x)
            def backward(self, x):
                return x * self.slope
    """,
    "forward gives a cache": """
        class Tanh:
            def forward(self, x):
                y = np.tanh(x)
                return y, y
            def backward(self, grad_output, cache):
                return grad_output * (1 - cache ** 2)
    """,
    "static methods": """
        class Tanh:
            @staticmethod
            def forward(x):
                return np.tanh(x)
            @staticmethod
            def backward(x, g):
                return g * (1 - np.tanh(x) ** 2)
    """,
    "the gradient is left on the object": """
        class Tanh:
            def forward(self, inputs):
                self.output = np.tanh(inputs)
                return self.output
            def backward(self, dvalues):
                self.dinputs = dvalues * (1 - self.output ** 2)
    """,
    "output and gradient are left on the object": """
        class Tanh:
            def forward(self, inputs):
                self.inputs = inputs
                self.output = np.tanh(inputs)
            def backward(self, dvalues):
                self.dinputs = dvalues * (1 - self.output ** 2)
    """,
    "the gradient is left under a name of its own": """
        class Tanh:
            def forward(self, x):
                self.output = np.tanh(x)
                return self.output
            def backward(self, dvalues):
                self.passed_on = dvalues * (1 - self.output ** 2)
    """,
    "plain tensors without autograd": """
        class Tanh:
            def forward(self, x):
                self.y = torch.tanh(x)
                return self.y
            def backward(self, dout):
                return dout * (1 - self.y ** 2)
    """,
    "a base class that passes on": """
        class Function:
            def __call__(self, *args):
                return self.forward(*args)
            def forward(self, *args):
                raise NotImplementedError
            def backward(self, grad):
                raise NotImplementedError

        class Tanh(Function):
            def forward(self, x):
                self.y = np.tanh(x)
                return self.y
            def backward(self, grad):
                return grad * (1 - self.y ** 2)
    """,
    "a dictionary": """
        class Tanh:
            def forward(self, x):
                self.y = np.tanh(x)
                return self.y
            def backward(self, grad):
                return {"dx": grad * (1 - self.y ** 2)}
    """,
    "loss and gradient as some libraries call them": """
        class Tanh:
            def activate(self, x):
                return np.tanh(x)
            def gradient(self, x):
                return 1 - np.tanh(x) ** 2
    """,
    "written without self": """
        class Tanh:
            def __call__(self, x):
                return np.tanh(x)
            def backward(grad_output, x):
                return grad_output / np.cosh(x) ** 2
    """,
}

#: The reference, the class as written, the options that are asked for.
OTHERS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "a slope by another name": (
        "LeakyReLU",
        """
        class LeakyReLU:
            def __init__(self, alpha=0.2):
                self.alpha = alpha
            def __call__(self, x):
                self.x = x
                return np.where(x > 0, x, self.alpha * x)
            def grad(self, in_gradient):
                return in_gradient * np.where(self.x > 0, 1.0, self.alpha)
        """,
        {"negative_slope": 0.3},
    ),
    "a slope at the call": (
        "LeakyReLU",
        """
        class LeakyRelu:
            def forward(self, x, slope=0.5):
                self.x, self.slope = x, slope
                return np.maximum(x, slope * x)
            def backward(self, grad_output):
                return np.where(self.x > 0, grad_output, self.slope * grad_output)
        """,
        {},
    ),
    "an axis": (
        "Softmax",
        """
        class Softmax:
            def __init__(self, axis):
                self.axis = axis
            def __call__(self, x):
                e = np.exp(x - x.max(axis=self.axis, keepdims=True))
                self.p = e / e.sum(axis=self.axis, keepdims=True)
                return self.p
            def grad(self, g):
                return self.p * (g - (g * self.p).sum(axis=self.axis, keepdims=True))
        """,
        {"dim": 0},
    ),
    "a Jacobian for every row": (
        "Softmax",
        """
        class Softmax:
            def __call__(self, x):
                e = np.exp(x)
                return e / e.sum(axis=1, keepdims=True)
            def derivative(self, x):
                p = self(x)
                return np.einsum("ni,ij->nij", p, np.eye(p.shape[1])) - np.einsum("ni,nj->nij", p, p)
        """,
        {},
    ),
    "a loss without an incoming gradient": (
        "MSELoss",
        """
        class MSELoss:
            def __call__(self, y_pred, y_true):
                self.d = y_pred - y_true
                return np.mean(self.d ** 2)
            def grad(self):
                return 2 * self.d / self.d.size
        """,
        {},
    ),
    "a loss with one that has a default": (
        "MSELoss",
        """
        class MSE:
            def forward(self, pred, target):
                self.d = pred - target
                return (self.d ** 2).mean()
            def backward(self, grad_output=1.0):
                return grad_output * 2 * self.d / self.d.size
        """,
        {},
    ),
    "target first, and a Python number": (
        "MSELoss",
        """
        class MeanSquaredError:
            def loss(self, y, y_pred):
                return float(((y - y_pred) ** 2).mean())
            def gradient(self, y, y_pred):
                return 2 * (y_pred - y) / y.size
        """,
        {},
    ),
    "a reduction by name": (
        "L1Loss",
        """
        class L1Loss:
            def __init__(self, reduction="mean"):
                self.reduction = reduction
            def __call__(self, input, target):
                self.sign = np.sign(input - target)
                value = np.abs(input - target)
                return value if self.reduction == "none" else getattr(value, self.reduction)()
            def backward(self, grad_output):
                count = self.sign.size if self.reduction == "mean" else 1
                return grad_output * self.sign / count
        """,
        {"reduction": "none"},
    ),
    "a reduction by a flag, one-hot targets": (
        "CrossEntropyLoss",
        """
        class CrossEntropy:
            def __init__(self, average=True):
                self.average = average
            def __call__(self, logits, targets):
                e = np.exp(logits - logits.max(axis=1, keepdims=True))
                self.p, self.t = e / e.sum(axis=1, keepdims=True), targets
                loss = -np.sum(targets * np.log(self.p))
                return loss / len(logits) if self.average else loss
            def grad(self):
                return (self.p - self.t) / (len(self.t) if self.average else 1)
        """,
        {"reduction": "sum"},
    ),
    "a backward that is handed the prediction": (
        "BCELoss",
        """
        class BinaryCrossEntropy:
            def forward(self, y_pred, y_true):
                return -np.mean(y_true * np.log(y_pred) + (1 - y_true) * np.log(1 - y_pred))
            def backward(self, dvalues, y_true):
                self.dinputs = ((1 - y_true) / (1 - dvalues) - y_true / dvalues) / dvalues.size
        """,
        {},
    ),
    "class indices": (
        "CrossEntropyLoss",
        """
        class SoftmaxCrossEntropy:
            def forward(self, x, labels):
                z = x - x.max(axis=1, keepdims=True)
                self.log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
                self.labels = labels
                return -self.log_p[np.arange(len(x)), labels].mean()
            def backward(self):
                g = np.exp(self.log_p)
                g[np.arange(len(g)), self.labels] -= 1
                return g / len(g)
        """,
        {},
    ),
    "a column of class indices": (
        "CrossEntropyLoss",
        """
        class CrossEntropyLoss:
            def forward(self, x, t):
                self.p = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
                self.t = t
                if t.ndim != 2 or t.shape[1] != 1 or t.dtype.kind != "i":
                    raise ValueError("expected a column of whole numbers")
                return -np.log(np.take_along_axis(self.p, t, axis=1)).mean()
            def backward(self, dout=1):
                hot = np.zeros_like(self.p)
                np.put_along_axis(hot, self.t, 1.0, axis=1)
                return dout * (self.p - hot) / len(hot)
        """,
        {},
    ),
}
