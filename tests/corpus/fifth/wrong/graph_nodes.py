"""Computation graphs, exercise sheet 2. Every node: forward(inputs) -> value, backward(dz) -> d inputs"""
import numpy as np


class Node(object):
    pass


class Multiply(Node):
    def forward(self, x, y):
        self.x, self.y = x, y
        return x * y

    def backward(self, dz):
        return dz * self.x, dz * self.y


class Add(Node):
    def forward(self, x, y):
        self.shape_y = y.shape
        return x + y          # y may be a row that is added to every row of x

    def backward(self, dz):
        return dz, dz


class Exp(Node):
    def forward(self, x):
        self.x = x
        self.out = np.exp(x)
        return self.out

    def backward(self, dz):
        return dz * np.exp(self.out)


class Sin(Node):
    def __init__(self, omega=3.0):
        self.w = omega

    def forward(self, x):
        self.x = x
        return np.sin(self.w * x)

    def backward(self, dz):
        return dz * np.cos(self.w * self.x)


class Square(Node):
    def forward(self, x):
        self.x = x
        return x ** 2

    def backward(self, dz):
        return 2 * self.x


class Reciprocal(Node):
    def forward(self, x):
        self.x = x
        return 1.0 / x

    def backward(self, dz):
        return dz * 1.0 / self.x ** 2


class Sigmoid(Node):
    def forward(self, x):
        self.x = x
        return 1 / (1 + np.exp(-x))

    def backward(self, dz):
        s = 1 / (1 + np.exp(-dz))
        return dz * s * (1 - s)
