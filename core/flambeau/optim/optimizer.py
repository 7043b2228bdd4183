"""`Optimizer`: parameter groups, state, hooks around `step`, saving and loading.

Source: https://docs.pytorch.org/docs/stable/optim.html
"""

from __future__ import annotations

import functools
import warnings
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from copy import deepcopy
from itertools import chain
from typing import Any, TypeAlias

from .._tensor import Tensor
from ..autograd.modes import GradMode, enable_grad, set_grad_enabled
from ..autograd.node import RemovableHandle
from ..device import step_boundary
from ..dtype import float32, float64, get_default_dtype
from ..ops.conversion import typename
from ..ops.creation import tensor
from .together import update_together

Hook: TypeAlias = Callable[..., Any]
StateDict: TypeAlias = dict[str, Any]
ParamsT: TypeAlias = Iterable[Tensor] | Iterable[dict[str, Any]] | Iterable[tuple[str, Tensor]]

_global_optimizer_pre_hooks: OrderedDict[int, Hook] = OrderedDict()
_global_optimizer_post_hooks: OrderedDict[int, Hook] = OrderedDict()

_HOOK_TABLES = (
    "_optimizer_step_pre_hooks",
    "_optimizer_step_post_hooks",
    "_optimizer_state_dict_pre_hooks",
    "_optimizer_state_dict_post_hooks",
    "_optimizer_load_state_dict_pre_hooks",
    "_optimizer_load_state_dict_post_hooks",
)


class _Required:
    """Stands for a setting without a default: `Optimizer(params, {"lr": required})`."""

    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()


def register_optimizer_step_pre_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(optimizer, args, kwargs)` before every step of any optimizer.

    What it returns, if not None, replaces (args, kwargs).
    """
    return RemovableHandle(_global_optimizer_pre_hooks, hook)


def register_optimizer_step_post_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(optimizer, args, kwargs)` after every optimizer's step."""
    return RemovableHandle(_global_optimizer_post_hooks, hook)


