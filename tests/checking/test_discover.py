"""What is found among a user's definitions, what it is taken for, and where it stands."""

from __future__ import annotations

import ast
import sys
import types
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

from backproof.checking.discover import Found, discover
from backproof.checking.reading.source import Source, read
from tests.checking.adapt.asking import ask, assert_right, found_in
from tests.checking.adapt.scripts import EVERYTHING, LEFT_ALONE
from tests.checking.files import notebook, script

SEEDS = Path(__file__).resolve().parents[3] / "shared" / "seeds"


def _run(source: Source) -> types.ModuleType:
    """Run a file's statements, those that fail and the main block left out."""
    module = types.ModuleType("user_notebook")
    sys.modules[module.__name__] = module
    for unit in source.units:
        for statement in unit.tree.body:
            if isinstance(statement, ast.If) and "__main__" in ast.unparse(statement.test):
                continue
            try:
                exec(compile(ast.Module([statement], []), unit.filename, "exec"), module.__dict__)  # noqa: S102
            except Exception:  # noqa: S112  # a cell of a course that fails is passed over, as the checker does
                continue
    return module


def _discover(path: Path) -> list[Found]:
    source = read(path)
    return discover(_run(source), source.units)


def _told(found: list[Found]) -> list[tuple[str, str, str]]:
    return [(f.description.name, f.description.kind, f.description.style) for f in found]


FOUND = [
    ("MSELoss", "loss", "torch-module"),
    ("HuberLoss", "loss", "torch-module"),
    ("Swish", "activation", "torch-module"),
    ("Relu", "activation", "torch-module-manual-backward"),
    ("Scale", "layer", "torch-module"),
    ("Net", "model", "torch-module"),
    ("Block", "model", "torch-module"),
    ("Square", "function", "torch-autograd-function"),
    ("Linear", "layer", "numpy-class"),
    ("Model", "model", "numpy-class"),
    ("softmax", "activation", "function-pair"),
    ("f", "function", "function-pair"),
    ("AdamOptimizer", "optimizer", "torch-optimizer"),
    ("RMSPropOptimizer", "optimizer", "torch-optimizer"),
    ("Momentum", "optimizer", "numpy-optimizer"),
]


def test_candidates_are_found_in_their_order_by_what_they_are(tmp_path: Path) -> None:
    found = _discover(script(tmp_path, EVERYTHING))
    assert _told(found) == FOUND
    assert all(f.candidate is not None and f.candidate.description is f.description for f in found)


def test_what_is_said_of_a_candidate_without_calling_it(tmp_path: Path) -> None:
    found = {f.description.name: f.description for f in _discover(script(tmp_path, EVERYTHING))}
    text = dedent(EVERYTHING).splitlines()

    def line(start: str, after: int = 0) -> int:
        return next(n for n, t in enumerate(text, 1) if n > after and t.strip().startswith(start))

    relu = found["Relu"]
    assert relu.arguments == ("x",)
    assert relu.sources == ("autograd", "backward")
    start = line("class Relu")
    assert relu.lines == {"definition": start, "forward": start + 1, "backward": start + 3}
    assert (relu.file, relu.cell) == (str(tmp_path / "script.py"), None)
    assert found["HuberLoss"].promised == ("reduction",)
    assert found["HuberLoss"].arguments == ("input", "target")
    assert found["Linear"].lines["backward"] == line("def grad(", line("class Linear"))
    assert found["softmax"].lines == {
        "definition": line("def softmax("),
        "forward": line("def softmax("),
        "backward": line("def softmax_backward"),
    }
    start = line("class AdamOptimizer")
    assert found["AdamOptimizer"].lines == {
        "definition": start,
        "step": line("def step", start),
        "zero_grad": line("def zero_grad", start),
    }


def test_what_is_no_candidate_is_left_alone(tmp_path: Path) -> None:
    assert _told(_discover(script(tmp_path, LEFT_ALONE))) == []


