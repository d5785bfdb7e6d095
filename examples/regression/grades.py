"""Students with marks in five subjects, good ones and others: two linear layers, each with a sigmoid.

A mark is from 1 to 9, and a student whose marks sum up to more than 30 is good. The network has an output
for each of the two classes, and the binary cross-entropy of both; twenty students are all that it learns
from, and each step sees them all. Two epochs of small steps move next to nothing: the probabilities stay
near a half, and PyTorch, from the same parameters, has the same.

Three hundred epochs of Adam learn the twenty students, and more: of a thousand others nine in ten are told
apart. For that the marks are counted from 5, the middle one. Counted from 0 they are all positive, the
hidden sigmoids all lean to one side, and it is the twenty students that are learned, not what makes them
good.
"""

import sys
from pathlib import Path

import numpy as np
import torch

import backproof as bp
from backproof import nn, optim

RANDOM = np.random.default_rng(0)
X = RANDOM.integers(1, 10, (20, 5)).astype(np.float32)
NEW = RANDOM.integers(3, 10, (10, 5)).astype(np.float32)
MIDDLE = 5


def good(marks):
    """Give for each student whether they are good, as 0 or 1."""
    return (marks.sum(axis=1) > 30).astype(int)


def both(classes):
    """Give a column for each class: (1, 0) for class 0, (0, 1) for class 1."""
    return np.stack([1 - classes, classes], axis=1).astype(np.float32)


def network():
    rng = np.random.default_rng(0)
    return nn.Sequential(nn.Linear(5, 10, rng=rng), nn.Sigmoid(), nn.Linear(10, 2, rng=rng), nn.Sigmoid())


def in_pytorch(model, epochs, lr):
    twin = model.to_torch()
    optimizer = torch.optim.SGD(twin.parameters(), lr=lr)
    for _ in range(epochs):
        optimizer.zero_grad()
        torch.nn.functional.binary_cross_entropy(
            twin(torch.tensor(X)), torch.tensor(both(good(X)))
        ).backward()
        optimizer.step()
    return twin(torch.tensor(NEW)).detach().numpy()


def main(folder):
    model = network()
    theirs = in_pytorch(model, epochs=2, lr=0.01)
    bp.fit(
        model,
        X,
        both(good(X)),
        loss=nn.BCELoss(),
        optimizer=optim.SGD(model.parameters(), lr=0.01),
        epochs=2,
        batch_size=None,
    )
    print(f"after 2 epochs:\n{model(NEW).round(4)}")
    np.testing.assert_allclose(model(NEW), theirs, atol=1e-6)  # float32

    model = network()
    history = bp.fit(
        model,
        X - MIDDLE,
        both(good(X)),
        loss=nn.BCELoss(),
        optimizer=optim.Adam(model.parameters(), lr=0.02),
        epochs=300,
        batch_size=None,
    )
    others = np.random.default_rng(1).integers(1, 10, (1000, 5)).astype(np.float32)
    right = (model(others - MIDDLE).argmax(axis=1) == good(others)).mean()
    predicted = model(NEW - MIDDLE).argmax(axis=1)
    print(f"after 300 epochs of Adam: {right:.0%} of a thousand others are told apart")
    print(f"predicted {predicted}, rightly {good(NEW)}")
    assert ((model(X - MIDDLE) > 0.5) == (both(good(X)) > 0.5)).all()
    assert right > 0.9
    history.plot("loss", path=folder / "grades-loss.png")
    history.plot("confusion", path=folder / "grades.png", X=others - MIDDLE, y=good(others))
    return history, predicted


if __name__ == "__main__":
    out = Path(sys.argv[1] if len(sys.argv) > 1 else "out")
    out.mkdir(parents=True, exist_ok=True)
    main(out)
