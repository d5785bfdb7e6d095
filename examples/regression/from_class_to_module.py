"""One regression six times: from a class that holds w and b to a module with data, loader and optimizer.

A line w x + b is fitted to five points: it starts at w = b = 1, and makes 100 steps of 0.001 times the
gradient of the mean squared error. Each version leaves a little more to the library, and each gives the
same numbers, which is asserted: what a library does for you is no other thing than what you would write.
"""

import sys
from pathlib import Path

import numpy as np

import backproof as bp
from backproof import data, nn, optim

X = [5.0, 7.0, 12.0, 16.0, 20.0]
Y = [40.0, 120.0, 180.0, 210.0, 240.0]
EPOCHS, LR = 100, 0.001


# 1. A class with two numbers. Everything is written out, one point after the other.


class Line:
    """Holds w and b, and what the gradient for each has added up to."""

    def __init__(self):
        self.w, self.b = 1.0, 1.0
        self.reset_grad()

    def forward(self, x):
        return self.w * x + self.b

    def criterion(self, predicted, y):
        """Give the squared error, and its derivative for what was predicted."""
        return (predicted - y) ** 2, 2 * (predicted - y)

    def backward(self, grad_output, x):
        """Add to the gradients: ∂(w x + b)/∂w = x, ∂(w x + b)/∂b = 1."""
        self.grad_w += grad_output * x
        self.grad_b += grad_output

    def update(self, lr):
        self.w -= lr * self.grad_w
        self.b -= lr * self.grad_b

    def reset_grad(self):
        self.grad_w = self.grad_b = 0.0


def with_a_class():
    line, losses = Line(), []
    for _ in range(EPOCHS):
        total = 0.0
        for x, y in zip(X, Y):
            loss, gradient = line.criterion(line.forward(x), y)
            line.backward(gradient / len(X), x)  # of the mean each point has its share
            total += loss / len(X)
        line.update(LR)
        line.reset_grad()
        losses.append(total)
    return line.w, line.b, losses


# 2. All points at once, in arrays, and the criterion from the library. The class no longer differentiates it.


class ArrayLine(Line):
    def backward(self, grad_output, x):
        self.grad_w += (grad_output * x).sum()
        self.grad_b += grad_output.sum()


def with_arrays():
    line, losses, criterion = ArrayLine(), [], nn.MSELoss()
    x, y = np.array(X), np.array(Y)
    for _ in range(EPOCHS):
        losses.append(criterion(line.forward(x), y))
        line.backward(criterion.backward(), x)
        line.update(LR)
        line.reset_grad()
    return line.w, line.b, losses


# 3. A module: w and b are parameters, which know their gradients. It has an `update` and a `reset_grad`.


class ModuleLine(nn.Module):
    def __init__(self):
        self.w, self.b = nn.Parameter([1.0]), nn.Parameter([1.0])

    def forward(self, input):
        self.input = input
        return self.w * input + self.b

    def backward(self, grad_output):
        self.add_grad("w", [(grad_output * self.input).sum()])
        self.add_grad("b", [grad_output.sum()])
        return grad_output * self.w


def with_a_module():
    line, losses, criterion = ModuleLine(), [], nn.MSELoss()
    x, y = np.array(X), np.array(Y)
    for _ in range(EPOCHS):
        losses.append(criterion(line(x), y))
        line.backward(criterion.backward())
        line.update_parameters(LR)  # which lets the gradients go, too
    return line.w.item(), line.b.item(), losses


# 4. A layer that is there, and an optimizer: the loop in four lines. From here on another model, another loss
#    or another optimizer is another line, and no other program.


def layer():
    made = nn.Linear(1, 1, dtype=np.float64)
    made.weight[...], made.bias[...] = 1, 1
    return made


def with_an_optimizer():
    line, losses, criterion = layer(), [], nn.MSELoss()
    optimizer = optim.SGD(line.parameters(), lr=LR)
    x, y = np.array(X)[:, None], np.array(Y)[:, None]  # a sample a row
    for _ in range(EPOCHS):
        losses.append(criterion(line(x), y))
        line.accumulate(criterion.backward())
        optimizer.step()
        optimizer.zero_grad()
    return line.weight.item(), line.bias.item(), losses


# 5. A dataset, which says what a sample is, and a loader, which makes batches of them: for data that does not
#    fit into an array, or into memory.


class Points(data.Dataset):
    def __len__(self):
        return len(X)

    def __getitem__(self, index):
        return np.array([X[index]]), np.array([Y[index]])


def with_a_loader():
    line, losses, criterion = layer(), [], nn.MSELoss()
    optimizer = optim.SGD(line.parameters(), lr=LR)
    loader = data.DataLoader(Points(), batch_size=len(X))
    for _ in range(EPOCHS):
        for x, y in loader:
            losses.append(criterion(line(x), y))
            line.accumulate(criterion.backward())
            optimizer.step()
            optimizer.zero_grad()
    return line.weight.item(), line.bias.item(), losses


# 6. The loop as well. What it had to say is in the history, which draws itself.


def with_fit():
    line = layer()
    loader = data.DataLoader(Points(), batch_size=len(X))
    optimizer = optim.SGD(line.parameters(), lr=LR)
    history = bp.fit(line, loader, loss=nn.MSELoss(), optimizer=optimizer, epochs=EPOCHS)
    return line, history


VERSIONS = (with_a_class, with_arrays, with_a_module, with_an_optimizer, with_a_loader)


def main(folder):
    line, history = with_fit()
    w, b, losses = line.weight.item(), line.bias.item(), history["loss"]
    for version in VERSIONS:
        other = version()
        print(f"{version.__name__.replace('_', ' '):18} w = {other[0]:.12f}, b = {other[1]:.12f}")
        # The sums are the same ones, added up in another order: the last places may differ.
        np.testing.assert_allclose(other[:2], [w, b], rtol=1e-13)
        np.testing.assert_allclose(other[2], losses, rtol=1e-13)
    print(f"{'with fit':18} w = {w:.12f}, b = {b:.12f}")
    history.plot("loss", path=folder / "class_to_module-loss.png")
    history.plot(
        "regression", path=folder / "class_to_module.png", model=line, X=np.array(X)[:, None], y=np.array(Y)
    )
    return w, b, losses


if __name__ == "__main__":
    out = Path(sys.argv[1] if len(sys.argv) > 1 else "out")
    out.mkdir(parents=True, exist_ok=True)
    main(out)
