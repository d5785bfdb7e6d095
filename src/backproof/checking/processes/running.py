"""Running a user's file unit by unit, each within a time limit, without trusting any to finish.

This runs in the worker process. What a unit raises, also ``exit()``, is described and the next unit is
run; what cannot be stopped from within (a call that never returns to Python) the main process ends
from without.
"""

from __future__ import annotations
import __future__

import ast
import importlib
import linecache
import signal
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from os import _exit, getpid
from types import CodeType, ModuleType, TracebackType

from backproof.checking.reading.source import Fault, Unit

__all__ = ["Runner", "Setback", "register"]

_FUTURES = 0
for _name in __future__.all_feature_names:
    _FUTURES |= getattr(__future__, _name).compiler_flag
_DEFINITIONS = (ast.Import, ast.ImportFrom, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_LONGEST = 300

# Bound for good, before a user's code can put something else in their place.
_now, _compile, _exec = time.monotonic, compile, exec
_set_timer, _set_handler = getattr(signal, "setitimer", None), signal.signal
_set_mask = getattr(signal, "pthread_sigmask", None)


class _OutOfTime(BaseException):
    """A unit ran longer than it may. Not an `Exception`, so that few handlers of a user catch it."""


@dataclass(frozen=True)
class Setback:
    """What stopped a unit: a sentence, the line, and facts for a report.

    ``modules`` are those that were looked for and are not there; ``slow`` numbers the statements that
    ran out of time.
    """

    message: str
    line: int | None
    evidence: Mapping[str, object] = field(default_factory=dict)
    modules: tuple[str, ...] = ()
    slow: tuple[int, ...] = ()


def register(unit: Unit) -> None:
    """Let tracebacks and `inspect` find the code of a cell; a script's they find by themselves."""
    if unit.cell is not None:
        lines = [line + "\n" for line in unit.code.split("\n")]
        linecache.cache[unit.filename] = (len(unit.code), None, lines, unit.filename)


class Runner:
    """Runs units in one namespace, as a notebook's kernel does.

    Parameters
    ----------
    module
        Whose namespace it is. It is in ``sys.modules`` already.
    timeout
        Seconds that a unit may take.
    tell
        Called with the number of each statement just before it runs.
    """

    def __init__(self, module: ModuleType, timeout: float, tell: Callable[[int], None]) -> None:
        self._module = module
        self._timeout = timeout
        self._tell = tell
        self._futures = 0
        self._pid = getpid()
        self._owed: dict[str, Unit] = {}  # names, by the unit that failed to define them
        self._failures: dict[str, str] = {}  # and what failed there
        self._has_parent = not module.__package__

    def run(self, unit: Unit, skipped: Collection[int] = ()) -> Setback | None:
        """Run a unit's statements up to one that fails, and say what stopped it.

        Behind a statement that failed, definitions, imports and constants are still run: they are what
        a file is read for. The statements ``skipped`` (by number) count as failed, and are not told of.
        """
        if unit.fault:
            return _of_fault(unit.fault)
        register(unit)
        setbacks: list[Setback] = []
        failed = False
        until = _now() + self._timeout
        for number, statement in enumerate(unit.tree.body):
            if number in skipped or (failed and not _is_definition(statement)):
                failed = True
                self._owed.update(dict.fromkeys(_bound(statement), unit))
                continue
            self._tell(number)
            error = self._execute(statement, unit, until)
            if error is None:
                continue
            failed = True
            setbacks.append(self._describe(number, error, statement, unit))
            self._owed.update(dict.fromkeys(_bound(statement), unit))
            self._failures.update(dict.fromkeys(_bound(statement), setbacks[-1].message))
            if isinstance(error, _OutOfTime):
                until = _now() + self._timeout
        return _together(setbacks) if setbacks else None

    def owed(self) -> dict[str, tuple[str, str]]:
        """Say of each name that is not defined, because code failed, where it was to be, and what failed."""
        return {
            name: (_place(unit), self._failures.get(name, "the code before it failed, or did not finish"))
            for name, unit in self._owed.items()
            if name not in vars(self._module)
        }

    def _execute(self, statement: ast.stmt, unit: Unit, until: float) -> BaseException | None:
        """Run one statement, and give what it raised."""
        try:
            code = _compile(
                ast.Module([statement], []), unit.filename, "exec", self._futures, dont_inherit=True
            )
            self._futures |= code.co_flags & _FUTURES
            if not self._has_parent and _imports_relatively(statement):
                self._limited(self._import_parent, until)
            self._limited(lambda: _exec(code, self._module.__dict__), until)
        except BaseException as error:
            return error
        finally:
            if getpid() != self._pid:
                _exit(0)  # a copy of this process that the user's code forked and did not end
        return None

    def _limited(self, run: Callable[[], None], until: float) -> None:
        if _set_timer is None or _set_mask is None:  # no such signals here: the main process ends us
            run()
            return
        _set_handler(signal.SIGALRM, _ring)
        _set_mask(signal.SIG_UNBLOCK, [signal.SIGALRM])
        try:
            # It rings again and again: the first exception may be caught by the user's own handlers.
            _set_timer(signal.ITIMER_REAL, min(max(until - _now(), 0.001), 1e6), 0.2)
            run()
        finally:
            _set_timer(signal.ITIMER_REAL, 0)

    def _import_parent(self) -> None:
        """Import the package that the file lies in, as Python does before a module of it.

        Its ``__init__`` may import this very file; it then gets a module of its own, not ours, which
        is not complete yet.
        """
        sys.modules.pop(self._module.__name__, None)
        try:
            importlib.import_module(str(self._module.__package__))
        finally:
            sys.modules[self._module.__name__] = self._module
        self._has_parent = True

    def _describe(self, number: int, error: BaseException, statement: ast.stmt, unit: Unit) -> Setback:
        line = _line(error, unit.filename) or statement.lineno
        if isinstance(error, _OutOfTime):
            message = f"line {line} did not finish within {self._timeout:g} s"
            return Setback(message, line, _evidence("out of time", message, line, unit), slow=(number,))
        kind, text = type(error).__name__, _text(error)
        if isinstance(error, EOFError) and "reading a line" in text:
            text += " (input() has nobody to ask here)"
        missing = (error.name,) if isinstance(error, ModuleNotFoundError) and error.name else ()
        message = f"{kind} in line {line}{': ' if text else ''}{text}"
        evidence = _evidence(kind, text, line, unit)
        if isinstance(error, NameError) and error.name in self._owed:
            earlier = self._owed[error.name]
            message += f" ({_place(earlier)}, which failed, was to define it)"
            evidence["follows"] = earlier.line if earlier.cell is None else earlier.cell
        return Setback(message, line, evidence, missing)


def _ring(_: int, frame: object) -> None:
    # Not while this module itself is at work: its clearing up must not be torn off.
    if getattr(frame, "f_globals", None) is not globals():
        raise _OutOfTime


def _is_definition(statement: ast.stmt) -> bool:
    if isinstance(statement, _DEFINITIONS):
        return True
    if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
        return False
    try:
        ast.literal_eval(statement.value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def _bound(node: ast.AST) -> Iterator[str]:
    """Give the names that a statement would define in its own namespace."""
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        yield node.name
        return
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, ast.alias):
        yield node.asname or node.name.partition(".")[0]
    for child in ast.iter_child_nodes(node):
        yield from _bound(child)


def _place(unit: Unit) -> str:
    return f"line {unit.line}" if unit.cell is None else f"cell {unit.cell}"


def _imports_relatively(statement: ast.stmt) -> bool:
    return any(isinstance(node, ast.ImportFrom) and node.level for node in ast.walk(statement))


def _of_fault(fault: Fault) -> Setback:
    where = f" in line {fault.line}" if fault.line else ""
    evidence = {"type": fault.type, "text": fault.message, "source": fault.text}
    return Setback(f"{fault.type}{where}: {fault.message}", fault.line, evidence)


def _together(setbacks: list[Setback]) -> Setback:
    """Make one of several: the first, with the names of all the modules that are not there."""
    first = setbacks[0]
    modules = tuple(dict.fromkeys(name for setback in setbacks for name in setback.modules))
    slow = tuple(number for setback in setbacks for number in setback.slow)
    if not modules:
        return replace(first, slow=slow)
    names = " or ".join(filter(None, (", ".join(modules[:-1]), modules[-1])))
    mend = f"there is no module {names}; install what is missing, or put it beside the file"
    if first.modules:
        message = f"{first.evidence['type']} in line {first.line}: {mend}"
    else:
        message = f"{first.message}; and {mend}"
    return Setback(message, first.line, {**first.evidence, "modules": list(modules)}, modules, slow)


def _evidence(kind: str, text: str, line: int, unit: Unit) -> dict[str, object]:
    lines = unit.code.split("\n")
    index = line - unit.line
    source = lines[index].strip()[:_LONGEST] if 0 <= index < len(lines) else ""
    return {"type": kind, "text": text, "source": source}


def _line(error: BaseException, filename: str) -> int | None:
    """Give the line of the unit that was being run when an exception passed."""
    if isinstance(error, SyntaxError) and error.filename == filename:
        return error.lineno
    line = None
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        code: CodeType = trace.tb_frame.f_code
        if code.co_filename == filename:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _text(error: BaseException) -> str:
    try:
        text = " ".join(str(error).split())
    except Exception as second:  # the user's own exception, whose __str__ fails
        return f"(its message cannot be shown: {type(second).__name__})"
    return text if len(text) <= _LONGEST else text[:_LONGEST] + " …"