def _hooked(step: Callable[..., Any]) -> Callable[..., Any]:
    """`step` with the hooks around it; a step called from a subclass's step runs as a part of that."""

    @functools.wraps(step)
    def wrapper(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        if self._stepping:
            return step(self, *args, **kwargs)
        self._stepping = True
        try:
            for pre_hook in chain(_global_optimizer_pre_hooks.values(), self._optimizer_step_pre_hooks.values()):
                changed = pre_hook(self, (self, *args), kwargs)
                if changed is None:
                    continue
                if not (isinstance(changed, tuple) and len(changed) == 2):
                    raise RuntimeError(
                        f"{step} must return None or a tuple of (new_args, new_kwargs), but got {changed}."
                    )
                (_, *args), kwargs = changed
            result = step(self, *args, **kwargs)
            self._opt_called = True
            step_boundary(self._device())
            for post_hook in chain(self._optimizer_step_post_hooks.values(), _global_optimizer_post_hooks.values()):
                post_hook(self, (self, *args), kwargs)
        finally:
            self._stepping = False
        return result

    wrapper.hooked = True  # type: ignore[attr-defined]
    return wrapper


class Optimizer:
    """Base class of optimizers. A subclass defines `step`.

    Args:
        params: tensors, (name, tensor) pairs, or dictionaries: parameter groups with settings of their own.
        defaults: the settings of groups that do not give them.

    Attributes:
        param_groups: list of dictionaries, each with "params" and settings such as "lr".
        state: what the optimizer remembers of each parameter.
    """

    _stepping = False
    _opt_called = False  # for lr schedulers, which warn if they step first

    _optimizer_step_pre_hooks: OrderedDict[int, Hook]
    _optimizer_step_post_hooks: OrderedDict[int, Hook]
    _optimizer_state_dict_pre_hooks: OrderedDict[int, Hook]
    _optimizer_state_dict_post_hooks: OrderedDict[int, Hook]
    _optimizer_load_state_dict_pre_hooks: OrderedDict[int, Hook]
    _optimizer_load_state_dict_post_hooks: OrderedDict[int, Hook]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        step: Any = cls.step  # its own, or that of a class beside Optimizer
        if step is not Optimizer.step and not getattr(step, "hooked", False):
            cls.step = _hooked(step)  # type: ignore[method-assign]

    def __init__(self, params: ParamsT, defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        for table in _HOOK_TABLES:
            setattr(self, table, OrderedDict())
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, "
                f"but got {typename(params)}"
            )
        self.state: defaultdict[Any, Any] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        groups: list[Any] = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def __getstate__(self) -> dict[str, Any]:
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for table in _HOOK_TABLES:
            self.__dict__.setdefault(table, OrderedDict())
        self.defaults.setdefault("differentiable", False)

    def __repr__(self) -> str:
        text = f"{type(self).__name__} ("
        for i, group in enumerate(self.param_groups):
            text += f"\nParameter Group {i}\n"
            text += "".join(f"    {key}: {group[key]}\n" for key in sorted(group) if key != "params")
        return text + ")"

    def _device(self) -> Any:
        """Where the first parameter is."""
        return next(p for group in self.param_groups for p in group["params"]).device

    # --- stepping -----------------------------------------------------------------------------------------------------

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update the parameters from their gradients.

        Args:
            closure: computes the loss again and returns it; most optimizers do not need it.
        """
        raise NotImplementedError

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop the gradients, or with `set_to_none=False` fill them with zeros."""
        for group in self.param_groups:
            for p in group["params"]:
                grad = p.grad
                if grad is None:
                    continue
                if set_to_none:
                    p.grad = None
                else:
                    if grad.grad_fn is not None:
                        grad.detach_()
                    else:
                        grad.requires_grad_(False)
                    grad.zero_()

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters, with settings of their own, to those that are optimized.

        Raises:
            TypeError: not a dictionary, a set, or not tensors.
            ValueError: a non-leaf, a setting missing, or a parameter that another group has.
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        given = param_group["params"]
        if isinstance(given, set):
            raise TypeError(
                "optimizer parameters need to be organized in ordered collections, but "
                "the ordering of tensors in sets will change between runs. Please use a list instead."
            )
        listed = [given] if isinstance(given, Tensor) else list(given)
        names = [p[0] for p in listed if isinstance(p, tuple)]
        params = [p[1] if isinstance(p, tuple) else p for p in listed]
        param_group["params"] = params
        if names:
            if len(names) != len(params):
                raise ValueError("all optimizer params should be with/without names. Some param names are missing")
            param_group["param_names"] = names
        for param in params:
            if not isinstance(param, Tensor):
                raise TypeError(f"optimizer can only optimize Tensors, but one of the params is {typename(param)}")
            if not self.defaults.get("differentiable") and not (param.is_leaf or param.retains_grad):
                raise ValueError("can't optimize a non-leaf Tensor")
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueError(f"parameter group didn't specify a value of required optimization parameter {name}")
            param_group.setdefault(name, default)
        if len(params) != len({id(p) for p in params}):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; "
                "in future, this will cause an error; "
                "see github.com/pytorch/pytorch/issues/40967 for more information",
                stacklevel=3,
            )
        for group in self.param_groups:
            if ("param_names" in param_group) != ("param_names" in group):
                kind = "with names" if "param_names" in param_group else "without names"
                raise ValueError(
                    "all optimizer param groups should be with/without names. "
                    f"cannot add param group {kind} to the optimizer"
                )
        taken = {id(p) for group in self.param_groups for p in group["params"]}
        if not taken.isdisjoint(id(p) for p in params):
            raise ValueError("some parameters appear in more than one parameter group")
        self.param_groups.append(param_group)

    # --- saving and loading -------------------------------------------------------------------------------------------

    def state_dict(self) -> StateDict:
        """{"state": {number of the parameter: its state}, "param_groups": [settings, with numbers for "params"]}."""
        for pre_hook in self._optimizer_state_dict_pre_hooks.values():
            pre_hook(self)
        numbers: dict[int, int] = {}
        start = 0
        groups = []
        for group in self.param_groups:
            for i, p in enumerate(group["params"], start):
                numbers.setdefault(id(p), i)
            packed = {key: value for key, value in group.items() if key != "params"}
            packed["params"] = [numbers[id(p)] for p in group["params"]]
            start += len(packed["params"])
            groups.append(packed)
        state = {numbers[id(key)] if isinstance(key, Tensor) else key: value for key, value in self.state.items()}
        result: StateDict = {"state": state, "param_groups": groups}
        for post_hook in self._optimizer_state_dict_post_hooks.values():
            changed = post_hook(self, result)
            if changed is not None:
                result = changed
        return result

    def load_state_dict(self, state_dict: StateDict) -> None:
        """Take over state and settings; state is cast to the dtype and device of its parameter.

        Raises:
            ValueError: other groups, or groups of other sizes.
        """
        state_dict = state_dict.copy()
        for pre_hook in self._optimizer_load_state_dict_pre_hooks.values():
            changed = pre_hook(self, state_dict)
            if changed is not None:
                state_dict = changed
        saved_groups = deepcopy(state_dict["param_groups"])
        if len(self.param_groups) != len(saved_groups):
            raise ValueError("loaded state dict has a different number of parameter groups")
        for group, saved in zip(self.param_groups, saved_groups, strict=True):
            if len(group["params"]) != len(saved["params"]):
                raise ValueError(
                    "loaded state dict contains a parameter group that doesn't match the size of optimizer's group"
                )
        by_number = {
            number: (p, saved)
            for group, saved in zip(self.param_groups, saved_groups, strict=True)
            for number, p in zip(list(saved["params"]), group["params"], strict=True)
        }
        state: defaultdict[Any, Any] = defaultdict(dict)
        for key, value in state_dict["state"].items():
            if key in by_number:
                param, saved = by_number[key]
                state[param] = _fit(value, param, saved, None)
            else:
                state[key] = value
        for group, saved in zip(self.param_groups, saved_groups, strict=True):
            saved["params"] = group["params"]
            if "param_names" in group:
                saved.setdefault("param_names", group["param_names"])
        self.__setstate__({"state": state, "param_groups": saved_groups})
        for post_hook in self._optimizer_load_state_dict_post_hooks.values():
            post_hook(self)

    # --- hooks --------------------------------------------------------------------------------------------------------

    def register_step_pre_hook(self, hook: Hook) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` before `step`; what it returns, if not None, replaces (args, kwargs)."""
        return RemovableHandle(self._optimizer_step_pre_hooks, hook)

    def register_step_post_hook(self, hook: Hook) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` after `step`."""
        return RemovableHandle(self._optimizer_step_post_hooks, hook)

    def register_state_dict_pre_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer)` before `state_dict`."""
        return _register(self._optimizer_state_dict_pre_hooks, hook, prepend)

    def register_state_dict_post_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer, state_dict)` after; what it returns, if not None, replaces the dictionary."""
        return _register(self._optimizer_state_dict_post_hooks, hook, prepend)

    def register_load_state_dict_pre_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer, state_dict)` before loading; what it returns, if not None, is loaded instead."""
        return _register(self._optimizer_load_state_dict_pre_hooks, hook, prepend)

    def register_load_state_dict_post_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer)` after loading."""
        return _register(self._optimizer_load_state_dict_post_hooks, hook, prepend)


