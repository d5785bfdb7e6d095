"""The notation of LaTeX: its signs, letters and functions."""

from __future__ import annotations

import re

__all__ = [
    "ACCENTS",
    "BOLD",
    "BRACKETS",
    "COMMANDS",
    "DERIVATIVE",
    "FONTS",
    "FRACTIONS",
    "FUNCTIONS",
    "GREEK",
    "INVERSE",
    "PATTERN",
    "SIGNS",
    "TRANSPOSE",
    "UPRIGHT",
    "WORD",
]

PATTERN = re.compile(
    r"(?P<space>[ \t\f\r\u00a0~&$]+|%[^\n]*|\\[,;:!> ]|\\(?:quad|qquad|displaystyle)(?![a-zA-Z])"
    r"|\\[()\[\]]|\\[bB]igg?[lr]?(?![a-zA-Z])|\\(?:left|right)(?![a-zA-Z])"
    r"|\\(?:begin|end)\{(?:equation|align|aligned|gather|gathered|split)\*?\})"
    r"|(?P<number>\d+\.?\d*|\.\d+)"
    r"|(?P<end>[;\n]|\\\\)"
    r"|(?P<command>\\[a-zA-Z]+|\\[{}|_])"
    r"|(?P<name>[^\W\d_])"
    r"|(?P<sign>[-+*/^_()\[\]{},=|.<>'·×÷−⊙])"
)
GREEK = re.findall(
    r"\w+",
    """alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi rho sigma
    tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega ell""",
)
FUNCTIONS = {
    **{name: name for name in ("exp", "log", "ln", "sin", "cos", "tan", "sinh", "cosh", "tanh")},
    **{f"arc{name}": f"a{name}" for name in ("sin", "cos", "tan")},
    "max": "maximum",
    "min": "minimum",
}
#: What \sin^{-1} means.
INVERSE = {"sin": "asin", "cos": "acos", "tan": "atan"}
SIGNS = {"\\cdot": "*", "\\times": "*", "\\ast": "*", "\\div": "/", "·": "*", "×": "*", "÷": "/"}
SIGNS |= {
    "\\odot": "⊙",
    "\\lvert": "|",
    "\\rvert": "|",
    "\\vert": "|",
    "−": "-",
    "\\lbrace": "\\{",
    "\\rbrace": "\\}",
    "\\{": "\\{",
    "\\}": "\\}",
}
SIGNS |= {"\\le": "<=", "\\leq": "<=", "\\ge": ">=", "\\geq": ">=", "\\lt": "<", "\\gt": ">"}
BRACKETS = {"(": ")", "[": "]", "\\{": "\\}"}
FRACTIONS = ("\\frac", "\\dfrac", "\\tfrac", "\\cfrac")
#: What only says how a letter looks.
FONTS = ("\\mathbf", "\\boldsymbol", "\\mathit", "\\bm")
#: What says that a letter is an array.
BOLD = ("\\mathbf", "\\boldsymbol", "\\bm", "\\vec")
ACCENTS = ("hat", "bar", "tilde", "vec", "dot")
#: What stands around the name of a function.
UPRIGHT = ("\\operatorname", "\\mathrm", "\\text", "\\textrm", "\\mathsf", "\\textsf")
COMMANDS = [
    *(f"\\{name}" for name in (*GREEK, *FUNCTIONS, *ACCENTS, "sqrt", "pi")),
    *(*SIGNS, *FRACTIONS, *FONTS, *UPRIGHT),
]
_D = r"(?:d|\\partial(?![a-zA-Z])|\\mathrm\{d\})"
#: A fraction of differentials, \frac{d}{dx} or \frac{\partial f}{\partial x}.
DERIVATIVE = re.compile(
    rf"\\[a-z]+\s*(?:\{{\s*{_D}(?!\s*_)(?:[^{{}}+=-]|\{{[^{{}}]*\}})*\}}|{_D})"
    rf"\s*\{{\s*{_D}\s*(?:[a-zA-Z]|\\(?!cdot|times)[a-zA-Z])"
)
#: An exponent that is none.
TRANSPOSE = re.compile(r"\^\s*(?:\{\s*(?:T|\\top|\\intercal)\s*\}|T(?!\s*_)|\\top|\\intercal)")
#: Letters that stand together, as many as spell more than a product of two; and two that do.
WORD = re.compile(r"(?<![^\W\d_])(?:[^\W\d_]{3,}|ln|pi)(?![^\W\d_])")
