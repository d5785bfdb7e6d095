"""A line through 23 points: 100 epochs by hand-derived gradients, and the same 100 in PyTorch.

Both start at w = b = 1 and take steps of 0.001 times the gradient over all points. The error falls within a
few epochs to where the line lies along the points; what is left of the way is b, which hardly moves: far
from x = 0 a line can be turned a little and shifted a little, and fit as well.
"""

import sys
from pathlib import Path

import numpy as np
import torch

import backproof as bp
from backproof import nn, optim

POINTS = np.array(
    [
        *[(12.4, 11.2), (14.3, 12.5), (14.5, 12.7), (14.9, 13.1), (16.1, 14.1), (16.9, 14.8)],
        *[(16.5, 14.4), (15.4, 13.4), (17.0, 14.9), (17.9, 15.6), (18.8, 16.4), (20.3, 17.7)],
        *[(22.4, 19.6), (19.4, 16.9), (15.5, 14.0), (16.7, 14.6), (17.3, 15.1), (18.4, 16.1)],
        *[(19.2, 16.8), (17.4, 15.2), (19.5, 17.0), (19.7, 17.2), (21.2, 18.6)],
    ]
)
X, Y = POINTS[:, :1], POINTS[:, 1]
EPOCHS, LR = 100, 0.001


def start():
    line = nn.Linear(1, 1, dtype=np.float64)
    line.weight[...], line.bias[...] = 1, 1
    return line


def ours():
    line = start()
    history = bp.fit(
        line,
        X,
        Y,
        loss=nn.MSELoss(),
        optimizer=optim.SGD(line.parameters(), lr=LR),
        epochs=EPOCHS,
        batch_size=None,
    )
    return line, history


def pytorch():
    line = torch.nn.Linear(1, 1, dtype=torch.float64)
    torch.nn.init.ones_(line.weight)
    torch.nn.init.ones_(line.bias)
    optimizer, losses = torch.optim.SGD(line.parameters(), lr=LR), []
    for _ in range(EPOCHS):
        loss = torch.nn.functional.mse_loss(line(torch.tensor(X))[:, 0], torch.tensor(Y))
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return line, losses


def main(folder):
    line, history = ours()
    twin, losses = pytorch()
    w, b = line.weight.item(), line.bias.item()
    left = nn.MSELoss()(line(X)[:, 0], Y).item()
    print(f"after {EPOCHS} epochs: w = {w:.11f}, b = {b:.11f}, loss {left:.10f}")
    print(f"PyTorch:          w = {twin.weight.item():.11f}, b = {twin.bias.item():.11f}")
    # The same numbers at each step, but for the last places, which sums in another order leave.
    np.testing.assert_allclose(history["loss"], losses, rtol=1e-12)
    np.testing.assert_allclose([w, b], [twin.weight.item(), twin.bias.item()], rtol=1e-12)
    # In one call: every step in both, loss and parameters, side by side.
    compared = bp.compare(start(), X, Y, loss="mse", optimizer="sgd", lr=LR, epochs=EPOCHS, batch_size=None)
    assert compared
    compared.plot(path=folder / "line-compared.png")
    history.plot("loss", path=folder / "line-loss.png")
    history.plot("regression", path=folder / "line.png")
    return w, b, left


if __name__ == "__main__":
    out = Path(sys.argv[1] if len(sys.argv) > 1 else "out")
    out.mkdir(parents=True, exist_ok=True)
    main(out)
