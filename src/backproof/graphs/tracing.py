"""Tracing: a Python function is run once with variables, which write down what is done with them.

Variables know the signs of arithmetic, comparison and indexing, the functions of NumPy, and as methods
every op of the catalogue. What depends on their numbers (``if x > 0``) cannot be traced: another input
might go another way. Their shapes are known: those of the inputs that the function is traced with.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from backproof.graphs.computing import evaluated
from backproof.graphs.functions import COMPARISONS, function, like, spellings
from backproof.graphs.inputs.composed import COMPOSED, NAMES
from backproof.graphs.tape import Tape, fitting
from backproof.ops import CATALOGUE
from backproof.ops.op import Op

__all__ = ["TracingError", "Variable", "apply", "at", "trace"]

_INDEX = CATALOGUE["indexing"]


class TracingError(TypeError):
    """What a function does with a variable cannot be written down."""


def _operator(op: Op, *, reverse: bool = False) -> Callable[[Variable, Any], Variable]:
    """Make the method of a sign. To go through NumPy's protocol would take five times as long."""

    def method(self: Variable, other: Any) -> Variable:
        tape, one = self.tape, self.place
        two = other.place if type(other) is Variable and other.tape is tape else _placed(tape, other)
        if reverse:
            one, two = two, one
        # Tape.apply and `at`, written out for two: every call on the way counts.
        ops, parents, depths = tape.ops, tape.parents.row, tape.depths
        made = Variable()
        made.tape, made.place = tape, len(ops)
        ops.append(op)
        parents.append(one)
        parents.append(two)
        deep, deeper = depths[one], depths[two]
        depths.append((deep if deep > deeper else deeper) + 1)
        return made

    return method


