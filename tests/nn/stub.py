"""The types of the modules that are made from the catalogue: ``python -m tests.nn.stub`` writes them."""

from __future__ import annotations

import inspect
from pathlib import Path

from backproof.nn import generated
from backproof.nn.component import Component

PATH = Path(generated.__file__).with_suffix(".pyi")
HEAD = """\
# The types of the modules that are made from the catalogue, written by `python -m tests.nn.stub`.
from typing import Any

from backproof.nn.component import Component
from backproof.nn.losses import Loss

ACTIVATIONS: dict[str, type[Component]]
LOSSES: dict[str, type[Loss]]
"""


def stub() -> str:
    """Write every class with its constructor."""
    made = {**generated.ACTIVATIONS, **generated.LOSSES}
    classes = [_class(kind) for _, kind in sorted(made.items()) if kind.__module__ == generated.__name__]
    return "\n".join([HEAD, *classes])


def _class(kind: type[Component]) -> str:
    base = next(each.__name__ for each in kind.__bases__[0].__mro__ if not each.__name__.startswith("_"))
    parameters = list(inspect.signature(kind).parameters.values())
    if not parameters:
        return f"class {kind.__name__}({base}): ..."
    written, star = ["self"], False
    for parameter in parameters:
        if parameter.kind is parameter.KEYWORD_ONLY and not star:
            written.append("*")
            star = True
        usual = kind.op.options.get(parameter.name, parameter.default)
        annotation = "Any" if parameter.default is None else type(usual).__name__
        default = "" if parameter.default is parameter.empty else f" = {_written(parameter.default)}"
        written.append(f"{parameter.name}: {annotation}{default}")
    signature = f"    def __init__({', '.join(written)}) -> None: ..."
    if len(signature) > 110:
        signature = "    def __init__(\n        " + ",\n        ".join(written) + ",\n    ) -> None: ..."
    return f"class {kind.__name__}({base}):\n{signature}\n"


def _written(value: object) -> str:
    return repr(value).replace("'", '"')


if __name__ == "__main__":
    PATH.write_text(stub(), "utf-8")
