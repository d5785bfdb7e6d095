"""The engine for what is made of ops: each step is planned once, and then done again without allocation."""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.lib.array_utils import byte_bounds
from numpy.typing import NDArray

from backproof import nn, optim
from backproof.graphs import Steps
from backproof.nn.component import REFUSALS
from backproof.nn.losses import Loss
from backproof.nn.parameter import Parameter
from backproof.optim.states import States
from backproof.training.engines.bunches import Bunch, bunches
from backproof.training.engines.modules import ModulesEngine
from backproof.training.engines.planning.namespace import Recording
from backproof.training.engines.planning.program import program
from backproof.training.engines.planning.recorded import NotPlanned
from backproof.training.engines.planning.recorder import Diverged, Recorder
from backproof.training.engines.planning.written import Written, are_one, require_fit

__all__ = ["PlannedEngine"]

Array: TypeAlias = NDArray[Any]
#: Shape and dtype of the input and of the target.
_Kind: TypeAlias = tuple[tuple[int, ...], np.dtype[Any], tuple[int, ...], np.dtype[Any]]
#: So many plans are kept, each with its buffers.
_PLANS = 8


@dataclass(slots=True, eq=False)
class _Plan:
    """How a step goes for batches of one kind.

    Attributes
    ----------
    kind
        The shapes and dtypes.
    input, target
        The buffers that a batch is copied to.
    calls
        What computes the loss and the gradients.
    loss
        Gives the loss.
    is_new
        Whether the buffers hold what was computed when it was made.
    """

    kind: _Kind
    input: Array
    target: Array
    calls: list[Callable[[], object]]
    loss: Callable[[], float]
    is_new: bool = True