class Variable:
    """A value in a function that is traced: it stands for a node.

    Examples
    --------
    >>> tape = Tape()
    >>> x = at(tape, tape.variable("x"))
    >>> y = np.exp(2 * x).relu() + 1
    >>> [op.name for op in tape.ops if op]
    ['multiply', 'exp', 'ReLU', 'add']
    """

    __slots__ = ("place", "tape")

    tape: Tape
    place: int

    __add__, __radd__ = _operator(CATALOGUE["add"]), _operator(CATALOGUE["add"], reverse=True)
    __mul__, __rmul__ = _operator(CATALOGUE["multiply"]), _operator(CATALOGUE["multiply"], reverse=True)
    __sub__, __rsub__ = _operator(CATALOGUE["subtract"]), _operator(CATALOGUE["subtract"], reverse=True)
    __truediv__, __rtruediv__ = _operator(CATALOGUE["divide"]), _operator(CATALOGUE["divide"], reverse=True)
    __pow__, __rpow__ = _operator(CATALOGUE["power"]), _operator(CATALOGUE["power"], reverse=True)
    __matmul__, __rmatmul__ = _operator(CATALOGUE["matmul"]), _operator(CATALOGUE["matmul"], reverse=True)
    __lt__, __le__ = _operator(COMPARISONS["<"]), _operator(COMPARISONS["<="])
    __gt__, __ge__ = _operator(COMPARISONS[">"]), _operator(COMPARISONS[">="])

    def __neg__(self) -> Variable:
        return _apply("negative", self)

    def __pos__(self) -> Variable:
        return self

    def __abs__(self) -> Variable:
        return _apply("abs", self)

    def __getitem__(self, index: Any) -> Variable:
        parts = index if isinstance(index, tuple) else (index,)
        if any(isinstance(part, Variable) for part in parts):
            raise TracingError(
                "an index that is computed cannot be traced: give it as it is, or use where(condition, a, b)"
            )
        known = tuple(np.array(part) if isinstance(part, list | np.ndarray) else part for part in parts)
        options = {"index": known if isinstance(index, tuple) else known[0]}
        return at(self.tape, self.tape.apply(_INDEX, (self.place,), options))

    # --- what NumPy asks for

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        given = {name: value for name, value in kwargs.items() if value is not None}
        if method != "__call__" or given:
            said = f"np.{ufunc.__name__}" + ("" if method == "__call__" else f".{method}")
            raise TracingError(
                f"expected a call on values alone, got {said} with {', '.join(given) or 'them'}"
            )
        return apply(ufunc.__name__, *inputs)

    def __array_function__(self, func: Callable[..., Any], types: object, args: Any, kwargs: Any) -> Any:
        return apply(func.__name__, *args, **kwargs)

    def __array__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TracingError(
            "a value that is traced has no numbers yet, so it is no array, and is put into none; use NumPy's "
            "functions on it, or the op as a method: x.relu(), x.cross_entropy(target)"
        )

    # --- what is known without its numbers: the shape

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the value, with the inputs that the function is traced with."""
        return _shape(self.tape, self.place)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return int(np.prod(self.shape))

    @property
    def T(self) -> Variable:  # noqa: N802 - NumPy's name
        """The axes in the opposite order."""
        turned: Variable = apply("transpose", self)
        return turned

    def __len__(self) -> int:
        if not self.shape:
            raise TracingError("expected an array, got a single number, which has no length")
        return self.shape[0]

    def __iter__(self) -> Iterator[Variable]:
        return (self[index] for index in range(len(self)))

    if TYPE_CHECKING:  # the ops as methods; each is there: with __getattr__ Python finds the slots slowly

        def __getattr__(self, name: str) -> Callable[..., Any]: ...

    # --- what asks for its numbers

    def __bool__(self) -> NoReturn:
        raise TracingError(
            "a graph is one way through a function: what depends on the numbers cannot be traced; "
            "use where(condition, a, b), maximum or minimum"
        )

    def __float__(self) -> NoReturn:
        raise TracingError(
            "a value that is traced has no number yet; use NumPy's functions in the place of math's"
        )

    __int__ = __index__ = __float__

    def __eq__(self, other: object) -> NoReturn:
        raise TracingError(
            "whether numbers are equal cannot be traced; use where(x > a, …), maximum or minimum"
        )

    __ne__ = __eq__

    def __setitem__(self, index: Any, value: Any) -> NoReturn:
        raise TracingError("a value that is traced is not written to: make a new one, as with where(…)")

    __hash__ = object.__hash__


def at(tape: Tape, place: int) -> Variable:
    """Give the variable of a node."""
    made = Variable()
    made.tape, made.place = tape, place
    return made


def _method(name: str) -> Callable[..., Any]:
    """Make the method of a name; an op that is applied to the value alone comes straight to the tape."""
    op = None if name in COMPOSED else function(NAMES.get(name, name))
    if op is None or len(op.arguments) > 1:
        return lambda *args, **options: apply(name, *args, **options)

    def method(self: Variable, *args: Any, **options: Any) -> Any:
        if args or options:
            return apply(name, self, *args, **options)
        return at(self.tape, self.tape.apply(op, (self.place,)))

    return method


for _name in {*COMPOSED, *NAMES, *spellings()} - set(dir(Variable)):
    setattr(Variable, _name, _method(_name))


def _near(name: str) -> str:
    near = like(name)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def _shape(tape: Tape, place: int) -> tuple[int, ...]:
    """Compute a node with the inputs at hand for its shape, and write down that they had to have theirs."""
    needed = tape.above([place])
    for each in needed:
        if tape.is_input(each):
            tape.shapes[each] = np.shape(tape.given[each])
    exact = tape.exact()
    given = {each: fitting(tape.given[each], exact.get(each)) for each in needed if tape.ops[each] is None}
    return np.shape(evaluated(tape, needed, given)[place])


def _placed(tape: Tape, value: Any) -> int:
    """Give the place of a value: what is no variable becomes a constant."""
    if type(value) is float:
        return tape.constant(np.float64(value))
    if isinstance(value, Variable):
        if value.tape is not tape:
            raise TracingError("expected values of one function, got one of another that is traced, too")
        return value.place
    array = np.array(value) if not isinstance(value, list | tuple) else _array(value)
    if array.dtype.kind not in "fiub":
        raise TracingError(f"expected numbers, got {value!r} ({type(value).__name__})")
    return tape.constant(array[()])


def _array(values: Any) -> Any:
    try:
        return np.asarray(values)
    except (TypeError, ValueError) as error:
        raise TracingError(f"expected an array of numbers, got {type(values).__name__}: {error}") from None


def apply(name: str, *args: Any, **options: Any) -> Any:
    """Apply the op of a name, or what is put together for it, to variables and numbers.

    Arguments behind the op's own are its options.

    Raises
    ------
    TracingError
        If the catalogue has no such op, or the op no such option.
    """
    composed = COMPOSED.get(name)
    if composed is None:
        return _apply(name, *args, **options)
    try:
        return composed(_apply, *args, **options)
    except TracingError:
        raise
    except TypeError as error:
        raise TracingError(f"{name} cannot be traced so: {error}") from None


def _apply(name: str, *args: Any, **options: Any) -> Variable:
    """Apply the op of a name."""
    known = NAMES.get(name, name)
    op = COMPARISONS.get(known) or function(known)
    if op is None:
        raise TracingError(f"the catalogue has no op for {name}{_near(name)}")
    given = _given(op, args, options)
    tape = next((value.tape for value in given.values() if isinstance(value, Variable)), None)
    if tape is None:
        raise TracingError(f"expected a value that is traced among the arguments of {name}, got none")
    places = {one: _placed(tape, given[one]) for one in op.arguments if given.get(one) is not None}
    chosen = {one: _number(value) for one, value in given.items() if one in op.options}
    return at(tape, tape.apply(op, tape.arranged(op, places), chosen))


def _number(value: Any) -> Any:
    """Give an option that is one number of NumPy's as Python's."""
    return value.item() if isinstance(value, np.ndarray | np.generic) and not value.ndim else value


def _given(op: Op, args: tuple[Any, ...], options: Mapping[str, Any]) -> dict[str, Any]:
    """Give arguments and options by their names; NumPy's names for options are understood."""
    names = [*op.arguments, *op.options]
    if len(args) > len(names):
        raise TracingError(f"{op.name} takes {', '.join(names)}; got {len(args)} of them")
    renamed = {"axis": "dim", "keepdims": "keepdim"} if "dim" in op.options else {}
    given = dict(zip(names, args, strict=False))
    for name, value in options.items():
        known = renamed.get(name, name)
        if known not in names or known in given:
            has = ", ".join(op.options) or "none"
            raise TracingError(f"{op.name} has the options {has}, each once; got {name}")
        given[known] = value
    lacking = [n for n, a in op.arguments.items() if not a.optional and given.get(n) is None]
    if lacking:
        raise TracingError(f"{op.name} takes {', '.join(op.arguments)}; got no {', '.join(lacking)}")
    return given


