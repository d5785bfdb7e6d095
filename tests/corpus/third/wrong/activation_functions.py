import numpy as np

# Collection of activation functions
# call -> value, gradient(x) -> derivative at the input x


class TanH():
    def __call__(self, x):
        return np.tanh(x)

    def gradient(self, x):
        return 1 - np.power(x, 2)


class LeakyReLU():
    def __init__(self, alpha=0.2):
        self.alpha = alpha

    def __call__(self, x):
        return np.where(x >= 0, x, self.alpha * x)

    def gradient(self, x):
        return (x > 0) * 1.0 + (x < 0) * self.alpha


class SELU():
    # https://arxiv.org/abs/1706.02515
    def __init__(self):
        self.alpha = 1.6732632423543772848170429916717
        self.scale = 1.0507009873554804934193349852946

    def __call__(self, x):
        return self.scale * np.where(x >= 0.0, x, self.alpha * np.expm1(np.minimum(x, 0)))

    def gradient(self, x):
        return np.where(x >= 0.0, 1.0, self.alpha * np.exp(np.minimum(x, 0)))


class SoftPlus():
    def __call__(self, x):
        return np.log(1 + np.exp(x))

    def gradient(self, x):
        return 1 / (1 + np.exp(-x))


class HardTanh:
    def __call__(self, x):
        return np.clip(x, -1, 1)

    def gradient(self, x):
        return (np.abs(x) < 1).astype(x.dtype)


class Mish:
    @staticmethod
    def _sp(x):
        return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))

    def __call__(self, x):
        return x * np.tanh(self._sp(x))

    def gradient(self, x):
        w = np.tanh(self._sp(x))
        s = 1 / (1 + np.exp(-x))
        return w + x * (1 - w ** 2) * s
