# The types of the modules that are made from the catalogue, written by `python -m tests.nn.stub`.
from typing import Any

from backproof.nn.component import Component
from backproof.nn.losses import Loss

ACTIVATIONS: dict[str, type[Component]]
LOSSES: dict[str, type[Loss]]

class BCELoss(Loss):
    def __init__(
        self,
        weight: Any = None,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None: ...

class BCEWithLogitsLoss(Loss):
    def __init__(
        self,
        weight: Any = None,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
        pos_weight: Any = None,
    ) -> None: ...

class CELU(Component):
    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None: ...

class CosineEmbeddingLoss(Loss):
    def __init__(
        self,
        margin: float = 0.0,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None: ...

class CrossEntropyLoss(Loss):
    def __init__(
        self,
        weight: Any = None,
        size_average: Any = None,
        ignore_index: int = -100,
        reduce: Any = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None: ...

class ELU(Component):
    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None: ...

class GELU(Component):
    def __init__(self, approximate: str = "none") -> None: ...

class GLU(Component):
    def __init__(self, dim: int = -1) -> None: ...

class GaussianNLLLoss(Loss):
    def __init__(self, *, full: bool = False, eps: float = 1e-06, reduction: str = "mean") -> None: ...

class Hardshrink(Component):
    def __init__(self, lambd: float = 0.5) -> None: ...

class Hardsigmoid(Component):
    def __init__(self, inplace: bool = False) -> None: ...

class Hardswish(Component):
    def __init__(self, inplace: bool = False) -> None: ...

class Hardtanh(Component):
    def __init__(
        self,
        min_val: float = -1.0,
        max_val: float = 1.0,
        inplace: bool = False,
        min_value: Any = None,
        max_value: Any = None,
    ) -> None: ...

class HingeEmbeddingLoss(Loss):
    def __init__(
        self,
        margin: float = 1.0,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None: ...

class HuberLoss(Loss):
    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None: ...

class KLDivLoss(Loss):
    def __init__(
        self,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
        log_target: bool = False,
    ) -> None: ...

class L1Loss(Loss):
    def __init__(self, size_average: Any = None, reduce: Any = None, reduction: str = "mean") -> None: ...

class LeakyReLU(Component):
    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None: ...

class LogSigmoid(Component): ...
class LogSoftmax(Component):
    def __init__(self, dim: Any = None) -> None: ...

class MSELoss(Loss):
    def __init__(self, size_average: Any = None, reduce: Any = None, reduction: str = "mean") -> None: ...

class MarginRankingLoss(Loss):
    def __init__(
        self,
        margin: float = 0.0,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None: ...

class Mish(Component):
    def __init__(self, inplace: bool = False) -> None: ...

class MultiMarginLoss(Loss):
    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight: Any = None,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None: ...

class NLLLoss(Loss):
    def __init__(
        self,
        weight: Any = None,
        size_average: Any = None,
        ignore_index: int = -100,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None: ...

class PoissonNLLLoss(Loss):
    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        size_average: Any = None,
        eps: float = 1e-08,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None: ...

class ReLU(Component):
    def __init__(self, inplace: bool = False) -> None: ...

class ReLU6(Component):
    def __init__(self, inplace: bool = False) -> None: ...

class SELU(Component):
    def __init__(self, inplace: bool = False) -> None: ...

class SiLU(Component):
    def __init__(self, inplace: bool = False) -> None: ...

class Sigmoid(Component): ...
class SmoothL1Loss(Loss):
    def __init__(
        self,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
        beta: float = 1.0,
    ) -> None: ...

class SoftMarginLoss(Loss):
    def __init__(self, size_average: Any = None, reduce: Any = None, reduction: str = "mean") -> None: ...

class Softmax(Component):
    def __init__(self, dim: Any = None) -> None: ...

class Softmin(Component):
    def __init__(self, dim: Any = None) -> None: ...

class Softplus(Component):
    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None: ...

class Softshrink(Component):
    def __init__(self, lambd: float = 0.5) -> None: ...

class Softsign(Component): ...
class Tanh(Component): ...
class Tanhshrink(Component): ...
class Threshold(Component):
    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None: ...

class TripletMarginLoss(Loss):
    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-06,
        swap: bool = False,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None: ...
