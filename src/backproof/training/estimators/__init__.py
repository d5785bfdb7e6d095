"""Estimators with scikit-learn's interface, trained by gradients that were derived by hand.

They are at home where scikit-learn's are: in pipelines, searches and cross-validation.

Examples
--------
>>> import numpy as np
>>> import backproof as bp
>>> line = bp.LinearRegression().fit([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0])
>>> line.coef_.round(6).tolist(), round(float(line.intercept_), 6)
([2.0], 1.0)
"""

from __future__ import annotations

try:
    import sklearn  # noqa: F401 - it is looked for once, here
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        'estimators follow scikit-learn, which is not installed: pip install "backproof[train]"',
        name="sklearn",
    ) from error

from backproof.training.estimators.linear import LinearRegression, LogisticRegression
from backproof.training.estimators.networks import MLPClassifier, MLPRegressor

__all__ = ["LinearRegression", "LogisticRegression", "MLPClassifier", "MLPRegressor"]
