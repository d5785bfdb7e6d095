"""LaTeX: the usual notation means what a reader takes it for, and what has two meanings is refused."""

from __future__ import annotations

import math

import pytest

from backproof.graphs.graph import graph
from backproof.graphs.inputs.tokens import ExpressionError
from backproof.graphs.reading import read

#: LaTeX, the same for Python, and the inputs.
MEANINGS: dict[str, tuple[str, dict[str, float]]] = {
    r"\frac{1}{1+e^{-x}}": ("1/(1 + exp(-x))", {"x": 0.3}),
    r"\sigma(x)": ("1/(1 + exp(-x))", {"x": 0.3}),
    r"\sigma\left[x\right] + \sigma": ("1/(1 + exp(-x)) + sigma", {"x": 0.3, "sigma": 2}),
    r"\tanh\left(\ln\left[1 + z\frac{2x}{\sin(y)}\right]\right)": (
        "tanh(log(1 + z*2*x/sin(y)))",
        {"x": 1, "y": 2, "z": 3},
    ),
    r"\frac{e^x - e^{-x}}{e^x + e^{-x}}": ("tanh(x)", {"x": 0.3}),
    "$x^2$": ("x**2", {"x": 0.3}),
    r"-x^{2}y": ("-(x**2)*y", {"x": 0.3, "y": 2}),
    r"2x \cdot y \times z": ("2*x*y*z", {"x": 2, "y": 3, "z": 5}),
    r"x \div y / z": ("x/y/z", {"x": 2, "y": 3, "z": 5}),
    r"\sqrt{x}\sqrt[3]{x}": ("x**(1/2)*x**(1/3)", {"x": 0.3}),
    r"w_1x_1 + w_{12}\alpha_i": ("w_1*x_1 + w_12*alpha_i", {"w_1": 1, "x_1": 2, "w_12": 3, "alpha_i": 4}),
    r"\mathbf{w}_1 + \hat{y} + \bar x": ("w_1 + y_hat + x_bar", {"w_1": 1, "y_hat": 2, "x_bar": 3}),
    r"x_{i,j}^2x_{ij}": ("x_i_j**2*x_ij", {"x_i_j": 3, "x_ij": 5}),
    r"w_{1,12} - w_{11,2}": ("w_1_12 - w_11_2", {"w_1_12": 3, "w_11_2": 5}),
    r"m_t = \beta_1 m_{t-1} + (1-\beta_1) g_t": (
        "beta_1*m_t_minus_1 + (1 - beta_1)*g_t",
        {"beta_1": 0.9, "m_t_minus_1": 3, "g_t": 5},
    ),
    r"x_{\text{max}} + x_\mathrm{in} + x_\alpha + x_{\alpha i}": (
        "x_max + x_in + x_alpha + x_alpha_i",
        {"x_max": 1, "x_in": 2, "x_alpha": 3, "x_alpha_i": 5},
    ),
    r"\mathcal{L} = x \mathrm{e}^{-x}, \quad y = \mathcal{L}^2": ("(x*exp(-x))**2", {"x": 0.3}),
    r"\widehat{x} + \overline y + \widetilde{z}": (
        "x_hat + y_bar + z_tilde",
        {"x_hat": 1, "y_bar": 2, "z_tilde": 4},
    ),
    r"|x-y|^2 \operatorname*{max}(x, y)": ("3*(x - y)**2", {"x": 1, "y": 3}),
    r"2^{(3)}e^{(x)}": ("8*exp(x)", {"x": 1}),
    "$|x||y - 3|$": ("abs(x)*abs(y - 3)", {"x": -2, "y": 1}),
    r"\left|x - \left|y\right|\right|": ("abs(x - abs(y))", {"x": 1, "y": -3}),
    r"|(|x| - 3)|\pi": ("abs(abs(x) - 3)*pi", {"x": 1}),
    r"\sin x \cos y": ("sin(x)*cos(y)", {"x": 1, "y": 2}),
    r"\sin 2x \cdot y + 1": ("sin(2*x)*y + 1", {"x": 1, "y": 2}),
    r"\cos 2\pi x^2": ("cos(2*pi*x**2)", {"x": 0.3}),
    r"\sin(x) (y) / 2": ("sin(x)*y/2", {"x": 1, "y": 2}),
    r"|\sin x| + |\cos x|": ("abs(sin(x)) + abs(cos(x))", {"x": 4}),
    r"x^2\frac12 \frac34 \sqrt2\frac12": ("x**2*3/16*2**(1/2)", {"x": 3}),
    r"2\frac{1}{x} + 2\frac x2": ("2/x + x", {"x": 3}),
    r"a\mathbf{w} + \mathbf{w}\odot\mathbf{x}": ("a*w + w*x", {"a": 2, "w": 3, "x": 5}),
    r"\sin^2\mathbf{x} + \sqrt[3]{\mathbf{x}}": ("sin(x)**2 + x**(1/3)", {"x": 5}),
    "$abc$": ("a*b*c", {"a": 2, "b": 3, "c": 5}),
    r"\sin\frac x2": ("sin(x/2)", {"x": 1}),
    r"\ln x^2": ("log(x**2)", {"x": 3}),
    r"\sin^2 x + \cos^{2}(x)": ("x/x", {"x": 0.3}),
    r"\sin^{-1}(x) + \arctan x": ("asin(x) + atan(x)", {"x": 0.3}),
    r"\sin(x)^2": ("sin(x)**2", {"x": 2}),
    r"\log_2 x + \log_{10}(y)": ("log(x)/log(2) + log(y)/log(10)", {"x": 8, "y": 100}),
    r"\exp(-\frac12 x^2)": ("exp(-x**2/2)", {"x": 0.3}),
    r"\frac12x": ("x/2", {"x": 3}),
    r"\max(x, y) - \min\{x, y\}": ("abs(x - y)", {"x": 3, "y": 5}),
    r"\operatorname{leaky\_relu}(-x) + \mathrm{ReLU}(x)": ("0.99*x", {"x": 2}),
    r"\{x + [y + 1]\}^2": ("(x + y + 1)**2", {"x": 1, "y": 2}),
    r"\bigl(x\bigr)\,\Bigl[y\Bigr] ~ \quad": ("x*y", {"x": 3, "y": 5}),
    "e{x}": ("e*x", {"e": 3, "x": 5}),
    r"e = 2x; e^{2}": ("4*x**2", {"x": 3}),
    r"e^{e^x}": ("exp(exp(x))", {"x": 0.3}),
    r"f(x) = x^2 \\ y f(x)": ("x**2*y", {"x": 3, "y": 5}),
    r"\sigma(x) = \frac{1}{1 + e^{-x}}": ("1/(1 + exp(-x))", {"x": 0.3}),
    r"\begin{aligned} a &= 2x \\ b &= \sin(y) \\ f &= \frac{a}{b} \end{aligned}": (
        "2*x/sin(y)",
        {"x": 0.3, "y": 2},
    ),
    "$x(y + 1)$": ("x*(y + 1)", {"x": 3, "y": 5}),
    r"\[ x^2 + \(y\) \]": ("x**2 + y", {"x": 3, "y": 5}),
    "$w^{(T)} + 2^T$": ("w**T + 2**T", {"w": 3, "T": 2}),
    "$T w^T + e^T$": ("T*w**T + exp(T)", {"w": 3, "T": 2}),
    "$w^{T_1} + w^{Tx}$": ("w**T_1 + w**(T*x)", {"w": 3, "T": 2, "T_1": 3, "x": 2}),
    r"\frac{d}{d} + \frac{d_1}{d_2} + \frac{d + 1}{dx} + \frac{d}{d \cdot x}": (
        "1 + d_1/d_2 + (d + 1)/(d*x) + 1/x",
        {"d": 2, "x": 3, "d_1": 5, "d_2": 7},
    ),
    r"x·y − {z}  % a product": ("x*y - z", {"x": 2, "y": 3, "z": 5}),
}
PYTHON = {name: getattr(math, name) for name in ("exp", "log", "sin", "cos", "tanh", "asin", "atan", "pi")}


