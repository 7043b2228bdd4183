"""Activation checkpointing: what a part of a model saved for backward is thrown away, and computed again when it is needed.

The variant without reentry is a pair of hooks on saved tensors (`autograd.saved`): going forward each tensor is replaced by its
number, and the first number that a backward pass asks for makes the function run again, collecting.
Source: https://docs.pytorch.org/docs/stable/checkpoint.html
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any
from weakref import WeakKeyDictionary

from .. import random
from .._tensor import Tensor, gradient_edge
from ..autograd import backward, enable_grad, engine, no_grad, saved
from ..autograd import node as graph
from ..autograd.function import Function
from ..autograd.graph import saved_tensors_hooks
from ..autograd.modes import is_grad_enabled

__all__ = [
    "CheckpointError", "CheckpointFunction", "DefaultDeviceType", "check_backward_validity", "checkpoint",
    "checkpoint_sequential", "detach_variable", "get_device_states", "noop_context_fn", "set_checkpoint_debug_enabled",
    "set_checkpoint_early_stop", "set_device_states",
]  # fmt: skip

Contexts = tuple[AbstractContextManager[Any], AbstractContextManager[Any]]

_TIP = (
    "\nTip: To see a more detailed error message, either pass `debug=True` to\n`torch.utils.checkpoint.checkpoint(...)` or wrap the "
    "code block\nwith `with torch.utils.checkpoint.set_checkpoint_debug_enabled(True):` to\nenable checkpoint\u2011debug mode "
    "globally.\n"
)

_debug: bool | None = None
_early_stop: bool | None = None


class CheckpointError(RuntimeError):
    """The function did not do the same when it ran again."""


@contextmanager
def set_checkpoint_debug_enabled(enabled: bool | None) -> Iterator[None]:
    """A context in which checkpoints tell more in errors, or not, whatever they were told; None leaves it to them."""
    global _debug
    before, _debug = _debug, enabled
    try:
        yield
    finally:
        _debug = before


@contextmanager
def set_checkpoint_early_stop(enable: bool) -> Iterator[None]:
    """A context whose checkpoints stop running again as soon as all is there that backward needs, or do not."""
    global _early_stop
    before, _early_stop = _early_stop, enable
    try:
        yield
    finally:
        _early_stop = before


class DefaultDeviceType:
    """The device type that checkpoints take where arguments do not tell: here the random states of all are kept."""

    _default_device_type: str | None = None

    @staticmethod
    def set_device_type(device: str = "cuda") -> None:
        """Set it."""
        DefaultDeviceType._default_device_type = device

    @staticmethod
    def get_device_type() -> str:
        """The one that was set, or "cpu"."""
        return DefaultDeviceType._default_device_type or "cpu"


def detach_variable(inputs: Any) -> tuple[Any, ...]:
    """The tensors of a tuple as leaves that require grad as they did.

    Raises:
        RuntimeError: it is no tuple.
    """
    if not isinstance(inputs, tuple):
        raise RuntimeError(f"Only tuple of tensors is supported. Got Unsupported input type: {type(inputs).__name__}")
    made = []
    for x in inputs:
        if isinstance(x, Tensor):
            needed = x.requires_grad
            x = x.detach()
            x.requires_grad = needed
        made.append(x)
    return tuple(made)


def check_backward_validity(inputs: Iterable[Any]) -> None:
    """Warn where no tensor requires grad."""
    if not any(x.requires_grad for x in inputs if isinstance(x, Tensor)):
        warnings.warn("None of the inputs have requires_grad=True. Gradients will be None", stacklevel=2)


def get_device_states(*args: Any) -> tuple[list[int], list[Tensor]]:
    """The devices other than the CPU that tensors are on, by number, and the states of their generators."""
    places = [a.device for a in args if isinstance(a, Tensor) and a.device.type not in ("cpu", "meta")]
    return [p.index or 0 for p in places], [random.default_generator_of(p).get_state() for p in places]


def set_device_states(devices: Any, states: Any, *, device_type: str | None = None) -> None:
    """Put back what `get_device_states` gave."""
    from ..device import device

    kind = DefaultDeviceType.get_device_type() if device_type is None else device_type
    for number, state in zip(devices, states, strict=False):
        random.default_generator_of(device(kind, number)).set_state(state)


def noop_context_fn() -> Contexts:
    """Two contexts that do nothing."""
    return nullcontext(), nullcontext()


class _Surroundings:
    """What a function ran in, to run it there again: the states of all generators, and autocast."""

    def __init__(self, preserve_rng_state: bool) -> None:
        self.states = {d: g.state_bytes() for d, g in random._defaults.items()} if preserve_rng_state else None
        self.autocast = _autocast_contexts()

    @contextmanager
    def again(self) -> Iterator[None]:
        """As it was; after it, everything is as before."""
        with random.fork_rng(enabled=self.states is not None), _all(self.autocast()):
            for place, state in (self.states or {}).items():
                random.default_generator_of(place).set_state_bytes(state)
            yield


def _autocast_contexts() -> Callable[[], list[AbstractContextManager[Any]]]:
    """What makes autocast as it is now, where it has been used at all."""
    import sys

    amp: Any = sys.modules.get("flambeau.amp")
    capture = getattr(amp, "current_contexts", None)
    return capture() if capture is not None else list


@contextmanager
def _all(contexts: list[AbstractContextManager[Any]]) -> Iterator[None]:
    from contextlib import ExitStack

    with ExitStack() as stack:
        for c in contexts:
            stack.enter_context(c)
        yield


# --- with reentry -----------------------------------------------------------------------------------------------------


class CheckpointFunction(Function):
    """A function that runs unrecorded, and in backward again, recorded, with a backward pass of its own."""

    @staticmethod
    def forward(ctx: Any, run_function: Callable[..., Any], preserve_rng_state: bool, *args: Any) -> Any:
        """Run without recording."""
        check_backward_validity(args)
        ctx.run_function = run_function
        ctx.surroundings = _Surroundings(preserve_rng_state)
        ctx.inputs = [None if isinstance(a, Tensor) else a for a in args]
        ctx.tensor_indices = [i for i, a in enumerate(args) if isinstance(a, Tensor)]
        ctx.save_for_backward(*[args[i] for i in ctx.tensor_indices])
        with no_grad():
            return run_function(*args)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        """Run again and differentiate."""
        if engine.task is not None and engine.task.partial:
            raise RuntimeError(
                "When use_reentrant=True, torch.utils.checkpoint is incompatible with .grad() or passing an `inputs` parameter "
                "to .backward(). To resolve this error, you can either set use_reentrant=False, or call .backward() without "
                "passing the `inputs` argument."
            )
        inputs = list(ctx.inputs)
        for i, t in zip(ctx.tensor_indices, ctx.saved_tensors, strict=True):
            inputs[i] = t
        detached = detach_variable(tuple(inputs))
        with ctx.surroundings.again(), enable_grad():
            outputs = ctx.run_function(*detached)
        outputs = (outputs,) if isinstance(outputs, Tensor) else outputs
        pairs = [(y, g) for y, g in zip(outputs, grads, strict=True) if isinstance(y, Tensor) and y.requires_grad]
        if not pairs:
            raise RuntimeError("none of output has requires_grad=True, this checkpoint() is not necessary")
        backward([y for y, _ in pairs], [g for _, g in pairs])
        return (None, None, *[x.grad if isinstance(x, Tensor) else None for x in detached])


# --- without ----------------------------------------------------------------------------------------------------------


class _Stop(Exception):
    """Everything that was asked for has been computed again."""


def _metadata(x: Tensor) -> dict[str, Any]:
    return {"shape": x.shape, "dtype": x.dtype, "device": x.device}


_CHECKS: dict[str, Callable[[Tensor], Any]] = {"default": _metadata, "none": lambda x: None}


class _Slot:
    """Stands for the tensor that was saved as the n-th."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number


