"""Two epochs of gradient descent on two points: what a pencil gives, and what `fit` gives.

The line w x + b starts at w = b = 1, the points are (2, 20) and (4, 40), and a step is 0.001 times the
gradient of the mean squared error:

    ∂L/∂w = 2/n Σ (w x + b − y) x        ∂L/∂b = 2/n Σ (w x + b − y)

In the first epoch the errors are 3 − 20 = −17 and 5 − 40 = −35, so ∂L/∂w = −17·2 − 35·4 = −174 and ∂L/∂b =
−17 − 35 = −52, which moves w to 1.174 and b to 1.052. The second starts from there.
"""

import sys
from pathlib import Path

import numpy as np

import backproof as bp
from backproof import nn, optim
from backproof.training.callbacks import Callback

X = np.array([[2.0], [4.0]])
Y = np.array([20.0, 40.0])
#: Of each epoch: the gradients, and the parameters that come of them.
BY_HAND = [
    {"grad_w": -174.0, "grad_b": -52.0, "w": 1.174, "b": 1.052},
    {"grad_w": -170.208, "grad_b": -50.852, "w": 1.344208, "b": 1.102852},
]


class Ledger(Callback):
    """Writes down the gradients and the parameters after each step."""

    def __init__(self):
        self.rows = []

    def on_step(self, training, loss):
        gradients, parameters = training.engine.gradients(), training.engine.parameters()
        self.rows.append(
            {
                "grad_w": float(gradients["weight"].item()),
                "grad_b": float(gradients["bias"].item()),
                "w": float(parameters["weight"].item()),
                "b": float(parameters["bias"].item()),
            }
        )


def main(folder):
    line = nn.Linear(1, 1, dtype=np.float64)
    line.weight[...], line.bias[...] = 1, 1
    ledger = Ledger()
    history = bp.fit(
        line,
        X,
        Y,
        loss=nn.MSELoss(),
        optimizer=optim.SGD(line.parameters(), lr=0.001),
        epochs=2,
        batch_size=None,
        callbacks=[ledger],
    )
    for epoch, (worked, trained) in enumerate(zip(BY_HAND, ledger.rows), start=1):
        print(f"epoch {epoch}: " + ", ".join(f"{name} = {value:.10g}" for name, value in trained.items()))
        for name in worked:
            assert abs(trained[name] - worked[name]) < 0.5e-10, (epoch, name)
    history.plot("regression", path=folder / "by_hand.png")
    return ledger.rows


if __name__ == "__main__":
    out = Path(sys.argv[1] if len(sys.argv) > 1 else "out")
    out.mkdir(parents=True, exist_ok=True)
    main(out)
