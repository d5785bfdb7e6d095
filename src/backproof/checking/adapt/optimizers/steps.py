"""What the arguments of an optimizer's step stand for."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from backproof.checking.adapt.execution import Obstacle
from backproof.checking.adapt.filling.arguments import Filled, written
from backproof.checking.adapt.optimizers.hyperparameters import entry_for, role_means
from backproof.checking.adapt.words.names import normalise, word_set
from backproof.checking.adapt.words.signatures import Method, Parameter, attributes_of_others

__all__ = ["COUNTS", "MORE_STEPS", "STEPS", "WHOLE", "fill_step", "step_role", "suits_tensors"]

#: What the method of an optimizer that changes the parameters is called.
STEPS = ("step", "update", "update_params", "update_parameters", "apply_gradients", "optimize")
#: The same, for those that are called after an update rule only.
MORE_STEPS = (
    *("apply", "update_weights", "update_layer", "update_parameter", "update_param", "update_all"),
    *("minimize", "get_update", "get_updates", "make_step", "__call__"),
    # French, Spanish and Portuguese, Italian, German.
    *("pas", "mettre_a_jour", "mise_a_jour", "paso", "actualizar", "passo", "atualizar", "aggiorna"),
    *("schritt", "aktualisiere", "aktualisieren"),
)
#: What the number of a step is called.
COUNTS = word_set("t step iteration iter epoch count k i it timestep n_iter iterations time_step step_count")
_NAMED = {
    "closure": word_set("closure loss_closure"),
    # Which of the parameters it is, that an optimizer keeps its state by.
    "key": word_set("key name param_name param_key param_id layer_name"),
    "layer": word_set("layer lyr dense module"),
    # A list of pairs of an array and its gradient.
    "pairs": word_set("params_and_grads parameters_and_gradients params_grads param_grads vars_and_grads"),
    "pairs reversed": word_set("grads_and_vars grads_and_params gradients_and_variables grads_params"),
}
#: Roles that bring the parameters with their gradients.
WHOLE = frozenset({"pairs", "pairs reversed", "layer", "layers", "model"})


def step_role(parameter: Parameter) -> str | None:
    """Say what an argument of a step stands for, by its name; ``None`` where that does not tell.

    Examples
    --------
    >>> [step_role(Parameter(name, required=True)) for name in ("params", "dw", "learning_rate", "t", "loss")]
    ['params', 'grads', 'lr', 'count', None]
    """
    word = normalise(parameter.name)
    for role, words in _NAMED.items():
        if word in words:
            return role
    for role in ("params", "grads", "layers", "model"):
        if role_means(parameter.name, role):
            return role
    if entry_for(parameter.name, {"lr": None}) is not None and parameter.required:
        return "lr"
    return "count" if word in COUNTS and parameter.required else None


def fill_step(step: Method, unnamed: Sequence[str] = ()) -> Filled:
    """Fill the arguments of a step with roles: ``params``, ``grads``, ``lr``, ``count`` and others.

    ``unnamed`` are the roles that arguments may stand for whose names say nothing.

    Raises
    ------
    Obstacle
        If an argument that has no default stands for nothing known.
    """
    filled: Filled = {}
    unknown = []
    for parameter in step.parameters:
        role = step_role(parameter)
        if role == "closure" and not parameter.required:
            continue
        if role is not None and role not in filled.values():
            filled[parameter.name] = role
        elif parameter.required and not parameter.variadic:
            unknown.append(parameter)
    free = [role for role in unnamed if role not in filled.values()]
    if WHOLE & {role for role in filled.values() if isinstance(role, str)}:
        free = []
    if len(unknown) < len(free):
        free = ["grads"]
    if len(unknown) > len(free):
        raise Obstacle(
            f"its {step.name} takes {written(step.parameters)}, and nothing known stands for "
            f"{unknown[-1].name}: call it params, grads, lr, t, layer or model, or give it a default"
        )
    filled |= {parameter.name: role for parameter, role in zip(unknown, free, strict=False)}
    return {p.name: filled[p.name] for p in step.parameters if p.name in filled}


def suits_tensors(step: Method) -> bool:
    """Say whether what a step asks of others is what PyTorch's tensors and modules have, and containers."""
    torch = sys.modules.get("torch")
    kinds = () if torch is None else (torch.Tensor, torch.nn.Module, dict, list)
    return attributes_of_others(step.function) <= {name for kind in kinds for name in dir(kind)}
