"""Letters and names in LaTeX: with their fonts, accents and indices, and those that stand upright."""

from __future__ import annotations

from backproof.graphs.functions import function
from backproof.graphs.inputs.notation import ACCENTS, FONTS, FUNCTIONS, GREEK, WORD
from backproof.graphs.inputs.tokens import Token
from backproof.graphs.reading import Reader

__all__ = ["Letters"]


class Letters(Reader):
    """Reads the names of inputs, steps and functions as LaTeX writes them."""

    # --- steps

    def naming(self) -> Token | None:
        """Read ``f =`` or ``f(x, y) =``."""
        start, token = self.at, self.token
        if token.kind in ("name", "command") and (name := self.letter()) is not None:
            written = self.inputs()
            if self.accept("="):
                named = Token("name", name, token.place)
                if written:
                    self.onto.of[name] = written
                return named
        self.at = start
        return None

    def inputs(self) -> str:
        """Read names in a bracket, as they stand behind that of a function; give them as text."""
        start, found = self.at, []
        if self.accept("("):
            while self.token.kind in ("name", "command") and (name := self.letter()) is not None:
                found.append(name)
                if self.accept(")"):
                    return ", ".join(found)
                if not self.accept(","):
                    break
        self.at = start
        return ""

    # --- names

    def letter(self) -> str | None:
        """Read a letter with what belongs to its name; ``None`` if it is none."""
        token = self.token
        text = token.text
        if text in FONTS or text[1:] in ACCENTS:
            self.take()
            self.nested()
            inner = self.braced() if self.token.text == "{" else self.letter()
            name = inner if inner is None or text in FONTS else f"{inner}_{text[1:]}"
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

    def index_of(self) -> str:
        """Read the index of a name: ``_1``, ``_{12}``, ``_{i,j}``."""
        if not self.accept("_"):
            return ""
        if not self.accept("{"):
            token = self.take()
            if token.kind == "number" and len(token.text) > 1:
                self.fail(
                    f"LaTeX takes {token.text[0]} alone as an index: write {{{token.text}}}", token.place
                )
            if token.kind not in ("name", "number"):
                self.fail("an index is a letter, a digit, or several in braces", token.place)
            return f"_{token.text}"
        parts = []
        while not self.accept("}"):
            token = self.take()
            if token.text.isalnum():
                parts.append(token.text)
            elif token.text != ",":
                self.fail("an index is of letters and whole numbers", token.place)
        return f"_{''.join(parts)}"

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
        if token.kind == "name" and found and (found[0] == "pi" or function(found[0])):
            known = found[0] in FUNCTIONS or found[0] in ("pi", "sqrt")
            name = f"\\{found[0]}" if known else rf"\operatorname{{{found[0]}}}"
            self.fail(f"letters are a product: write {name}, or a sign between the letters", token.place)