class _Frame:
    """One call of a checkpointed function."""

    def __init__(
        self, run: Callable[..., Any], args: tuple[Any, ...], early_stop: bool, describe: Any, names: list[str] | None
    ) -> None:
        self.run = run
        self.early_stop = early_stop
        self.describe = describe
        self.seen: list[Any] = []  # of each tensor saved going forward, what `describe` says
        self.names = names
        self.finished = False
        self.lenient = False
        self.found: WeakKeyDictionary[Any, dict[int, Tensor]] = WeakKeyDictionary()
        hooks = saved.current()
        # The arguments are saved tensors too: of a checkpoint around this one, if there is one.
        self.args = [self._keep(a, hooks) if isinstance(a, Tensor) else a for a in args]

    @staticmethod
    def _keep(x: Tensor, hooks: Any) -> Any:
        if hooks is None:
            return (x, x._storage.version)
        return saved.Packed(x, hooks, gradient_edge(x))

    def arguments(self) -> list[Any]:
        """The arguments again.

        Raises:
            RuntimeError: one was written to since.
        """
        from ..autograd.function import _raise_modified

        given = []
        for a in self.args:
            if isinstance(a, saved.Packed):
                a = a.unpack()
            elif isinstance(a, tuple) and len(a) == 2 and isinstance(a[0], Tensor):
                a, version = a
                if a._storage.version != version:
                    _raise_modified(a, version)
            given.append(a)
        return given

    def pack(self, x: Tensor) -> _Slot:
        """Going forward: remember what it was like."""
        self.seen.append(self.describe(x))
        return _Slot(len(self.seen) - 1)

    def unpack(self, slot: _Slot) -> Tensor:
        """In a backward pass: the tensor, for which the function may have to run again."""
        task = engine.task
        found = None if task is None else self.found.get(task)
        if found is None:
            found = self._compute()
            if task is not None:
                self.found[task] = found
        if slot.number not in found:
            raise CheckpointError(
                "torch.utils.checkpoint: Unpack is being triggered for a tensor that was already unpacked once. If you are "
                "calling ctx.saved_tensors in backward, make sure to do so only once. Otherwise please open an issue with "
                "details on your use case."
            )
        return found.pop(slot.number)

    def _compute(self) -> dict[int, Tensor]:
        found: dict[int, Tensor] = {}
        count = 0
        names: list[str] | None = None if self.names is None else []

        def collect(x: Tensor) -> Tensor:
            nonlocal count
            x = x.detach() if x.requires_grad else x
            number = count
            count += 1
            if number >= len(self.seen):
                if not self.finished:  # backward within the function itself, which goes on saving afterwards
                    self.lenient = True
                    return x
                raise CheckpointError(
                    "torch.utils.checkpoint: trying to save more tensors during recomputation than during the original "
                    f"forward pass.\n{_TIP}"
                )
            found[number] = x
            if self.early_stop and count == len(self.seen):
                raise _Stop
            return x

        try:
            with _names(names), saved_tensors_hooks(collect, lambda x: x), enable_grad():
                self.run(*self.arguments())
        except _Stop:
            pass
        except CheckpointError as error:
            raise self._explained(error, names) from None
        if not self.lenient:
            try:
                self._compare(found, count)
            except CheckpointError as error:
                raise self._explained(error, names) from None
        return found

    def _compare(self, found: dict[int, Tensor], count: int) -> None:
        if count != len(self.seen):
            raise CheckpointError(
                "torch.utils.checkpoint: A different number of tensors was saved during the original forward and "
                f"recomputation.\nNumber of tensors saved during forward: {len(self.seen)}\nNumber of tensors saved during "
                f"recomputation: {count}.\n{_TIP}"
            )
        differing = [
            f"tensor at position {i}:\nsaved metadata: {before}\nrecomputed metadata: {self.describe(found[i])}\n"
            for i, before in enumerate(self.seen)
            if before != self.describe(found[i])
        ]
        if differing:
            raise CheckpointError(
                "torch.utils.checkpoint: Recomputed values for the following tensors have different metadata than during the "
                f"forward pass.\n{''.join(differing)}.\n{_TIP}"
            )

    def _explained(self, error: CheckpointError, names: list[str] | None) -> CheckpointError:
        if names is None:
            return error
        return CheckpointError(
            f"{error}\nOperations recorded during the original forward:\n{chr(10).join(self.names or [])}\n\n"
            f"Operations recorded during recomputation:\n{chr(10).join(names)}"
        )


