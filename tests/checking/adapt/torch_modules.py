"""Modules as people write them in PyTorch; all of them right."""

from __future__ import annotations

from typing import Any

#: Name of the reference, the module as written, the options that are asked for.
MODULES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "absolute error": (
        "L1Loss",
        """
        class L1Loss(nn.Module):
            def forward(self, y_pred, y_true):
                return (y_pred - y_true).abs().mean()
        """,
        {},
    ),
    "squared error, target first": (
        "MSELoss",
        """
        class L2Loss(nn.Module):
            def forward(self, target, prediction):
                return torch.mean(torch.square(prediction - target))
        """,
        {},
    ),
    "binary cross-entropy": (
        "BCELoss",
        """
        class BCELoss(nn.Module):
            def forward(self, p, y):
                return -(y * p.log() + (1 - y) * (1 - p).log()).mean()
        """,
        {},
    ),
    "binary cross-entropy with a sum": (
        "BCELoss",
        """
        class BCELoss(nn.Module):
            def __init__(self, reduction="mean"):
                super().__init__()
                self.reduction = reduction
            def forward(self, probs, labels):
                value = -(labels * probs.log() + (1 - labels) * (1 - probs).log())
                return getattr(value, self.reduction)()
        """,
        {"reduction": "sum"},
    ),
    "cross-entropy of class indices": (
        "CrossEntropyLoss",
        """
        class CELoss(nn.Module):
            def forward(self, logits, targets):
                log_p = logits - logits.logsumexp(dim=1, keepdim=True)
                return -log_p[torch.arange(len(targets)), targets].mean()
        """,
        {},
    ),
    "cross-entropy of one-hot rows": (
        "CrossEntropyLoss",
        """
        class CELoss(nn.Module):
            def forward(self, logits, targets):
                return -(targets * torch.log_softmax(logits, 1)).sum() / logits.shape[0]
        """,
        {},
    ),
    "rectifier": (
        "ReLU",
        """
        class ReLU(nn.Module):
            def __init__(self):
                super(ReLU, self).__init__()
            def forward(self, x):
                return x.clamp(min=0)
        """,
        {},
    ),
    "leaky rectifier": (
        "LeakyReLU",
        """
        class LeakyReLU(nn.Module):
            def __init__(self, leak):
                super().__init__()
                self.leak = leak
            def forward(self, x):
                return torch.where(x > 0, x, x * self.leak)
        """,
        {"negative_slope": 0.2},
    ),
    "softmax along an axis given at the call": (
        "Softmax",
        """
        class Softmax(nn.Module):
            def forward(self, x, dim):
                e = (x - x.amax(dim, keepdim=True)).exp()
                return e / e.sum(dim, keepdim=True)
        """,
        {"dim": 0},
    ),
    "linear": (
        "Linear",
        """
        class MyLinear(nn.Module):
            def __init__(self, in_features, out_features):
                super().__init__()
                self.weight = nn.Parameter(torch.randn(out_features, in_features))
                self.bias = nn.Parameter(torch.zeros(out_features))
            def forward(self, x):
                return x @ self.weight.T + self.bias
        """,
        {},
    ),
    "linear, (in, out) and a row": (
        "Linear",
        """
        class DenseLayer(nn.Module):
            def __init__(self, n_in, n_out):
                super().__init__()
                self.W = nn.Parameter(torch.randn(n_in, n_out))
                self.b = nn.Parameter(torch.zeros(1, n_out))
            def forward(self, x):
                return torch.addmm(self.b, x, self.W)
        """,
        {},
    ),
    "linear around torch's own": (
        "Linear",
        """
        class FullyConnected(nn.Module):
            def __init__(self, input_dim, output_dim):
                super().__init__()
                self.inner = nn.Linear(input_dim, output_dim)
            def forward(self, x):
                return self.inner(x)
        """,
        {},
    ),
    "linear of plain tensors that require a gradient": (
        "Linear",
        """
        class Linear(nn.Module):
            def __init__(self, in_features, out_features):
                super().__init__()
                self.w = torch.randn(in_features, out_features, requires_grad=True)
                self.b = torch.zeros(out_features, requires_grad=True)
            def forward(self, x):
                return x.mm(self.w) + self.b
        """,
        {},
    ),
    "any number of inputs": (
        "MSELoss",
        """
        class MSELoss(nn.Module):
            def forward(self, *tensors):
                return ((tensors[0] - tensors[1]) ** 2).mean()
        """,
        {},
    ),
}

#: The same activation with a backward of its own.
BY_HAND = {
    "a method": """
        class Tanh(nn.Module):
            def forward(self, x):
                self.y = torch.tanh(x)
                return self.y
            def backward(self, grad_output):
                return grad_output * (1 - self.y ** 2)
    """,
    "without self": """
        class Tanh(nn.Module):
            def forward(self, x):
                return torch.tanh(x)
            def backward(grad_output, x):
                return grad_output * (1 - torch.tanh(x) ** 2)
    """,
    "static, of the output": """
        class Tanh(nn.Module):
            def forward(self, x):
                return torch.tanh(x)
            @staticmethod
            def backward(output, grad_output):
                return grad_output * (1 - output ** 2)
    """,
    "by way of NumPy": """
        class Tanh(nn.Module):
            def forward(self, x):
                self.saved = x.detach().numpy()
                return torch.tanh(x)
            def backward(self, grad):
                return torch.from_numpy(grad.numpy() / np.cosh(self.saved) ** 2)
    """,
}

#: Models, and the shape of the input that each takes.
MODELS = {
    "linear": (
        """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.first = nn.Linear(1000, 100)
                self.second = nn.Linear(100, 10)
            def forward(self, x):
                return self.second(torch.relu(self.first(x)))
        """,
        [3, 1000],
    ),
    "sizes from the constructor": (
        """
        class Classifier(nn.Module):
            def __init__(self, input_size, hidden_size, num_classes):
                super().__init__()
                self.layers = nn.Sequential(
                    nn.Linear(input_size, hidden_size), nn.ReLU(), nn.Linear(hidden_size, num_classes)
                )
            def forward(self, x):
                return self.layers(x)
        """,
        [3, 5],
    ),
    "images of 28 by 28": (
        """
        class ConvNet(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(1, 4, 3)
                self.out = nn.Linear(4 * 26 * 26, 10)
            def forward(self, x):
                return self.out(torch.relu(self.conv(x)).flatten(1))
        """,
        [3, 1, 28, 28],
    ),
    "channels from the constructor": (
        """
        class ResidualNet(nn.Module):
            def __init__(self, in_channels, out_channels):
                super().__init__()
                self.conv = nn.Conv2d(in_channels, out_channels, 3, padding=1)
                self.around = nn.Conv2d(in_channels, out_channels, 1)
            def forward(self, x):
                return torch.relu(self.conv(x)) + self.around(x)
        """,
        [3, 5, 28, 28],
    ),
    "parts that hide what they take": (
        """
        class Own(nn.Module):
            def __init__(self):
                super().__init__()
                self.table = nn.Parameter(torch.randn(11, 4))
            def forward(self, x):
                return x @ self.table

        class OwnNet(nn.Module):
            def __init__(self):
                super().__init__()
                self.part = Own()
            def forward(self, x):
                return self.part(x)
        """,
        [3, 11],
    ),
    "a sequence": (
        """
        class SequenceModel(nn.Module):
            def __init__(self):
                super().__init__()
                self.lstm = nn.LSTM(9, 4, batch_first=True)
            def forward(self, x):
                return self.lstm(x)
        """,
        [3, 5, 9],
    ),
}
