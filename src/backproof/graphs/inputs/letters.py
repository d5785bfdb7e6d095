"""Letters and names in LaTeX: with their fonts, accents and indices, and those that stand upright."""

from __future__ import annotations

from backproof.graphs.functions import function
from backproof.graphs.inputs.grammar import Reader
from backproof.graphs.inputs.notation import (
    ACCENTS,
    FONTS,
    FUNCTIONS,
    GREEK,
    LETTERED,
    UPRIGHT,
    WORD,
)
from backproof.graphs.inputs.tokens import Token

__all__ = ["Letters"]

_PLAIN = ("name", "number")
_SIGNS = {"-": "minus", "+": "plus"}


class Letters(Reader):
    """Reads the names of inputs, steps and functions as LaTeX writes them."""

    def require_no_function(self, named: Token) -> None:
        r"""Accept any: as functions they are written otherwise, and \sigma(x) is one unless it is a step."""

    # --- names

    def letter(self) -> str | None:
        """Read a letter with what belongs to its name; ``None`` if it is none."""
        token = self.token
        text = token.text
        if text in FONTS or text[1:] in ACCENTS or self.is_upright_letter():
            self.take()
            self.nested()
            inner = self.braced() if self.token.text == "{" else self.letter()
            name = f"{inner}_{ACCENTS[text[1:]]}" if inner and text[1:] in ACCENTS else inner
            self.depth -= 1
        elif token.kind == "name" or text[1:] in GREEK:
            self.take()
            name = text.removeprefix("\\")
        else:
            return None
        return name if name is None else name + self.index_of()

    def braced(self) -> str | None:
        """Read ``{letter}``."""
        self.take()
        name = self.letter()
        self.expect("}", "behind one letter")
        return name

    def is_upright_letter(self) -> bool:
        r"""Say whether a letter is next that only looks upright: ``\mathrm{e}``."""
        if self.token.text not in LETTERED:
            return False
        opened, letter, closed = (self.tokens + self.tokens[-1:] * 3)[self.at + 1 : self.at + 4]
        return (opened.text, letter.kind, closed.text) == ("{", "name", "}") and not function(letter.text)

    def index_of(self) -> str:
        r"""Read the index of a name: ``_1``, ``_{12}``, ``_{i,j}``, ``_{t-1}``, ``_{\text{max}}``."""
        if not self.accept("_"):
            return ""
        token = self.token
        if not self.accept("{"):
            if token.kind == "number" and len(token.text) > 1:
                self.fail(
                    f"LaTeX takes {token.text[0]} alone as an index: write {{{token.text}}}", token.place
                )
            return f"_{self.index_part()}"
        name = ""
        while not self.accept("}"):
            before, token = self.tokens[self.at - 1], self.token
            beside = token.kind in _PLAIN and before.kind in _PLAIN
            if self.accept(","):
                continue
            name += ("" if beside else "_") + self.index_part()
        if not name:
            self.fail("an index is missing", token.place)
        return name

    def index_part(self) -> str:
        """Read a letter, a number, a word or a sign of an index."""
        token = self.token
        if token.text in UPRIGHT:
            self.take()
            return self.upright().text
        self.take()
        if token.text in _SIGNS:
            return _SIGNS[token.text]
        if not (token.text.isalnum() or token.text[1:] in GREEK):
            self.fail("an index is of letters, words, whole numbers, and + or - between them", token.place)
        return token.text.removeprefix("\\")

    def upright(self) -> Token:
        """Read ``{name}``: the letters together."""
        start = self.token.place
        self.expect("{", "and the name of a function")
        letters = []
        while not self.accept("}"):
            token = self.take()
            if token.kind not in ("name", "number") and token.text not in ("_", "\\_"):
                self.fail("a name is of letters", token.place)
            letters.append(token.text.lstrip("\\"))
        return Token("name", "".join(letters), start + 1)

    def require_no_word(self, token: Token) -> None:
        """Refuse letters that stand together and spell what has a name: they would be a product."""
        found = WORD.match(self.text, token.place)
        if token.kind != "name" or found is None:
            return
        if found[0] in self.names:
            self.fail(f"letters are a product, and {found[0]} is a name: give it one letter", token.place)
        commands = (*FUNCTIONS, *GREEK, "pi", "sqrt")
        spelled = found[0][2:] or found[0] in ("ln", "pi")  # other two letters are a product: xi
        if spelled and (found[0] in commands or function(found[0])):
            name = f"\\{found[0]}" if found[0] in commands else rf"\operatorname{{{found[0]}}}"
            self.fail(f"letters are a product: write {name}, or a sign between the letters", token.place)