class PlannedEngine(ModulesEngine):
    """Plans a step for each shape of batches, and does it again without looking at anything.

    The first batch of a shape goes through the modules, which say what is wrong with it. From the second
    on all is computed in buffers that stay, and the parameters lie in an array for each group of the
    optimizer, which is moved at once; one of more than 131072 elements is moved in blocks of as many, with a
    few arrays of a block's size that come and go. A batch with which a loss would go another way, as with
    targets that are ignored, goes through the modules.

    What is changed by hand is noticed at the next step: ``requires_grad``, the array of a parameter, a
    hyperparameter, the parameters of a group, and the optimizer's state if it is another object. After
    `sync`, which comes before each callback, that is any change: of the state, of modules, of their options
    and those of the loss.

    From then to the next step an array that was taken before, ``w = model.weight``, is the parameter's, to be
    read and written to. In between ``model.weight`` is a part of an array of the engine, and ``w`` a copy
    from before: write to ``model.weight`` itself.

    Raises
    ------
    NotPlanned
        If there is something in the model that is no op, or something else at every step, such as dropout or
        running statistics, or if a module, the loss or the optimizer has a method of its own by which it
        computes or moves. It is a ``TypeError``.

    Examples
    --------
    >>> model = nn.Linear(1, 1, dtype=np.float64, rng=0)
    >>> engine = PlannedEngine(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.1))
    >>> x, y = np.array([[1.0], [2.0]]), np.array([[3.0], [5.0]])
    >>> losses = [engine.step(x, y) for _ in range(200)]
    >>> losses[-1] < 1e-3 < losses[0]
    True
    >>> engine.close()
    """

    name = "NumPy, planned"

    def __init__(self, model: nn.Module, loss: Loss, optimizer: optim.Optimizer) -> None:
        require_fit(model, loss, optimizer)
        super().__init__(model, loss, optimizer)
        self._written: Written | None = Written(model, loss)
        #: Whether the model cannot have been changed since it was written.
        self._is_known = True
        #: Whether there was a step since the last `sync`.
        self._is_left_alone = False
        self._outputs: dict[_Kind, tuple[tuple[int, ...], np.dtype[Any]]] = {}
        self._plans: dict[_Kind, _Plan | None] = {}
        self._plan: _Plan | None = None
        #: While the parameters are held: in what, what each was, and the state that they came with.
        self._bunches: list[Bunch] = []
        self._frozen: list[Array] = []
        self._expected: list[tuple[Parameter, Array, Array | None, bool]] = []
        self._groups: list[tuple[dict[str, Any], list[Parameter]]] = []
        self._states: States | None = None

    def step(self, input: Any, target: Any) -> float:
        """Do what the plan says, and move the parameters."""
        plan = self._plan
        if plan is None or plan.kind != _kind(input, target) or not self._is_held():
            plan = self._plan = self._planned(input, target)
            if plan is None:
                return self._by_modules(input, target)
        if plan.is_new:  # this is the batch that it was made with
            plan.is_new = False
        else:
            plan.input[...] = input
            plan.target[...] = target
            try:
                for call in plan.calls:
                    call()
            except Diverged:
                return self._by_modules(input, target)
        value = plan.loss()
        if math.isfinite(value):
            for bunch in self._bunches:
                bunch.move()
        return value

    def sync(self) -> None:
        """Give the model its arrays back, and the optimizer its state: anything may then be changed."""
        super().sync()
        self._let_go()
        self._is_known = self._is_left_alone = False

    def _let_go(self) -> None:
        if self._states is not None:
            for bunch in self._bunches:
                bunch.give_back(self._states)
            self._states = self._plan = None

    def state_dict(self) -> dict[str, Any]:
        """Give what a checkpoint keeps: for which batches there is a plan, so that they go by it at once."""
        known = [(*kind, *output) for kind, output in self._outputs.items()]
        return {
            "known": [[part.str if isinstance(part, np.dtype) else part for part in row] for row in known]
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave."""
        for *kind, shape, dtype in state["known"]:
            given, given_dtype, target, target_dtype = kind
            known = given, np.dtype(given_dtype), target, np.dtype(target_dtype)
            self._outputs[known] = shape, np.dtype(dtype)

    def _by_modules(self, input: Any, target: Any) -> float:
        self._let_go()
        value = super().step(input, target)
        kind, output = _kind(input, target), self._output
        if kind is not None and kind not in self._outputs:
            self._outputs[kind] = output.shape, output.dtype
        return value

    # What is held.

    def _is_held(self) -> bool:
        """Say whether all is as it was taken over."""
        optimizer = self.optimizer
        if optimizer.state is not self._states or len(optimizer.param_groups) != len(self._groups):
            return False
        for parameter, data, grad, learned in self._expected:
            if parameter.data is not data or parameter.grad is not grad:
                return False
            if parameter.requires_grad is not learned:
                return False
        for group, (known, members) in zip(optimizer.param_groups, self._groups, strict=True):
            if group is not known or group["params"] != members:
                return False
        return True

    def _take(self) -> bool:
        """Take the parameters over, unless they are held; say whether it can be done."""
        if self._states is not None:
            if self._is_held():
                return True
            self._let_go()
        parameters, optimizer = list(self._named.values()), self.optimizer
        if not _can_be_taken(parameters, optimizer.state):
            return False
        frozen = [parameter.data for parameter in parameters if not parameter.requires_grad]
        for parameter in parameters:
            if not parameter.requires_grad:
                parameter.zero_grad()  # of a step when it was learned
        members = bunches(
            [parameter for parameter in parameters if parameter.requires_grad],
            optimizer.param_groups,
            optimizer.state,
        )
        before = [(bunch.group, bunch.parameters) for bunch in self._bunches]
        if not (are_one(frozen, self._frozen) and _are_alike(members, before)):
            self._bunches = [Bunch(those, group, optimizer.rule) for group, those in members]
            self._frozen = frozen
            self._plans.clear()
        self._states = optimizer.state
        for bunch in self._bunches:
            bunch.take(self._states)
        self._expected = [(each, each.data, each.grad, each.requires_grad) for each in parameters]
        self._groups = [(group, [*group["params"]]) for group in optimizer.param_groups]
        return True

    # Plans.

    def _look_again(self) -> None:
        """Write the model down anew; if it is another one, forget what was planned."""
        before, self._written, self._is_known = self._written, None, True
        with contextlib.suppress(NotPlanned):  # it goes through the modules then
            require_fit(self.model, self._loss, self.optimizer)
            self._written = Written(self.model, self._loss)
        if before is None or self._written is None or not self._written.is_like(before):
            self._let_go()
            self._plans.clear()
            self._outputs.clear()

    def _planned(self, input: Any, target: Any) -> _Plan | None:
        """Give the plan for a batch; ``None`` if it goes through the modules."""
        if not self._is_known:
            if not self._is_left_alone:  # it costs as much as many steps, and there may be a sync after each
                self._is_left_alone = True
                return None
            self._look_again()
        written, kind = self._written, _kind(input, target)
        if written is None:
            return None
        is_refused = kind in self._plans and self._plans[kind] is None
        if is_refused or kind not in self._outputs or not self._take():
            return None
        if kind not in self._plans:
            if len(self._plans) >= _PLANS:
                del self._plans[next(iter(self._plans))]
            fault = None
            try:
                self._plans[kind] = self._made(written, kind, input, target)
            except (NotPlanned, Diverged):
                self._plans[kind] = None
            except REFUSALS as error:
                fault = error
            if fault is not None:
                self._by_modules(input, target)  # which say what is wrong with the batch
                raise fault
        return self._plans[kind]

    def _made(self, written: Written, kind: _Kind, input: Array, target: Array) -> _Plan:
        """Compute the loss and the gradients of a batch, and note how."""
        recorder = Recorder()
        bound = (
            np.empty(input.shape, written.input_dtype(input)),
            np.empty(target.shape, written.target_dtype(target, *self._outputs[kind])),
        )
        bound[0][...], bound[1][...] = input, target
        arrays = {written.input: bound[0], written.target: bound[1]}
        arrays |= {place: parameter.data for place, parameter in written.parameters.items()}
        given = {place: recorder.watch(array) for place, array in arrays.items()}
        steps = Steps(written.tape, Recording(recorder))
        values = steps.forward({**written.tape.given, **given})
        if written.require is not None:
            written.require(values[written.prediction], values[written.target])
        loss = values[written.output].array
        gradients = steps.backward(values, {written.output: np.ones_like(loss)})
        written.require_alike(values, gradients)
        goes = {id(parameter): grad for bunch in self._bunches for parameter, grad in bunch.gradients}
        for place, parameter in written.parameters.items():
            if parameter.requires_grad:
                recorder.copy(gradients[place], goes[id(parameter)])
        calls = program(recorder.instructions, arrays.values(), [loss, *goes.values()])
        return _Plan(kind, *bound, calls, loss.__float__)


def _kind(input: Any, target: Any) -> _Kind | None:
    if isinstance(input, np.ndarray) and isinstance(target, np.ndarray):
        return input.shape, input.dtype, target.shape, target.dtype
    return None


def _are_alike(some: list[Any], others: list[Any]) -> bool:
    """Say whether the same parameters of the same groups are together."""
    return len(some) == len(others) and all(
        group is other and are_one(those, these)
        for (group, those), (other, these) in zip(some, others, strict=True)
    )


def _can_be_taken(parameters: list[Parameter], states: States) -> bool:
    """Say whether parameters can be written to, and have memory and a state of their own.

    They are contiguous too: matrix products add up in another order where they are not.
    """
    ends = sorted(byte_bounds(parameter.data) for parameter in parameters if parameter.data.size)
    apart = all(end <= start for (_, end), (start, _) in itertools.pairwise(ends))
    return apart and all(
        parameter.data.flags.carray  # contiguous, aligned and writeable
        and all(
            value.shape == parameter.data.shape and value.dtype == parameter.data.dtype
            for value in states.get(parameter, {}).values()
            if isinstance(value, np.ndarray)
        )
        for parameter in parameters
        if parameter.requires_grad
    )
