"""What `Module.state_dict` writes and `Module.load_state_dict` reads: keys, checks and error texts.

The keys are `prefix + name` of every parameter and persistent buffer, in the order of registration, a module's own
before its children's. `_metadata` on the dictionary holds each module's version.
"""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from .. import __future__ as conversion
from .._tensor import Tensor
from ..autograd.modes import no_grad
from ..ops.storages import swap_tensors
from .parameter import Parameter, is_lazy

if TYPE_CHECKING:
    from .module import Module

EXTRA_STATE_KEY = "_extra_state"


class _Keys(NamedTuple):
    missing_keys: list[str]
    unexpected_keys: list[str]


class _IncompatibleKeys(_Keys):
    """What `load_state_dict` returns; named as PyTorch prints it."""

    __slots__ = ()

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return super().__repr__()

    __str__ = __repr__


def new_state_dict() -> OrderedDict[str, Any]:
    """An empty state dict, with its `_metadata`."""
    state: OrderedDict[str, Any] = OrderedDict()
    state._metadata = OrderedDict()  # type: ignore[attr-defined]
    return state


def save_own_state(module: Module, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
    """Write the module's own parameters, buffers and extra state (not its children's) into `destination`."""
    for name, parameter in module._parameters.items():
        if parameter is not None:
            destination[prefix + name] = parameter if keep_vars else parameter.detach()
    for name, buffer in module._buffers.items():
        if buffer is not None and name not in module._non_persistent_buffers_set:
            destination[prefix + name] = buffer if keep_vars else buffer.detach()
    if _overrides(module, "get_extra_state"):
        destination[prefix + EXTRA_STATE_KEY] = module.get_extra_state()


def load_own_state(
    module: Module,
    state_dict: dict[str, Any],
    prefix: str,
    local_metadata: dict[str, Any],
    strict: bool,
    missing_keys: list[str],
    unexpected_keys: list[str],
    error_msgs: list[str],
) -> None:
    """Copy the entries under `prefix` into the module's own parameters and buffers; the lists take the problems."""
    for hook in module._load_state_dict_pre_hooks.values():
        hook(state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
    own: dict[str, Tensor] = {name: p for name, p in module._parameters.items() if p is not None}
    own.update(
        (name, b)
        for name, b in module._buffers.items()
        if b is not None and name not in module._non_persistent_buffers_set
    )
    assign = local_metadata.get("assign_to_params_buffers", False)
    for name, current in own.items():
        key = prefix + name
        if key in state_dict:
            problem = _load_tensor(module, name, current, key, state_dict[key], assign)
            if problem is not None:
                error_msgs.append(problem)
        elif strict:
            missing_keys.append(key)

    extra_key = prefix + EXTRA_STATE_KEY
    if _overrides(module, "set_extra_state"):
        if extra_key in state_dict:
            module.set_extra_state(state_dict[extra_key])
        elif strict:
            missing_keys.append(extra_key)
    elif strict and extra_key in state_dict:
        unexpected_keys.append(extra_key)

    if strict:
        for key in state_dict:
            if not key.startswith(prefix) or key == extra_key:
                continue
            head, dot, _ = key[len(prefix) :].partition(".")
            if head not in (module._modules if dot else own):
                unexpected_keys.append(key)


def _load_tensor(module: Module, name: str, current: Tensor, key: str, value: Any, assign: bool) -> str | None:
    """Copy or assign one tensor; the error text if that cannot be."""
    if not isinstance(value, Tensor):
        return (
            f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like object from checkpoint '
            f"but received {type(value)}"
        )
    lazy = is_lazy(current)
    if not lazy and len(current.shape) == 0 and tuple(value.shape) == (1,):  # PyTorch 0.3 had no 0-d tensors
        value = value[0]
    if not lazy and value.shape != current.shape:
        return (
            f"size mismatch for {key}: copying a param with shape {value.shape} from checkpoint, "
            f"the shape in current model is {current.shape}."
        )
    if current.is_meta and not value.is_meta and not assign:
        warnings.warn(
            f"for {key}: copying from a non-meta parameter in the checkpoint to a meta parameter in the current model, "
            "which is a no-op. (Did you mean to pass `assign=True` to assign items in the state dictionary to their "
            "corresponding key in the module instead of copying them in place?)",
            stacklevel=2,
        )
    swap = conversion.get_swap_module_params_on_conversion()
    try:
        with no_grad():
            if swap:
                _swap_in(current, value, assign)
            elif not assign:
                current.copy_(value)
            else:
                setattr(module, name, _as_kind_of(current, value))
    except Exception as error:
        return (
            f'While {"swapping" if swap else "copying"} the parameter named "{key}", whose dimensions in the model are '
            f"{current.size()} and whose dimensions in the checkpoint are {value.size()}, an exception occurred : "
            f"{error.args}."
        )
    return None


def _as_kind_of(current: Tensor, value: Tensor) -> Tensor:
    """`value` as a parameter, where `current` is one, that is learned or frozen as that is."""
    if not isinstance(current, Parameter):
        return value
    if isinstance(value, Parameter):
        return value.requires_grad_(current.requires_grad)
    return Parameter(value, requires_grad=current.requires_grad)


def _swap_in(current: Tensor, value: Tensor, assign: bool) -> None:
    """Make `current` what `Tensor.module_load`, which subclasses may define, makes of `value`."""
    new = current.module_load(value, assign=assign)
    if new is value or new is current:
        raise RuntimeError(
            "module_load returned one of self or other, please .detach() the result if returning one of the inputs in "
            "module_load"
        )
    swap_tensors(current, _as_kind_of(current, new))


def load_state(module: Module, state_dict: Mapping[str, Any], strict: bool, assign: bool) -> _IncompatibleKeys:
    """Load a whole module tree; see `Module.load_state_dict`."""
    if not isinstance(state_dict, Mapping):
        raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
    missing: list[str] = []
    unexpected: list[str] = []
    errors: list[str] = []
    metadata: Mapping[str, dict[str, Any]] | None = getattr(state_dict, "_metadata", None)
    state: OrderedDict[str, Any] = OrderedDict(state_dict)  # hooks may change it
    if metadata is not None:
        state._metadata = metadata  # type: ignore[attr-defined]

    def load(target: Module, entries: dict[str, Any], prefix: str) -> None:
        local_metadata = {} if metadata is None else metadata.get(prefix[:-1], {})
        if assign:
            local_metadata["assign_to_params_buffers"] = assign
        target._load_from_state_dict(entries, prefix, local_metadata, True, missing, unexpected, errors)
        for name, child in target._modules.items():
            if child is not None:
                child_prefix = f"{prefix}{name}."
                load(child, {k: v for k, v in entries.items() if k.startswith(child_prefix)}, child_prefix)
        for hook in target._load_state_dict_post_hooks.values():
            if hook(target, _IncompatibleKeys(missing, unexpected)) is not None:
                raise AssertionError(
                    "Hooks registered with ``register_load_state_dict_post_hook`` are not "
                    "expected to return new values, if incompatible_keys need to be modified, "
                    "it should be done inplace."
                )

    load(module, state, "")
    if strict:
        if unexpected:
            errors.insert(0, f"Unexpected key(s) in state_dict: {_quoted(unexpected)}. ")
        if missing:
            errors.insert(0, f"Missing key(s) in state_dict: {_quoted(missing)}. ")
    if errors:
        listed = "\n\t".join(errors)
        raise RuntimeError(f"Error(s) in loading state_dict for {type(module).__name__}:\n\t{listed}")
    return _IncompatibleKeys(missing, unexpected)


def _quoted(keys: list[str]) -> str:
    return ", ".join(f'"{key}"' for key in keys)


def _overrides(module: Module, method: str) -> bool:
    from .module import Module  # the two files describe one class

    return getattr(type(module), method) is not getattr(Module, method)
