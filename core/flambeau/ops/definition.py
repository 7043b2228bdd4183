"""What an op's definition holds, and what of a call is saved for its derivatives. See `op` for how one is written."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, NamedTuple

from ..backends.protocol import Backend

TENSOR_KINDS = ("Array", "Operand", "Array | None", "Sequence[Array]", "Mask")
"""Annotations of a forward's parameters that stand for tensors."""


class Plan(NamedTuple):
    """What to save and compute for one choice of inputs that need a gradient."""

    sources: tuple[int, ...]  # positions among [*arguments, out, *shapes, *dtypes, *results] of what is saved
    steps: tuple[tuple[int, Callable[..., Any], tuple[int, ...]], ...]  # input, derivative, positions among the saved
    out: int  # position of the result among the saved, or -1


def _snake_case(name: str) -> str:
    return "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")


def _unless_declined(kernel: Callable[..., Any], otherwise: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any) -> Any:
        result = kernel(*args)
        return otherwise(*args) if result is NotImplemented else result

    return call


class Op:
    """An op's definition, as the decorators below collect it."""

    all: ClassVar[list[Op]] = []
    """Every op that there is so far, for whoever exchanges their kernels."""

    def __init__(self, forward: Callable[..., Any], node_name: str | None, derivatives: dict[str, Any]) -> None:
        written = getattr(forward, "__wrapped__", forward)  # under a decorator, such as `special.widely`
        code = written.__code__
        Op.all.append(self)
        self.forward = forward
        self.name = forward.__name__
        # PyTorch's name for the node: add -> AddBackward0, log_softmax -> LogSoftmaxBackward0.
        self.node_name = node_name or "".join(p.capitalize() for p in self.name.split("_")) + "Backward0"
        # PyTorch's name in error texts: `plus` calls itself add, as its node does.
        stem = (node_name or "").rpartition("Backward")[0]
        self.label = _snake_case(stem) if stem and stem.lower() != self.name.replace("_", "") else self.name
        self.parameters = code.co_varnames[1 : code.co_argcount]
        self.defaults = written.__defaults__ or ()
        self.required = len(self.parameters) - len(self.defaults)
        kinds = [forward.__annotations__.get(p) for p in self.parameters]
        self.tensor_positions = tuple(i for i, kind in enumerate(kinds) if kind in TENSOR_KINDS)
        self.variadic = kinds[0] == "Sequence[Array]"
        self.jointly = derivatives.pop("jointly", None)
        self.derivatives = [
            self.jointly if kind in TENSOR_KINDS and self.jointly else derivatives.get(p)
            for p, kind in zip(self.parameters, kinds, strict=True)
        ]
        self.together = self.variadic or self.jointly is not None
        """Whether one derivative gives the gradients of all inputs."""
        self.choosy = self.jointly is not None and self.jointly.__code__.co_varnames[1] == "needs"
        """Whether it is told which of them are wanted."""
        self.graded: int = derivatives.pop("graded", 0)
        """How many of several results, the first ones, have gradients; 0 is all."""
        unknown = set(derivatives) - set(self.parameters)
        if unknown:
            raise TypeError(f"{self.name}: derivative of unknown parameter {', '.join(sorted(unknown))}")
        self.differentiable = tuple(i for i in self.tensor_positions if self.derivatives[i] is not None)
        self.node_class: Any = None  # made when the op is first recorded
        self.conjugated = False
        """Whether its derivatives are written for complex numbers; else they are taken for those of a holomorphic function."""
        self.complex_form: Callable[..., Any] | None = None
        """What the public function calls for complex operands, where that is another op."""
        self.number_names: dict[int, str] | None = None
        """What nodes are called where the operand at a position is a number, if that has a name of its own."""
        self.shown = self.differentiable
        """The parameters whose edges `next_functions` shows, in PyTorch's order."""
        self.kernels: dict[Backend, Callable[..., Any]] = {}
        self.plans: dict[int, Plan] = {}

    def kernel(self, backend: Backend) -> Callable[..., Any]:
        """This op's forward on a backend: the backend's own fused form, or the primitives."""
        kernel = backend.kernels.get(self.name)
        if kernel is None or getattr(kernel, "may_decline", False):
            primitives = partial(self.forward, backend)
            if (
                len(getattr(self.forward, "__wrapped__", self.forward).__code__.co_names) > 1
            ):  # several primitives, between which nothing should be rounded
                primitives = getattr(backend, "in_one", lambda f: f)(primitives)
            kernel = primitives if kernel is None else _unless_declined(kernel, primitives)
        self.kernels[backend] = kernel
        return kernel

    def plan(self, mask: int) -> Plan:
        """The plan for the inputs whose bit (by position among the parameters) is set."""
        n = len(self.parameters)
        sources: list[int] = []
        steps: list[tuple[int, Callable[..., Any], tuple[int, ...]]] = []
        for i in self.differentiable[:1] if self.jointly else self.differentiable:
            if not mask >> i & 1 and not self.jointly:
                continue
            derivative = self.derivatives[i]
            assert derivative is not None, "self.differentiable lists those that have one"
            code = derivative.__code__
            positions = []
            for name in code.co_varnames[2 if self.choosy else 1 : code.co_argcount]:
                source = self._source(name, n)
                if source not in sources:
                    sources.append(source)
                positions.append(sources.index(source))
            steps.append((i, derivative, tuple(positions)))
        plan = Plan(tuple(sources), tuple(steps), sources.index(n) if n in sources else -1)
        self.plans[mask] = plan
        return plan

    def _source(self, name: str, n: int) -> int:
        if name == "out":
            return n
        if name in self.parameters:
            return self.parameters.index(name)
        stem, _, suffix = name.rpartition("_")
        if stem == "out" and suffix.isdigit():
            return 3 * n + 1 + int(suffix)
        if stem in self.parameters and suffix in ("shape", "dtype"):
            return self.parameters.index(stem) + (n + 1 if suffix == "shape" else 2 * n + 1)
        raise TypeError(f"{self.name}: a derivative names '{name}', which is no parameter")