@pytest.mark.parametrize("text", MEANINGS)
def test_it_means_what_it_says(text: str) -> None:
    meaning, inputs = MEANINGS[text]
    expected = eval(meaning, {"abs": abs, **PYTHON}, inputs)  # noqa: S307 - of the table above
    assert graph(text, **inputs).value == pytest.approx(expected, rel=1e-12)


#: What is not understood, what is said, and the column that is pointed at.
ERRORS = {
    "{x}^10": ("LaTeX takes 1 alone as an exponent: write {10}", 4),
    r"x_12\cdot y": ("LaTeX takes 1 alone as an index: write {12}", 2),
    r"\frac{1}{2": ("expected '}' to close the '{'", 10),
    r"\frac{x}": ("expected the part below in braces, got the end", 8),
    r"a/bc\cdot x": ("what is divided by here", 3),
    r"\foo x": (r"\foo is not known here", 0),
    r"\sinn x": (r"did you mean \sin", 0),
    r"\sum_{i} x": (r"\sum is not known", 0),
    r"f(x)\cdot 2": ("no function is called f", 0),
    r"f(x) = {x}; f(2)": ("named f(x)", 12),
    r"f'(x)\cdot 2": ("a derivative is what a graph gives", 1),
    "{x}^2^3": ("two exponents", 5),
    "e^{x}^2": ("two exponents", 5),
    r"\sin x y": ("where does the argument end", 7),
    r"\sin 2xy": ("where does the argument end", 7),
    r"\sin 2(x + 1)": ("where does the argument end", 6),
    r"\sin 2x (y)": ("where does the argument end", 8),
    r"\sin x |y|": ("where does the argument end", 7),
    r"\sin 2\cos x": ("where does the argument end", 6),
    r"\sin x \frac12": ("where does the argument end", 7),
    r"\sin^2 x/2": ("where does the argument end", 8),
    r"\operatorname{relu} x \div 2": ("where does the argument end", 22),
    r"2\frac12 \cdot x": ("a sum or a product", 1),
    r"x \cdot -2\frac{1}{2}": ("a sum or a product", 10),
    r"\sin 2\frac12": ("a sum or a product", 6),
    r"\mathbf{w}\cdot\mathbf{x}": ("a product of vectors", 10),
    r"\mathbf{W}\mathbf{x}": ("a product of vectors", 10),
    r"2\vec{w} \times (\bm{x} + 1)": ("a product of vectors", 9),
    r"\mathbf{x}^2": ("of a vector", 10),
    r"|\mathbf{x}|": ("of a vector", 0),
    "$exp(-x)$": (r"write \exp,", 1),
    "$2log x$": (r"write \log,", 2),
    "$2 + tanh x$": (r"write \tanh,", 5),
    "$relu(x)$": (r"write \operatorname{relu},", 1),
    "$2pi x$": (r"write \pi,", 2),
    r"\sin^2 x^3 ^4": ("two exponents", 11),
    r"\log^{-1} x": ("write 1/log", 5),
    r"\left(x\right]": ("expected ')' to close the '('", 13),
    r"\sin": ("got the end", 4),
    r"\sin(x, y)": ("expected ')'", 6),
    r"\max(x)": ("got no other", 0),
    r"\operatorname{foo}(x)": ("no function is called foo", 14),
    r"2 3 \cdot x": ("between two numbers", 2),
    "{x}}": ("got '}'", 3),
    "$|x": ("to close the '|'", 3),
    r"x^\top": ("a transpose is written", 2),
    r"x w^T y \cdot 2": ("a transpose is written", 4),
    r"w^{ T }x": ("a transpose is written", 2),
    r"\frac{d}{dx} x^2": ("a derivative is what a graph gives", 0),
    r"x \frac d{dx} x": ("derive(f,", 2),
    r"\frac{d^2 y_{1}}{d x^2}": ("a derivative", 0),
    r"\dfrac{\partial f}{\partial \alpha}": ("a derivative", 0),
    r"\frac{\mathrm{d} y}{\mathrm{d} x}": ("a derivative", 0),
    r"\partial x": ("a derivative", 0),
    r"f(x) = f(x) + {1}": ("give this step another name", 0),
    r"9^{9^9}x": ("an exponent is at most 1000", 2),
    r"x_{\foo}": ("an index is of letters", 3),
    r"x_{}": ("an index is missing", 2),
    r"w^{(2)} \cdot x": ("the index of a layer is w_2", 1),
    r"W^{[l]}x": ("the index of a layer is w_2", 1),
    r"W^{\mathrm{T}}x": ("a transpose is written", 2),
    r"$2alpha x$": (r"write \alpha,", 2),
    "{x}\0": ("means nothing", 3),
    "\\": ("means nothing", 0),
}


@pytest.mark.parametrize("text", ERRORS)
def test_an_error_points_into_the_latex(text: str) -> None:
    said, column = ERRORS[text]
    with pytest.raises(ExpressionError) as caught:
        read(text)
    assert said in str(caught.value)
    assert caught.value.column == column


def test_a_product_without_a_sign_is_one_in_latex_alone() -> None:
    with pytest.raises(ExpressionError, match="a product is written with"):
        read("2x")
    assert graph("$2x$", x=3.0).value == 6.0
