"""Hooks that see every module, and the machinery of backward hooks.

A module's own hooks are registered with its methods (`module.py`); those here fire for all modules, before the module's
own. Each `register_*` returns a handle whose `remove()` takes the hook away again.
"""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from .._tensor import Tensor
from ..autograd.function import Function
from ..autograd.modes import is_grad_enabled
from ..autograd.node import RemovableHandle

if TYPE_CHECKING:
    from .module import Module

Hook: TypeAlias = Callable[..., Any]
HookTable: TypeAlias = "OrderedDict[int, Hook]"

global_forward_pre_hooks: HookTable = OrderedDict()
global_forward_hooks: HookTable = OrderedDict()
global_forward_hooks_with_kwargs: OrderedDict[int, bool] = OrderedDict()
global_forward_hooks_always_called: OrderedDict[int, bool] = OrderedDict()
global_backward_pre_hooks: HookTable = OrderedDict()
global_backward_hooks: HookTable = OrderedDict()
global_parameter_registration_hooks: HookTable = OrderedDict()
global_module_registration_hooks: HookTable = OrderedDict()
global_buffer_registration_hooks: HookTable = OrderedDict()

# Whether the global backward hooks are full ones; None while there are none.
_global_backward_hooks_are_full: bool | None = None


def add_hook(
    table: HookTable, hook: Hook, *marks: tuple[OrderedDict[int, bool], bool], prepend: bool = False
) -> RemovableHandle:
    """Put `hook` into `table` under a new id, and that id into each of `marks` that is wanted."""
    handle = RemovableHandle(table, hook, [mark for mark, wanted in marks if wanted])
    if prepend:
        table.move_to_end(handle.id, last=False)
    return handle


def register_module_forward_pre_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(module, args)` before every module's forward; what it returns, if not None, replaces the arguments."""
    return add_hook(global_forward_pre_hooks, hook)


def register_module_forward_hook(
    hook: Hook, *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Call `hook(module, args, output)` after every module's forward; its result, if not None, replaces the output.

    With `with_kwargs` the signature is `hook(module, args, kwargs, output)`; with `always_call` it also runs when
    forward raised.
    """
    return add_hook(
        global_forward_hooks,
        hook,
        (global_forward_hooks_with_kwargs, with_kwargs),
        (global_forward_hooks_always_called, always_call),
    )


def register_module_full_backward_pre_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(module, grad_output)` before the gradients of any module's inputs are computed."""
    return add_hook(global_backward_pre_hooks, hook)


def register_module_full_backward_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(module, grad_input, grad_output)` whenever the gradients of any module's inputs are known.

    Raises:
        RuntimeError: hooks of the older kind (`register_module_backward_hook`) are registered.
    """
    global _global_backward_hooks_are_full
    if _global_backward_hooks_are_full is False:
        raise RuntimeError(
            "Cannot use both regular backward hooks and full backward hooks as a global Module hook. "
            "Please use only one of them."
        )
    _global_backward_hooks_are_full = True
    return add_hook(global_backward_hooks, hook)


def register_module_backward_hook(hook: Hook) -> RemovableHandle:
    """Deprecated by PyTorch: the gradients are those of the last operation in forward, not of the module's inputs.

    Raises:
        RuntimeError: full backward hooks are registered.
    """
    global _global_backward_hooks_are_full
    if _global_backward_hooks_are_full is True:
        raise RuntimeError(
            "Cannot use both regular backward hooks and full backward hooks as a global Module hook. "
            "Please use only one of them."
        )
    _global_backward_hooks_are_full = False
    return add_hook(global_backward_hooks, hook)


def register_module_parameter_registration_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(module, name, parameter)` when one is registered; its result, if not None, is registered instead."""
    return add_hook(global_parameter_registration_hooks, hook)


def register_module_module_registration_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(module, name, submodule)` when one is registered; its result, if not None, is registered instead."""
    return add_hook(global_module_registration_hooks, hook)