class GradientOptimizer(Optimizer):
    """An optimizer that updates each parameter from its own gradient and state.

    A subclass says what it remembers at first (`_begin`), and what a step does to a parameter (`_update`).
    """

    _elementwise = True  # whether each element is updated by itself: then many small parameters are as one
    grad_scale: Tensor | None = None  # set by a GradScaler around a step of a fused optimizer...
    found_inf: Tensor | None = None  # ...which then unscales the gradients, and skips the step if one is not finite

    def _begin(self, param: Tensor, grad: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        """The state of a parameter before its first step."""
        raise NotImplementedError

    def _update(self, param: Tensor, grad: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        """Change `param` and `state` in place; gradients are not recorded unless "differentiable" is set."""
        raise NotImplementedError

    def _update_group(self, params: list[Tensor], grads: list[Tensor], group: dict[str, Any]) -> None:
        states = [self._state_of(param, grad, group) for param, grad in zip(params, grads, strict=True)]
        if self._elementwise and not group.get("differentiable"):
            params, grads, states = update_together(self._update, params, grads, states, group)
        maximize = group.get("maximize")
        for param, grad, state in zip(params, grads, states, strict=True):
            self._update(param, -grad if maximize else grad, state, group)

    def _state_of(self, param: Tensor, grad: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        state: dict[str, Any] = self.state[param]
        if not state:
            state.update(self._begin(param, grad, group))
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        known = set(state.get("defaults") or self.__dict__.get("defaults", ()))
        super().__setstate__(state)
        for group in self.param_groups:
            for name in ("foreach", "maximize", "differentiable", "capturable", "fused"):
                if name in known:  # settings that older checkpoints do not have
                    group.setdefault(name, None if name in ("foreach", "fused") else False)
            for p in group["params"]:
                saved = self.state.get(p)
                if saved:
                    for name in ("step", "eta", "mu", "mu_product"):
                        if name in saved and not isinstance(saved[name], Tensor):
                            saved[name] = number(float(saved[name]))

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient.

        Args:
            closure: computes the loss again and returns it; `step` returns that.

        Raises:
            AssertionError: "capturable" for a parameter in the process's memory, as PyTorch.
            RuntimeError: a sparse gradient.
        """
        with set_grad_enabled(bool(self.defaults.get("differentiable"))):
            loss = None
            if closure is not None:
                with enable_grad():
                    loss = closure()
            if self.found_inf is not None and self.found_inf.item():
                return loss
            for group in self.param_groups:
                pairs = [(p, grad) for p in group["params"] if (grad := p.grad) is not None]
                params, grads = [p for p, _ in pairs], [grad for _, grad in pairs]
                self._refuse(params, grads, group)
                if self.grad_scale is not None:
                    scale = self.grad_scale.item()
                    grads = [grad / scale for grad in grads]
                self._update_group(params, grads, group)
        return loss

    def _refuse(self, params: list[Tensor], grads: list[Tensor], group: dict[str, Any]) -> None:
        for grad in grads:
            if grad.is_sparse:
                raise RuntimeError(f"{type(self).__name__} does not support sparse gradients")
        if group.get("capturable") and any(p.is_cpu for p in params):
            devices = list(_CAPTURABLE if self._capturable_on_xla else _CAPTURABLE[:-1])
            raise AssertionError(
                f"If capturable=True, {self._capturable_tensors} must be on supported devices: {devices}."
            )

    _capturable_tensors = "params and state_steps"
    _capturable_on_xla = True


_CAPTURABLE = ("cuda", "xpu", "hpu", "privateuseone", "xla")  # PyTorch's list, for its text


def number(value: float) -> Tensor:
    """A count or rate in an optimizer's state: on the CPU, where it is read in every step."""
    return tensor(value, dtype=float64 if get_default_dtype() is float64 else float32)


def put(target: Tensor, value: Tensor) -> None:
    """Write `value` into `target`; recorded only where gradients are."""
    if GradMode.enabled:
        target.copy_(value)
    else:
        target._write(value._array())


def written(*tensors: Tensor) -> None:
    """Take note of writes to the arrays of tensors."""
    for t in tensors:
        if t._tracked:
            t._storage.version += 1


def as_number(value: Any) -> Any:
    """A setting that may be a tensor of one element, as a Python number."""
    return value.item() if isinstance(value, Tensor) else value


def check_lr(lr: Any) -> None:
    """Raise PyTorch's errors for a learning rate that is none.

    Raises:
        ValueError: it is negative, or a tensor of several elements.
    """
    if isinstance(lr, Tensor) and lr.numel() != 1:
        raise ValueError("Tensor lr must be 1-element")
    if not as_number(lr) >= 0.0:
        raise ValueError(f"Invalid learning rate: {lr}")


def check_not_negative(**settings: float) -> None:
    """Raise PyTorch's `Invalid <name> value: <value>` for a negative setting."""
    for name, value in settings.items():
        if not value >= 0.0:
            raise ValueError(f"Invalid {name} value: {value}")


def check_betas(betas: tuple[Any, Any]) -> None:
    """Raise PyTorch's error for a decay rate outside [0, 1)."""
    for i, beta in enumerate(betas):
        if not 0.0 <= as_number(beta) < 1.0:
            raise ValueError(f"Invalid beta parameter at index {i}: {beta}")


def _register(table: OrderedDict[int, Hook], hook: Hook, prepend: bool) -> RemovableHandle:
    handle = RemovableHandle(table, hook)
    if prepend:
        table.move_to_end(handle.id, last=False)
    return handle


def _fit(value: Any, param: Tensor, group: dict[str, Any], key: Any) -> Any:
    """A copy of saved state with its tensors in the dtype and on the device of the parameter."""
    if isinstance(value, Tensor):
        if key == "step" and not (group.get("capturable") or group.get("fused")):
            return value
        if param.is_floating_point() and key != "step":
            return value.to(dtype=param.dtype, device=param.device)
        return value.to(device=param.device)
    if isinstance(value, dict):
        return {k: _fit(v, param, group, k) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_fit(v, param, group, None) for v in value)
    return value


def __getattr__(name: str) -> Any:
    if not name.startswith("__"):
        from . import building_blocks

        if name in vars(building_blocks):
            return getattr(building_blocks, name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
