"""A plane through five points: gradient descent arrives where least squares are.

Two features and an intercept leave two degrees of freedom, so the plane meets no point, and the best one is
that of the least squares. At (3, 2) it has the height 6.30025.
"""

import sys
from pathlib import Path

import numpy as np

import backproof as bp
from backproof import nn, optim

X = np.array([[3.0, 8.0], [4.0, 5.0], [5.0, 7.0], [6.0, 3.0], [2.0, 1.0]])
Y = np.array([-3.7, 3.5, 2.5, 11.5, 5.7])
ASKED = np.array([[3.0, 2.0]])


def main(folder):
    closed = np.linalg.lstsq(np.column_stack([X, np.ones(5)]), Y)[0]

    # The loop: features as they are, and steps that their sizes allow.
    plane = nn.Linear(2, 1, dtype=np.float64)
    optimizer = optim.SGD(plane.parameters(), lr=0.01, momentum=0.9)
    history = bp.fit(plane, X, Y, loss=nn.MSELoss(), optimizer=optimizer, epochs=2000, batch_size=None)
    trained = [*plane.weight[0], plane.bias[0]]

    # The estimator: it standardises inside, and stops by itself when it is there.
    estimator = bp.LinearRegression().fit(X, Y)

    print(f"closed form:      {closed.round(8)}, at (3, 2) {float(closed @ [3, 2, 1]):.8f}")
    print(f"fit:              {np.round(trained, 8)}, at (3, 2) {plane(ASKED).item():.8f}")
    print(f"LinearRegression: at (3, 2) {estimator.predict(ASKED)[0]:.8f}, {estimator.n_iter_} steps")
    np.testing.assert_allclose(trained, closed, atol=1e-7)
    np.testing.assert_allclose([*estimator.coef_, estimator.intercept_], closed, atol=1e-7)
    history.plot("loss", path=folder / "plane-loss.png")
    history.plot("regression", path=folder / "plane.png")
    return trained, plane(ASKED).item(), estimator


if __name__ == "__main__":
    out = Path(sys.argv[1] if len(sys.argv) > 1 else "out")
    out.mkdir(parents=True, exist_ok=True)
    main(out)
