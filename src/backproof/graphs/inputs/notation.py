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
    "LAYER",
    "LETTERED",
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
    r"|(?P<end>[;\n]|\\\\|,(?:[ \t]|\\[,;:! ])*\\q?quad(?![a-zA-Z]))"
    r"|(?P<command>\\operatorname\*|\\[a-zA-Z]+|\\[{}|_])"
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
FONTS = ("\\mathbf", "\\boldsymbol", "\\mathit", "\\bm", "\\mathcal")
#: What says that a letter is an array.
BOLD = ("\\mathbf", "\\boldsymbol", "\\bm", "\\vec")
ACCENTS = {name: name for name in ("hat", "bar", "tilde", "vec", "dot")}
ACCENTS |= {"widehat": "hat", "overline": "bar", "widetilde": "tilde"}
#: What stands around the name of a function, or around a letter.
LETTERED = ("\\mathrm", "\\text", "\\textrm", "\\mathsf", "\\textsf")
UPRIGHT = ("\\operatorname", "\\operatorname*", *LETTERED)
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
_T = r"\\(?:mathrm|mathsf|text|textrm|textsf)\s*\{\s*T\s*\}|\\top|\\intercal"
TRANSPOSE = re.compile(rf"\^\s*(?:\{{\s*(?:T|{_T})\s*\}}|T(?!\s*_)|{_T})")
#: An exponent that numbers a layer or a sample: (2), [l].
LAYER = re.compile(r"\^\s*\{\s*(?:\(\s*(?:\d+|[a-z])\s*\)|\[[^\[\]{}]*\])\s*\}")
#: Letters that stand together.
WORD = re.compile(r"(?<![^\W\d_])[^\W\d_]{2,}(?![^\W\d_])")