@contextmanager
def _names(found: list[str] | None) -> Iterator[None]:
    """Write down the name of every node that is made, where there is a list for it."""
    if found is None:
        yield
        return
    before = graph.on_create

    def note(node: Any, out: Any) -> None:
        found.append(node.name())
        if before is not None:
            before(node, out)

    graph.on_create = note
    try:
        yield
    finally:
        graph.on_create = before


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], Contexts] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    **kwargs: Any,
) -> Any:
    """Call a function of which nothing is kept for backward but its arguments: it runs again then.

    Args:
        use_reentrant: whether in backward it runs with a backward pass of its own, as in old PyTorch; False is better.
        context_fn: gives two contexts, to run in and to run again in.
        determinism_check: "default", where what is computed again must have the shapes, dtypes and devices it had; or "none".
        debug: whether errors list the operations.
        early_stop: whether to stop running again when everything needed is there.
        preserve_rng_state: whether the random numbers are the same again.

    Raises:
        ValueError: an unknown keyword or check, or an option of the other variant.
        CheckpointError: in backward, if the function did something else.
    """
    if use_reentrant is None:
        warnings.warn(
            "torch.utils.checkpoint: the use_reentrant parameter should be passed explicitly. Starting in PyTorch 2.9, calling "
            "checkpoint without use_reentrant will raise an exception. use_reentrant=False is recommended, but if you need to "
            "preserve the current default behavior, you can pass use_reentrant=True. Refer to docs for more details on the "
            "differences between the two variants.",
            stacklevel=2,
        )
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if use_reentrant:
        if kwargs:
            raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
        if context_fn is not noop_context_fn or debug is not False:
            raise ValueError("Passing `context_fn` or `debug` is only supported when use_reentrant=False.")
        return CheckpointFunction.apply(function, preserve, *args)
    wants_names = debug if _debug is None else _debug
    if wants_names and context_fn is not noop_context_fn:
        raise ValueError("debug=True is incompatible with non-default context_fn")
    if determinism_check not in _CHECKS:
        raise ValueError(f"determinism_check should be one of {list(_CHECKS)}, but got {determinism_check}")
    forward_context, again_context = context_fn()
    surroundings = _Surroundings(preserve)

    def run(*again: Any) -> None:
        with surroundings.again(), again_context:
            function(*again, **kwargs)

    if not is_grad_enabled():
        return function(*args, **kwargs)
    names: list[str] | None = [] if wants_names else None
    stop = early_stop if _early_stop is None else _early_stop
    frame = _Frame(run, args, stop, _CHECKS[determinism_check], names)
    with _names(names), saved_tensors_hooks(frame.pack, frame.unpack), forward_context:
        result = function(*args, **kwargs)
    frame.finished = True
    return result


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, **kwargs: Any
) -> Any:
    """Call functions, or the modules of an `nn.Sequential`, one after the other, in segments that are checkpoints but the last.

    Raises:
        ValueError: an unknown keyword.
    """
    if use_reentrant is None:
        warnings.warn(
            "torch.utils.checkpoint.checkpoint_sequential: the use_reentrant parameter should be passed explicitly. In version "
            "2.9 we will raise an exception if use_reentrant is not passed. use_reentrant=False is recommended, but if you need "
            "to preserve the current default behavior, you can pass use_reentrant=True. Refer to docs for more details on the "
            "differences between the two variants.",
            stacklevel=2,
        )
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))

    def chain(start: int, end: int) -> Callable[[Any], Any]:
        def forward(x: Any) -> Any:
            for f in steps[start:end]:
                x = f(x)
            return x

        return forward

    steps = list(functions.children()) if hasattr(functions, "children") else list(functions)
    size = len(steps) // segments
    end = 0
    for start in range(0, size * (segments - 1), size):
        end = start + size
        input = checkpoint(chain(start, end), input, use_reentrant=use_reentrant, preserve_rng_state=preserve)
    return chain(end, len(steps))(input)
