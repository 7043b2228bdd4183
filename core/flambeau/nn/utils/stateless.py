"""A module called with other tensors in the place of its parameters and buffers.

Source: https://docs.pytorch.org/docs/stable/generated/torch.func.functional_call.html
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..._tensor import Tensor
from ..module import Module

__all__ = ["functional_call"]

_ABSENT: Any = object()


def functional_call(
    module: Module,
    parameters_and_buffers: dict[str, Tensor],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """`module(*args, **kwargs)` with tensors of one's own. Deprecated by PyTorch for `torch.func.functional_call`.

    Args:
        parameters_and_buffers: tensors by dotted name; the module's own stand in for those left out. Buffers that the
            call replaces are replaced here.
        args: a tuple, or the one argument.
        tie_weights: what the module has under several names is replaced under all of them.
        strict: every parameter and buffer must be given, and nothing else.

    Raises:
        ValueError: two tensors for one that the module has under two names.
        RuntimeError: the names are not the module's, with `strict`.
    """
    warnings.warn(
        "`torch.nn.utils.stateless.functional_call` is deprecated as of PyTorch 2.0 "
        "and will be removed in a future version of PyTorch. "
        "Please use `torch.func.functional_call` instead which is a drop-in replacement.",
        FutureWarning,
        stacklevel=2,
    )
    return _functional_call(module, parameters_and_buffers, args, kwargs, tie_weights=tie_weights, strict=strict)


def _functional_call(
    module: Module,
    parameters_and_buffers: dict[str, Tensor],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    if type(module).__name__ == "DataParallel":
        raise RuntimeError("The stateless API can't be used with nn.DataParallel module")
    if args is None:
        args = ()
    elif not isinstance(args, tuple):
        args = (args,)
    with _reparametrize_module(module, parameters_and_buffers, tie_weights=tie_weights, strict=strict):
        return module(*args, **(kwargs or {}))


@contextmanager
def _reparametrize_module(
    module: Module,
    parameters_and_buffers: dict[str, Tensor],
    tie_weights: bool = False,
    strict: bool = False,
    stack_weights: bool = False,
) -> Iterator[None]:
    """A context in which the module has other tensors."""
    wanted = _with_ties(module, parameters_and_buffers) if tie_weights else parameters_and_buffers
    if strict:
        _check_names(module, wanted)
    before: dict[str, Any] = {}
    try:
        for name, tensor in wanted.items():
            before[name] = _swap(module, name, tensor)
        yield
    finally:
        names = reversed(before) if stack_weights else iter(before)
        after = {name: _swap(module, name, before[name]) for name in names}
        parameters_and_buffers.update({name: after[name] for name in parameters_and_buffers if name in after})


def _with_ties(module: Module, given: dict[str, Tensor]) -> dict[str, Tensor]:
    """What was given, also for the other names of the same tensors."""
    names_of: dict[int, set[str]] = {}
    for members in (module.named_parameters, module.named_buffers):
        for name, tensor in members(remove_duplicate=False):
            names_of.setdefault(id(tensor), set()).add(name)
    tied = {name: names for names in names_of.values() if len(names) > 1 for name in names}
    complete = dict(given)
    for name in given:
        names = tied.get(name, set())
        values = [given[other] for other in names if other in given]
        if any(value is not values[0] for value in values[1:]):
            raise ValueError(
                f"functional_call got multiple values for keys {sorted(names)}, which are tied. Consider using "
                "tie_weights=False"
            )
        complete.update(dict.fromkeys(names, given[name]))
    return complete


def _check_names(module: Module, given: dict[str, Tensor]) -> None:
    own = [name for name, _ in module.named_parameters(remove_duplicate=False)]
    own += [name for name, _ in module.named_buffers(remove_duplicate=False)]
    problems = []
    unexpected = sorted(set(given) - set(own))
    missing = sorted(set(own) - set(given))
    if unexpected:
        problems.append(f"Unexpected key(s): {', '.join(map(repr, unexpected))}.")
    if missing:
        problems.append(f"Missing key(s): {', '.join(map(repr, missing))}.")
    if problems:
        listed = "\n\t".join(problems)
        raise RuntimeError(f"Error(s) in reparametrizing for {module._get_name()}:\n\t{listed}")


def _swap(module: Module, path: str, tensor: Any) -> Any:
    """Put a tensor at a dotted name, and return what was there."""
    *parents, name = path.split(".")
    owner = module
    for i, parent in enumerate(parents):
        if not hasattr(owner, parent):
            raise AttributeError(f"{owner._get_name()} has no attribute `{parent}`")
        inner = getattr(owner, parent)
        if not isinstance(inner, Module):
            raise TypeError(f"submodule `{'.'.join(parents[: i + 1])}`: {inner} is not an instance of torch.nn.Module")
        owner = inner
    if tensor is not None and tensor is not _ABSENT and not isinstance(tensor, Tensor):
        raise TypeError(f"{tensor} is not an instance of torch.Tensor")
    if name == "":
        raise KeyError('tensor name can\'t be empty string ""')
    for table in (owner._parameters, owner._buffers):
        if name in table:
            old = table[name]
            if tensor is _ABSENT:
                del table[name]
            else:
                table[name] = tensor
            return old
    old = getattr(owner, name, _ABSENT)
    if old is not _ABSENT and old is not None and not isinstance(old, Tensor):
        raise TypeError(f"attribute `{name}`: {old} is not an instance of torch.Tensor")
    if tensor is not _ABSENT:
        setattr(owner, name, tensor)
    elif hasattr(owner, name):
        delattr(owner, name)
    return old
