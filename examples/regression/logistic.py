"""Two classes of numbers that a threshold parts, and what becomes of a likelihood that has no maximum.

Every number up to 25 is of class 0, every one from 50 on of class 1. A logistic curve that is steeper is
then always more likely: without a penalty training has no end of its own, and it must be said where it
stops. Here it stops when the mean loss is below 0.01: then every number has its class with a probability of
at least 91 %, for nine losses of which one is −log(0.91) have a mean above 0.01. With a penalty there is
one best curve, and training finds it.
"""

import sys
from pathlib import Path

import numpy as np

import backproof as bp
from backproof import nn, optim

X = np.array([[1.0], [5.0], [10.0], [10.0], [25.0], [50.0], [70.0], [75.0], [100.0]])
Y = np.array([0, 0, 0, 0, 0, 1, 1, 1, 1])


def until_sure(training):
    """Stop where the classes are told apart."""
    if training.history[-1].loss < 0.01:
        training.stop("the mean loss is below 0.01")


def main(folder):
    # Steps are of a size for numbers around 1.
    mean, scale = X.mean(), X.std()
    model = nn.Linear(1, 1, dtype=np.float64)
    model.weight[...], model.bias[...] = 0, 0
    history = bp.fit(
        model,
        (X - mean) / scale,
        Y.astype(float),
        loss=nn.BCEWithLogitsLoss(),
        optimizer=optim.SGD(model.parameters(), lr=1.0, momentum=0.9),
        epochs=5000,
        batch_size=None,
        callbacks=[until_sure],
    )
    w, b = model.weight.item() / scale, model.bias.item() - model.weight.item() * mean / scale
    probabilities = nn.Sigmoid()(model((X - mean) / scale))[:, 0]
    print(f"no penalty: stopped after {len(history)} epochs, {history.stopped}; threshold at {-b / w:.2f}")
    assert history.stopped
    assert ((probabilities > 0.5) == (Y == 1)).all()
    assert np.where(Y == 1, probabilities, 1 - probabilities).min() > 0.91

    best = bp.LogisticRegression(C=1.0).fit(X, Y)
    threshold = -best.intercept_[0] / best.coef_[0, 0]
    print(
        f"C = 1:      w = {best.coef_[0, 0]:.6f}, b = {best.intercept_[0]:.6f}; threshold at {threshold:.2f}"
    )
    assert best.score(X, Y) == 1
    history.plot("loss", path=folder / "logistic-loss.png")
    history.plot("logistic", path=folder / "logistic.png", model=best, X=X, y=Y)
    return history, best


if __name__ == "__main__":
    out = Path(sys.argv[1] if len(sys.argv) > 1 else "out")
    out.mkdir(parents=True, exist_ok=True)
    main(out)
