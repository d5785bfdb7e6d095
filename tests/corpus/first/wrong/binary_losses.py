# Verlustfunktionen für binäre Klassifikation
import numpy as np


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


class BCELoss:
    """Wahrscheinlichkeiten rein, Mittelwert raus."""

    def forward(self, p, y):
        self.p, self.y = p, y
        return -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()

    def backward(self):
        p, y = self.p, self.y
        # Ableitung von -y*log(p) - (1-y)*log(1-p)
        return -(y / p) + (1 - y) / (1 - p)


class BCEWithLogitsLoss:
    def forward(self, logits, y):
        self.p = sigmoid(logits)
        self.y = y
        return -np.mean(y * np.log(self.p) + (1 - y) * np.log(1 - self.p))

    def backward(self):
        return (self.p - self.y) / self.y.size


class ClippedBCE:
    # abgeschnitten, damit log(0) nicht vorkommt
    def forward(self, p, y):
        self.y = y
        self.inside = (p > 1e-7) & (p < 1 - 1e-7)
        self.p = np.clip(p, 1e-7, 1 - 1e-7)
        return -np.mean(y * np.log(self.p) + (1 - y) * np.log(1 - self.p))

    def backward(self):
        g = (self.p - self.y) / (self.p * (1 - self.p)) / self.y.size
        return g * self.inside


class SoftMarginLoss:
    """Labels sind -1 oder +1."""

    def forward(self, x, y):
        self.x, self.y = x, y
        return np.logaddexp(0, -y * x).mean()

    def backward(self):
        return -sigmoid(-self.y * self.x) / self.x.size
