from __future__ import annotations

from textwrap import dedent

import pytest

from backproof.checking.reading.remarks import Remark, find_remarks


def remarks(text: str) -> dict[str, Remark]:
    found, complaints = find_remarks([("a.py", dedent(text))])
    assert not complaints
    return found


@pytest.mark.parametrize(
    "text",
    [
        "# backproof: like=mse\nclass A:\n    x = 1",
        "# backproof: like=mse\n# a further comment\n@decorated\n# and one more\nclass A:\n    x = 1",
        "# above\n#backproof:like = mse\nclass A: pass",
        "class A:  # backproof: like=mse\n    x = 1",
        "class A:  # noqa: N801 # backproof: like=mse\n    x = 1",
        "class A:  # backproof: like=mse  # noqa: N801\n    x = 1",
        "class A:\n    # Backproof: like=mse\n    x = 1",
        'class A:\n    """What it is."""\n    # backproof: like=mse\n    x = 1',
        'class A:\n    """What it is."""  # backproof: like=mse',
        "def A(x,  # backproof: like=mse\n      y):\n    return x",
        "def A(x,\n      y):  # backproof: like=mse\n    return x",
        "def A(x): return x  # backproof: like=mse",
        "async def A(x):\n    # backproof: like=mse\n    return x",
        "class A:\n    x = 1\n    def backward(self, g):  # backproof: like=mse\n        return g",
        "try:\n    # backproof: like=mse\n    class A: pass\nexcept E: pass",
        "if x:\n    pass\nelse:\n    # backproof: like=mse\n    def A(): pass",
    ],
)
def test_a_remark_belongs_to_the_definition_at_whose_head_it_stands(text: str) -> None:
    assert remarks(text) == {"A": Remark(like="mse")}


def test_what_a_remark_says() -> None:
    long = "torch.nn.MSELoss(reduction='sum')"
    assert remarks(f"# backproof: like={long}\ndef f(): ...") == {"f": Remark(long)}
    both = Remark("none", ("reduction", "epsilon-bias"))
    assert remarks("# backproof: ignore=reduction, epsilon-bias like=none\ndef f(): ...") == {"f": both}
    assert remarks("# backproof: like=none; ignore=reduction,epsilon-bias\ndef f(): ...") == {"f": both}


def test_a_definition_may_be_left_out() -> None:
    assert remarks("# backproof: ignore\ndef f(): ...") == {"f": Remark(left_out=True)}


def test_a_remark_says_between_which_numbers_the_input_lies() -> None:
    for text in ("0.5,2", "(0.5, 2)", "[0.5, 2.0]"):
        assert remarks(f"# backproof: domain={text} like=mse\ndef f(): ...") == {
            "f": Remark("mse", (), (0.5, 2))
        }


def test_a_remark_says_the_shapes_of_the_arguments() -> None:
    said = Remark("mse", inputs=(("", (2, 3)), ("", (3,)), ("dim", -1)))
    assert remarks("# backproof: inputs=(2, 3), (3,), dim=-1; like=mse\ndef f(): ...") == {"f": said}


@pytest.mark.parametrize("text", ["3", "(2, 0)", "(2, n)", "(2, 3", "(2.0, 3)", "dim=1"])
def test_a_shape_is_whole_numbers(text: str) -> None:
    _, (complaint,) = find_remarks([("a.py", f"# backproof: inputs={text}\ndef f(): ...")])
    assert "expected inputs=SHAPE" in complaint


@pytest.mark.parametrize("text", ["1", "2,1", "0,inf", "0,1,2", "low,high"])
def test_a_domain_is_two_finite_numbers_in_order(text: str) -> None:
    _, (complaint,) = find_remarks([("a.py", f"# backproof: domain={text}\ndef f(): ...")])
    assert "domain=LOW,HIGH" in complaint or "two finite numbers" in complaint


def test_several_remarks_add_up() -> None:
    text = """
        # backproof: like=mse
        # backproof: ignore=reduction
        class A:  # backproof: ignore=not-finite
            x = 1

        class B:
            x = "# backproof: like=mse"
        # backproof: ignore=raises
        class C: pass
    """
    assert remarks(text) == {"A": Remark("mse", ("reduction", "not-finite")), "C": Remark(None, ("raises",))}


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("# backproof: like=mse\n\nx = 1", "a.py, line 1: '# backproof: like=mse' stands at no definition"),
        ("# backproof: like=mse\n\nclass A: pass", "stands at no definition"),
        ("class A:\n    x = 1\n    # backproof: like=mse\n    y = 2", "a.py, line 3: "),
        ("# backproof: lik=mse\nclass A: pass", "expected '# backproof: like=REFERENCE'"),
        ("# backproof: please like=mse\nclass A: pass", "got 'please like=mse'"),
        ("# backproof: like=\nclass A: pass", "expected something behind 'like='"),
        ("# backproof:\nclass A: pass", "got ''"),
        (
            "# backproof: like=sigmiod\nclass A: pass",
            "a.py, line 1: expected the name of a reference, got 'sigmiod'; did you mean Sigmoid?",
        ),
        (
            "# backproof: ignore=gradient-sgin\nclass A: pass",
            "got 'gradient-sgin'; did you mean gradient-sign",
        ),
    ],
)
def test_what_is_not_understood_is_told(text: str, fragment: str) -> None:
    found, (complaint,) = find_remarks([("a.py", text)])
    assert not found
    assert fragment in complaint
    assert "\n" not in complaint