def register_module_buffer_registration_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(module, name, buffer)` when a buffer is registered; its result, if not None, is registered instead."""
    return add_hook(global_buffer_registration_hooks, hook)


def has_global_hooks() -> bool:
    """True if any hook above fires around `forward` or in backward."""
    return bool(global_forward_pre_hooks or global_forward_hooks or global_backward_pre_hooks or global_backward_hooks)


def backward_hooks_of(module: Module) -> tuple[list[Hook], list[Hook]]:
    """The (full, older) backward hooks that apply to a module, global ones first."""
    full: list[Hook] = []
    older: list[Hook] = []
    (full if _global_backward_hooks_are_full else older).extend(global_backward_hooks.values())
    (full if module._is_full_backward_hook else older).extend(module._backward_hooks.values())
    return full, older


def run_forward_hooks(module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """`module.forward(*args, **kwargs)` with all hooks around it."""
    result: Any = None
    called: set[int] = set()

    def call() -> Any:
        nonlocal args, kwargs, result
        backward_pre_hooks = [*global_backward_pre_hooks.values(), *module._backward_pre_hooks.values()]
        full_hooks, older_hooks = backward_hooks_of(module)
        args, kwargs = _run_pre_hooks(module, args, kwargs)
        capture = None
        if full_hooks or backward_pre_hooks:
            capture = BackwardHooks(module, full_hooks, backward_pre_hooks)
            args = capture.watch_inputs(args)
        result = module.forward(*args, **kwargs)
        for hook_id, hook in (*global_forward_hooks.items(), *module._forward_hooks.items()):
            called.add(hook_id)
            changed = _call_forward_hook(module, hook_id, hook, args, kwargs, result)
            if changed is not None:
                result = changed
        if capture is not None:
            if not isinstance(result, (Tensor, tuple)):
                warnings.warn(
                    "For backward hooks to be called, module output should be a Tensor or a tuple of Tensors"
                    f" but received {type(result)}",
                    stacklevel=4,
                )
            result = capture.watch_outputs(result)
        if older_hooks:
            _attach_older_hooks(module, older_hooks, args, result)
        return result

    try:
        return call()
    except Exception:
        for kind, hooks, always in (
            ("global module", global_forward_hooks, global_forward_hooks_always_called),
            ("module", module._forward_hooks, module._forward_hooks_always_called),
        ):
            for hook_id, hook in hooks.items():
                if hook_id not in always or hook_id in called:
                    continue
                try:
                    changed = _call_forward_hook(module, hook_id, hook, args, kwargs, result)
                    if changed is not None:
                        result = changed
                except Exception as error:
                    warnings.warn(
                        f"{kind} forward hook with ``always_call=True`` raised an exception "
                        f"that was silenced as another error was raised in forward: {error}",
                        stacklevel=3,
                    )
        raise


def _run_pre_hooks(
    module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    for hook_id, hook in (*global_forward_pre_hooks.items(), *module._forward_pre_hooks.items()):
        if hook_id in module._forward_pre_hooks_with_kwargs:
            changed = hook(module, args, kwargs)
            if changed is None:
                continue
            if not (isinstance(changed, tuple) and len(changed) == 2):
                raise RuntimeError(
                    f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {changed}."
                )
            args, kwargs = changed
        else:
            changed = hook(module, args)
            if changed is not None:
                args = changed if isinstance(changed, tuple) else (changed,)
    return args, kwargs


def _call_forward_hook(
    module: Module, hook_id: int, hook: Hook, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
) -> Any:
    if hook_id in module._forward_hooks_with_kwargs or hook_id in global_forward_hooks_with_kwargs:
        return hook(module, args, kwargs, result)
    return hook(module, args, result)


def _attach_older_hooks(module: Module, hooks: list[Hook], args: tuple[Any, ...], result: Any) -> None:
    output = result
    while not isinstance(output, Tensor):
        output = next(v for v in output.values() if isinstance(v, Tensor)) if isinstance(output, dict) else output[0]
    node = output.grad_fn
    if node is None:
        return
    for hook in hooks:
        node.register_hook(partial(hook, module))
    missing = _what_older_hooks_miss(args, result, node)
    if missing is not None:
        warnings.warn(missing, FutureWarning, stacklevel=5)


def _what_older_hooks_miss(args: tuple[Any, ...], result: Any, node: Any) -> str | None:
    """PyTorch's warning for a call whose gradients an older backward hook does not see in full, or None."""
    outputs = result if isinstance(result, tuple) else (result,)
    documented = "Please use register_full_backward_hook to get the documented behavior."
    if not all(isinstance(output, Tensor) for output in outputs):
        return (
            "Using non-full backward hooks on a Module that does not return a single Tensor or a tuple of Tensors is "
            "deprecated and will be removed in future versions. This hook will be missing some of the grad_output. "
            f"{documented}"
        )
    if not all(isinstance(arg, Tensor) for arg in args):
        return (
            "Using non-full backward hooks on a Module that does not take as input a single Tensor or a tuple of "
            "Tensors is deprecated and will be removed in future versions. This hook will be missing some of the "
            f"grad_input. {documented}"
        )
    output_nodes = {output.grad_fn for output in outputs if output.grad_fn is not None}
    if len(output_nodes) > 1:
        return (
            "Using a non-full backward hook when outputs are generated by different autograd Nodes is deprecated and "
            f"will be removed in future versions. This hook will be missing some grad_output. {documented}"
        )
    if {arg.grad_fn for arg in args if arg.grad_fn is not None} != {parent for parent, _ in node.next_functions}:
        return (
            "Using a non-full backward hook when the forward contains multiple autograd Nodes is deprecated and will "
            f"be removed in future versions. This hook will be missing some grad_input. {documented}"
        )
    return None


class BackwardHookFunction(Function):
    """Identity on its tensors: one node through which all their gradients pass together."""

    @staticmethod
    def forward(ctx: Any, *tensors: Tensor) -> tuple[Tensor, ...]:
        ctx.mark_non_differentiable(*[t for t in tensors if not t.requires_grad])
        return tensors

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        return grads


class BackwardHooks:
    """One call's full backward hooks: a node before the module gathers the gradients of its inputs, one after it
    those of its outputs.

    Arguments that are not tensors appear as None in what the hooks see.
    """

    def __init__(self, module: Module, hooks: Sequence[Hook], pre_hooks: Sequence[Hook]) -> None:
        self.module = module
        self.hooks = hooks
        self.pre_hooks = pre_hooks
        self.grad_outputs: tuple[Any, ...] | None = None
        self.input_positions: list[int] | None = None
        self.output_positions: list[int] | None = None
        self.input_count = self.output_count = 0

    def watch_inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        self.input_count = len(args)
        args, self.input_positions = self._through_node(args, self._on_input_grads)
        return args

    def watch_outputs(self, result: Any) -> Any:
        outputs = result if isinstance(result, tuple) else (result,)
        self.output_count = len(outputs)
        outputs, self.output_positions = self._through_node(outputs, self._on_output_grads)
        return outputs if isinstance(result, tuple) else outputs[0]

    @staticmethod
    def _through_node(values: tuple[Any, ...], hook: Hook) -> tuple[tuple[Any, ...], list[int] | None]:
        positions = [i for i, value in enumerate(values) if isinstance(value, Tensor)]
        if not (is_grad_enabled() and any(values[i].requires_grad for i in positions)):
            return values, None
        passed = BackwardHookFunction.apply(*[values[i] for i in positions])
        node = next(t.grad_fn for t in passed if t.grad_fn is not None)
        node.register_hook(hook)
        changed = list(values)
        for i, tensor in zip(positions, passed, strict=True):
            changed[i] = tensor
        if type(values) is tuple:
            return tuple(changed), positions
        return type(values)(*changed), positions  # a namedtuple

    def _on_input_grads(self, grad_input: tuple[Any, ...], _: Any) -> tuple[Any, ...] | None:
        if self.grad_outputs is None:
            return None  # the gradient reached the inputs without passing the outputs, as in double backward
        assert self.input_positions is not None
        grads = _spread(self.input_positions, grad_input, self.input_count)
        for hook in self.hooks:
            changed = hook(self.module, grads, self.grad_outputs)
            if changed is None:
                continue
            if isinstance(changed, Tensor):
                changed = (changed,)
            if len(changed) != len(grads):
                raise RuntimeError(
                    "Backward hook returned an invalid number of grad_input, "
                    f"got {len(changed)}, but expected {len(grads)}"
                )
            grads = changed
        self.grad_outputs = None
        return tuple(grads[i] for i in self.input_positions)

    def _on_output_grads(self, _: Any, grad_output: tuple[Any, ...]) -> tuple[Any, ...]:
        assert self.output_positions is not None
        grads = _spread(self.output_positions, grad_output, self.output_count)
        for hook in self.pre_hooks:
            changed = hook(self.module, grads)
            if changed is None:
                continue
            if isinstance(changed, Tensor):
                changed = (changed,)
            if len(changed) != len(grads):
                raise RuntimeError(
                    "Backward pre hook returned an invalid number of grad_output, "
                    f"got {len(changed)}, but expected {len(grads)}"
                )
            grads = changed
        self.grad_outputs = grads
        if self.input_positions is None:  # no input takes part in autograd: nothing else will call the hooks
            warnings.warn(
                "Full backward hook is firing when gradients are computed "
                "with respect to module outputs since no inputs require gradients. See "
                "https://docs.pytorch.org/docs/main/generated/torch.nn.Module.html#"
                "torch.nn.Module.register_full_backward_hook for more details.",
                stacklevel=5,
            )
            for hook in self.hooks:
                changed = hook(self.module, (None,) * self.input_count, grads)
                if changed is not None and not (isinstance(changed, tuple) and all(g is None for g in changed)):
                    raise RuntimeError(
                        "Backward hook for Modules where no input requires "
                        "gradient should always return None or None for all gradients."
                    )
            self.grad_outputs = None
        return tuple(grads[i] for i in self.output_positions)


def _spread(positions: Sequence[int], values: Sequence[Any], count: int) -> tuple[Any, ...]:
    spread: list[Any] = [None] * count
    for position, value in zip(positions, values, strict=True):
        spread[position] = value
    return tuple(spread)