SKIPPED = {
    "no backward": (
        """
        class Sigmoid:
            def __call__(self, x):
                return 1 / (1 + np.exp(-x))
        """,
        ("Sigmoid", "activation", "numpy-class"),
        "it has no backward or grad method",
    ),
    "a backward alone": (
        """
        def relu_grad(x):
            return (x > 0) * 1.0
        """,
        ("relu_grad", "activation", "function-pair"),
        "there is no forward function beside it, such as relu or relu_forward",
    ),
}


@pytest.mark.parametrize(("text", "told", "reason"), SKIPPED.values(), ids=SKIPPED)
def test_what_could_be_one_is_listed_with_the_reason(
    text: str, told: tuple[str, str, str], reason: str
) -> None:
    found = found_in(text)
    assert _told(found) == [told]
    assert found[0].candidate is None
    assert found[0].reason == reason


def test_lines_and_cells_of_a_notebook(tmp_path: Path) -> None:
    path = notebook(
        tmp_path,
        "import numpy as np",
        {"cell_type": "markdown", "metadata": {}, "source": "# words"},
        """
        # a comment first
        class Tanh:

            def forward(self, x):
                self.y = np.tanh(x)
                return self.y

            @property
            def name(self): return "tanh"

            def backward(self, g):
                return g * (1 - self.y ** 2)
        """,
        "def relu(x): return np.maximum(x, 0)\n\ndef relu_prime(x):\n    return (x > 0) * 1.0",
        "def sigmoid(x): return 1 / (1 + np.exp(-x))",
        "def sigmoid_prime(x): return sigmoid(x) * (1 - sigmoid(x))",
    )
    tanh, relu, sigmoid = _discover(path)
    assert tanh.description.cell == 2
    assert tanh.description.lines == {"definition": 3, "forward": 5, "backward": 12}
    assert relu.description.cell == 3
    assert relu.description.lines == {"definition": 1, "forward": 1, "backward": 3}
    assert sigmoid.description.cell == 4
    assert sigmoid.description.lines == {"definition": 1, "forward": 1}  # the backward is in another cell


def test_of_two_definitions_of_a_name_the_last_one_counts(tmp_path: Path) -> None:
    one = "class Tanh:\n    def forward(self, x): return x\n    def backward(self, g): return {}\n"
    path = notebook(tmp_path, "import numpy as np", one.format("g"), "x = 1", "\n" + one.format("2 * g"))
    (found,) = _discover(path)
    assert (found.description.cell, found.description.lines["definition"]) == (3, 2)
    assert found.description.lines["earlier"] == 1
    assert found.candidate is not None
    gradient = ask(found.candidate, "Tanh").answer.gradients["backward"]["input"]
    assert gradient is not None
    np.testing.assert_allclose(gradient, 2 * ask(found.candidate, "Tanh").case.grad_output)  # type: ignore[operator]


def test_objects_whose_own_code_fails_when_asked_are_in_nobody_s_way() -> None:
    found = found_in(
        """
        class Silent:
            def __getattribute__(self, name):
                raise RuntimeError(name)

        silent = Silent()

        class Square:
            def __getattr__(self, name):
                raise RuntimeError(name)

            @property
            def gradient(self):
                raise ValueError("call backward first")

            def forward(self, x):
                self.x = x
                return x * x + 0 * np.random.rand()

            def backward(self, g):
                return 2 * self.x * g
        """
    )
    (candidate,) = (one.candidate for one in found)
    assert candidate is not None
    assert ask(candidate, "Tanh").answer.raised is None


def test_a_loss_that_gives_its_gradient_is_known_by_the_name_of_a_loss() -> None:
    found = found_in(
        """
        def hinge_embedding(x, y, margin=1.0):
            return np.where(y == 1, x, np.maximum(0, margin - x)).mean(), np.zeros_like(x)

        def accuracy(y_pred, y_true):
            return (y_pred == y_true).mean(), len(y_true)
        """
    )
    assert _told(found) == [("hinge_embedding", "loss", "function-pair")]


