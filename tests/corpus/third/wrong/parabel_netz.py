"""Kleines Netz für die Vorlesung: Schichten mit vorwaerts / rueckwaerts."""
import numpy as np


class Schicht:
    def forward(self, x):
        raise NotImplementedError

    def backward(self, grad):
        raise NotImplementedError


class Linear(Schicht):
    def __init__(self, ein, aus):
        self.W = np.random.randn(aus, ein) / np.sqrt(ein)
        self.b = np.zeros(aus)

    def forward(self, x):
        self.x = x                       # für die Rückwärtsrechnung merken
        return x @ self.W.T + self.b

    def backward(self, grad):
        # Mittelwert über den Stapel
        m = grad.shape[0]
        self.dW = grad.T @ self.x / m
        self.db = np.sum(grad, axis=0)
        return grad @ self.W


class Swish(Schicht):
    def forward(self, x):
        self.s = 1 / (1 + np.exp(-x))
        self.x = x
        return x * self.s

    def backward(self, grad):
        # Produktregel
        return self.s + self.x * self.s * (1 - self.s)


class Softplus(Schicht):
    def forward(self, x):
        self.x = x
        return np.logaddexp(0, x)

    def backward(self, grad):
        return grad / (1 + np.exp(-grad))


class MSE:
    """Mittlerer quadratischer Fehler über alle Einträge."""

    def forward(self, y, t):
        self.d = y - t
        return np.mean(self.d ** 2)

    def backward(self):
        return -2 * self.d / self.d.size