def trace(called: Callable[..., Any], given: Mapping[str, Any]) -> tuple[Tape, dict[str, int], list[int]]:
    """Run a function with variables; give the tape, the places of its inputs, and of what it returns.

    Raises
    ------
    TracingError
        If it does something that cannot be written down, or takes other inputs.
    """
    tape = Tape()
    names = {name: tape.variable(name, value) for name, value in given.items()}
    args, kwargs = _bound(called, {name: at(tape, place) for name, place in names.items()})
    result = _run(called, args, kwargs)
    results = list(result) if isinstance(result, tuple | list) else [result]
    if not results or any(one is None or isinstance(one, Mapping) for one in results):
        raise TracingError(
            f"expected a function that returns what it computes, got {result!r}; several values are a tuple"
        )
    places = [_placed(tape, one) for one in results]
    tape.settle()
    return tape, names, places


def _run(called: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Call the function; NumPy hides behind an error of its own what a variable says when it is written."""
    try:
        return called(*args, **kwargs)
    except AttributeError as error:
        if not isinstance(error.obj, Variable):
            raise
        name = str(error.name)
        raise AttributeError(
            f"a value that is traced has no {name!r}: its numbers are not known{_near(name)}"
        ) from None
    except ValueError as error:
        if isinstance(error.__cause__, TracingError):
            raise TracingError(
                "a value that is traced has no number yet, so it is put into no array, as by z[0] = x; "
                "compute with the whole: where(…), or a sum of parts"
            ) from error
        raise


def _bound(called: Callable[..., Any], given: dict[str, Variable]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Give the arguments for a call with these inputs."""
    try:
        signature = inspect.signature(called)
    except (TypeError, ValueError):  # what is not written in Python may have none
        return (), dict(given)
    by_place = [n for n, p in signature.parameters.items() if p.kind is p.POSITIONAL_ONLY and n in given]
    args = [given[name] for name in by_place]
    kwargs = {name: value for name, value in given.items() if name not in by_place}
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        takes, got = ", ".join(signature.parameters) or "nothing", ", ".join(given) or "none"
        raise TracingError(
            f"expected a value for each input of the function, which takes {takes}; got {got} ({error})"
        ) from None
    return tuple(args), kwargs