def test_a_definition_that_failed_does_not_stand_for_the_one_before(tmp_path: Path) -> None:
    body = "    def forward(self, x): return x\n    def backward(self, g): return g\n"
    path = notebook(tmp_path, "class Tanh:\n" + body, "\n\nclass Tanh(Missing):\n" + body)
    (found,) = _discover(path)
    assert (found.description.cell, found.description.lines["definition"]) == (0, 1)


def test_definitions_inside_blocks_are_found(tmp_path: Path) -> None:
    path = script(
        tmp_path,
        """
        try:
            import numpy as np
        except ImportError:
            np = None
        if np is not None:
            class Tanh:
                def forward(self, x):
                    self.y = np.tanh(x)
                    return self.y
                def backward(self, g):
                    return g * (1 - self.y ** 2)
        """,
    )
    (found,) = _discover(path)
    assert found.description.lines == {"definition": 7, "forward": 8, "backward": 11}


def test_a_line_inherited_from_another_cell_is_not_given(tmp_path: Path) -> None:
    path = notebook(
        tmp_path,
        "class Layer:\n    def __call__(self, x): return self.forward(x)\n"
        "    def backward(self, g): return g\n",
        "class Tanh(Layer):\n    def forward(self, x): return x\n",
    )
    (found,) = [f for f in _discover(path) if f.description.name == "Tanh"]
    assert found.description.lines == {"definition": 1, "forward": 2}


def test_an_exception_is_told_with_the_line_in_its_cell(tmp_path: Path) -> None:
    path = notebook(
        tmp_path,
        "import numpy as np\n\n\ndef helper(x):\n    return x.nothing",
        "class Tanh:\n    def forward(self, x):\n        return helper(x)\n"
        "    def backward(self, g): return g",
    )
    (found,) = _discover(path)
    assert found.candidate is not None
    raised = ask(found.candidate, "Tanh").answer.raised
    assert raised is not None
    assert (raised.type, raised.line) == ("AttributeError", 3)


def test_forwards_that_are_imported_go_with_backwards_that_are_not() -> None:
    found = found_in("from numpy import tanh\ndef tanh_derivative(x): return 1 - tanh(x) ** 2")
    assert _told(found) == [("tanh", "activation", "function-pair")]
    assert found[0].candidate is not None
    assert_right(ask(found[0].candidate, "Tanh"), "backward")


# --- Course notebooks ----------------------------------------------------------------------------

COURSE = [
    ("L1Loss", "loss", "torch-module"),
    ("L2Loss", "loss", "torch-module"),
    ("BCELoss", "loss", "torch-module"),
    ("CELoss", "loss", "torch-module"),
    ("ReLU", "activation", "torch-module-manual-backward"),
    ("Sigmoid", "activation", "torch-module-manual-backward"),
    ("Tanh", "activation", "torch-module-manual-backward"),
    ("Softmax", "activation", "torch-module"),
    ("GradientDescentOptimizer", "optimizer", "torch-optimizer"),
    ("SGDOptimizer", "optimizer", "torch-optimizer"),
    ("MomentumOptimizer", "optimizer", "torch-optimizer"),
    ("AdamOptimizer", "optimizer", "torch-optimizer"),
]


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the course notebooks do not lie beside the checkout")
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("000_losses_activations_optimizers.ipynb", COURSE),
        ("001_autograd_exercises.ipynb", []),
        ("003_backprop_toy_library.ipynb", [("Net", "model", "torch-module")]),
    ],
)
def test_real_course_notebooks(name: str, told: list[tuple[str, str, str]]) -> None:
    found = _discover(SEEDS / name)
    assert _told(found) == told
    cells = [f.description.cell for f in found]
    assert cells == sorted(cells, key=lambda cell: cell or 0)
    assert None not in cells
