# Rechengraph, Übungsblatt 3. Jeder Knoten hat forward und backward.
import numpy as np


def _zurueck(g, shape):
    """summiert über alle Achsen, die beim Broadcasting entstanden sind"""
    while g.ndim > len(shape):
        g = g.sum(axis=0)
    for ax, s in enumerate(shape):
        if s == 1:
            g = g.sum(axis=ax, keepdims=True)
    return g


class Knoten:
    def __call__(self, *a):
        self.ein = a
        self.aus = self.forward(*a)
        return self.aus


class Add(Knoten):
    def forward(self, a, b):
        self.ein = (a, b)
        return a + b

    def backward(self, g):
        a, b = self.ein
        return _zurueck(g, a.shape), _zurueck(g, b.shape)


class Multiply(Knoten):
    def forward(self, a, b):
        self.ein = (a, b)
        return a * b

    def backward(self, g):
        a, b = self.ein
        return _zurueck(g * b, a.shape), _zurueck(g * a, b.shape)


class Exp(Knoten):
    def forward(self, x):
        self.aus = np.exp(x)
        return self.aus

    def backward(self, g):
        return g * self.aus


class Sin(Knoten):
    def forward(self, x):
        self.x = x
        return np.sin(x)

    def backward(self, g):
        return g * np.sin(self.x + np.pi / 2)


class Square(Knoten):
    def forward(self, x):
        self.x = x
        return x * x

    def backward(self, g):
        return g * self.x + self.x * g


class Reciprocal(Knoten):
    def forward(self, x):
        self.y = 1 / x
        return self.y

    def backward(self, g):
        return -g * self.y * self.y


class Sigmoid(Knoten):
    """aus den Teilen a=-x, b=e^a, c=1+b, s=1/c zusammengesetzt"""

    def forward(self, x):
        self.b = np.exp(-x)
        self.c = 1 + self.b
        return 1 / self.c

    def backward(self, g):
        dc = -g / self.c ** 2
        db = dc
        da = db * self.b
        return -da


class MatMul(Knoten):
    def forward(self, X, W):
        self.X, self.W = X, W
        return X @ W

    def backward(self, g):
        return g @ self.W.T, self.X.T @ g
