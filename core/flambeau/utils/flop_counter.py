"""`torch.utils.flop_counter`: floating-point operations of the products in a program, forward and backward, by module.

Counted are matrix products, convolutions and attention, two operations for each multiplication with its addition. Attention
is that of four products backward, also where PyTorch's fused kernel for the CPU goes uncounted; recurrent layers are not.

Source: https://github.com/pytorch/pytorch/blob/main/torch/utils/flop_counter.py
"""

from __future__ import annotations

import math
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Self
from weakref import WeakKeyDictionary

from .. import library
from .._tensor import Tensor
from ..autograd import engine
from ..autograd import node as graph
from ..nn import Module
from ..nn.hooks import register_module_forward_hook, register_module_forward_pre_hook
from ..ops import attention, convolution, matmul
from ..ops.aten import OpOverloadPacket
from ..ops.definition import Op

Shape = tuple[int, ...]
Formula = Callable[..., int]


def mm_flop(a_shape: Shape, b_shape: Shape, *args: Any, out_shape: Shape, **kwargs: Any) -> int:
    """Of (..., n, k) @ (..., k, m)."""
    return 2 * math.prod(out_shape) * a_shape[-1]


def _addmm_flop(self_shape: Shape, a_shape: Shape, b_shape: Shape, *args: Any, out_shape: Shape, **kwargs: Any) -> int:
    return mm_flop(a_shape, b_shape, out_shape=out_shape)


def _linear_flop(input_shape: Shape, weight_shape: Shape, *args: Any, **kwargs: Any) -> int:
    return 2 * math.prod(input_shape[:-1]) * math.prod(weight_shape)


def _linear_input_grad_flop(grad_shape: Shape, weight_shape: Shape, *args: Any, **kwargs: Any) -> int:
    return 2 * math.prod(grad_shape[:-1]) * math.prod(weight_shape)


def _linear_weight_grad_flop(grad_shape: Shape, input_shape: Shape, *args: Any, **kwargs: Any) -> int:
    return 2 * math.prod(grad_shape) * input_shape[-1]


def _convolution_flop(input_shape: Shape, weight_shape: Shape, *args: Any, out_shape: Shape, **kwargs: Any) -> int:
    return 2 * math.prod(weight_shape) * out_shape[0] * math.prod(out_shape[2:])


def _transposed_flop(input_shape: Shape, weight_shape: Shape, *args: Any, **kwargs: Any) -> int:
    return 2 * math.prod(weight_shape) * input_shape[0] * math.prod(input_shape[2:])


def _input_grad_flop(grad_shape: Shape, weight_shape: Shape, *args: Any, **kwargs: Any) -> int:
    return 2 * math.prod(weight_shape) * grad_shape[0] * math.prod(grad_shape[2:])


def _weight_grad_flop(grad_shape: Shape, input_shape: Shape, *args: Any, out_shape: Shape, **kwargs: Any) -> int:
    return 2 * math.prod(out_shape) * grad_shape[0] * math.prod(grad_shape[2:])


def _parameter_grads_flop(grad_shape: Shape, input_shape: Shape, *args: Any, out_shape: Any, **kwargs: Any) -> int:
    return _weight_grad_flop(grad_shape, input_shape, out_shape=out_shape[0])


def _of_shapes(formula: Formula) -> Formula:
    def call(*args: Any, out_val: Any = None, **kwargs: Any) -> int:
        return formula(
            *[_shape(x) for x in args], out_shape=_shape(out_val), **{k: _shape(x) for k, x in kwargs.items()}
        )

    return call


def _attention_flop(query_shape: Shape, key_shape: Shape, value_shape: Shape, *args: Any, **kwargs: Any) -> int:
    return 2 * math.prod(query_shape[:-1]) * key_shape[-2] * (query_shape[-1] + value_shape[-1])


def _attention_backward_flop(grad_shape: Shape, *shapes: Any, **kwargs: Any) -> int:
    return 2 * _attention_flop(*shapes)


def _shape(x: Any) -> Any:
    if isinstance(x, (tuple, list)) and any(hasattr(y, "shape") for y in x):
        return tuple(_shape(y) for y in x)
    return tuple(x.shape) if hasattr(x, "shape") else x


def _built_in() -> Iterator[tuple[Op, tuple[str, Formula]]]:
    for function, name, formula in (
        (matmul._mm, "mm", mm_flop), (matmul._bmm, "bmm", mm_flop), (matmul._matmul, "bmm", mm_flop),
        (matmul._addmm, "addmm", _addmm_flop), (matmul.affine, "addmm", _linear_flop), (matmul.project, "mm", _linear_flop),
        (matmul.linear_input_grad, "mm", _linear_input_grad_flop), (matmul.linear_weight_grad, "mm", _linear_weight_grad_flop),
        (attention._attention, "bmm", _attention_flop), (attention.attention_backward, "bmm", _attention_backward_flop),
        (convolution.convolve, "convolution", _convolution_flop),
        (convolution.convolve_transposed, "convolution", _transposed_flop),
        (convolution.convolution_input_grad, "convolution_backward", _input_grad_flop),
        (convolution.convolution_weight_grad, "convolution_backward", _weight_grad_flop),
        (convolution.convolution_parameter_grads, "convolution_backward", _parameter_grads_flop),
    ):  # fmt: skip
        definition: Any = function
        yield definition.op, (f"aten.{name}", _of_shapes(formula))


flop_registry: dict[Any, tuple[Any, Formula]] = dict(_built_in())
"""Under what name an op is counted, and how many operations it takes: by its definition, or as an operator of one's own."""


def register_flop_formula(targets: Any, get_raw: bool = False) -> Callable[[Formula], Formula]:
    """A decorator for a formula: from the shapes of an op's arguments, and `out_shape`, how many operations it takes.

    Args:
        targets: an op, or several: public functions, `torch.ops.aten.…`, operators of `torch.library.custom_op`.
        get_raw: the formula gets the arguments themselves, and the result as `out_val`.

    Raises:
        ValueError: a target is none of these, or made of other ops here.
    """

    def decorate(formula: Formula) -> Formula:
        flop_registry.update(_entries(targets, formula, get_raw))
        return formula

    return decorate


def _entries(targets: Any, formula: Formula, get_raw: bool) -> dict[Any, tuple[Any, Formula]]:
    found = {}
    for target in targets if isinstance(targets, (list, tuple)) else [targets]:
        function = target._function if isinstance(target, OpOverloadPacket) else target
        key = function if isinstance(function, library.CustomOpDef) else getattr(function, "op", None)
        if key is None:
            raise ValueError(
                f"register_flop_formula(targets): expected each target to be an op with a kernel of its own, got {target}"
            )
        found[key] = (target, formula if get_raw else _of_shapes(formula))
    return found


class FlopCounterMode:
    """Counts within a `with` block: `get_total_flops()`, `get_flop_counts()` by module and op, `get_table()`.

    Args:
        mods: not needed, as in PyTorch.
        depth: how deep modules are in the table.
        display: print the table at the end.
        custom_mapping: formulas by op that hold in this block only.
    """

    def __init__(
        self,
        mods: Module | Sequence[Module] | None = None,
        depth: int = 2,
        display: bool = True,
        custom_mapping: dict[Any, Any] | None = None,
    ) -> None:
        if mods is not None:
            warnings.warn("mods argument is not needed anymore, you can stop passing it", stacklevel=2)
        self.depth = depth
        self.display = display
        self._formulas = dict(flop_registry)
        for target, formula in (custom_mapping or {}).items():
            self._formulas.update(_entries(target, formula, getattr(formula, "_get_raw", False)))
        self.flop_counts: dict[str, dict[Any, int]] = defaultdict(lambda: defaultdict(int))
        self._names: WeakKeyDictionary[Module, str] = WeakKeyDictionary()
        self._owners: WeakKeyDictionary[Any, tuple[str, ...]] = WeakKeyDictionary()
        self._within: tuple[str, ...] = ()

    # --- what came out --------------------------------------------------------------------------------------------------

    def get_total_flops(self) -> int:
        """All operations so far."""
        return sum(self.flop_counts["Global"].values())

    def get_flop_counts(self) -> dict[str, dict[Any, int]]:
        """Operations by the name of a module (`Global` is all of the program) and by op."""
        return {name: dict(counts) for name, counts in self.flop_counts.items()}

    def get_table(self, depth: int | None = None) -> str:
        """Modules and their ops, each with its operations and what part of all that is."""
        deepest = self.depth if depth is None else depth
        total = max(1, self.get_total_flops())
        rows = [("Module", "FLOP", "% Total")]
        for name in ["Global", *sorted(n for n in self.flop_counts if n != "Global")]:
            level = 0 if name == "Global" else name.count(".") + 1
            if level > deepest:
                continue
            counts = self.flop_counts[name]
            indent = " " * level
            rows.append((indent + name, _short(sum(counts.values())), f"{sum(counts.values()) / total:.2%}"))
            rows += [(f"{indent} - {op}", _short(n), f"{n / total:.2%}") for op, n in counts.items()]
        widths = [max(len(row[i]) for row in rows) for i in range(3)]
        lines = [f"{a:<{widths[0]}}  {b:>{widths[1]}}  {c:>{widths[2]}}" for a, b, c in rows]
        return "\n".join([lines[0], "  ".join("-" * w for w in widths), *lines[1:]])

    # --- counting -------------------------------------------------------------------------------------------------------

    def _count(self, name: Any, flops: int) -> None:
        for module in {"Global", *self._within}:
            self.flop_counts[module][name] += flops

    def __enter__(self) -> Self:
        self.flop_counts.clear()
        counted = [op for op in self._formulas if isinstance(op, Op)]
        self._outside = [(op, dict(op.kernels), vars(op).get("kernel")) for op in counted]
        for op, kernels, _ in self._outside:
            # `kernel` is asked where `kernels` has none: emptied, all are asked for, on backends started later too.
            vars(op)["kernel"] = self._counting(op, kernels, op.kernel)
            op.kernels.clear()
        library.observers.append(self._saw)
        self._hooks = [
            register_module_forward_pre_hook(self._entered),
            register_module_forward_hook(self._left, always_call=True),
        ]
        self._before = graph.on_create, engine.guard
        graph.on_create, engine.guard = self._made, self._backward
        return self

    def __exit__(self, *exc: object) -> None:
        graph.on_create, engine.guard = self._before
        for hook in self._hooks:
            hook.remove()
        library.observers.remove(self._saw)
        for op, kernels, kernel in self._outside:
            op.kernels.clear()
            op.kernels.update(kernels)
            if kernel is None:
                del vars(op)["kernel"]
            else:
                vars(op)["kernel"] = kernel
        self._within = ()
        if self.display:
            print(self.get_table())

    def _counting(self, op: Op, kernels: dict[Any, Any], make: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """What gives an op's kernel on a backend: the one it had, or would have, and counts when it runs."""
        name, formula = self._formulas[op]

        def kernel(backend: Any) -> Any:
            own = kernels.get(backend) or make(backend)

            def call(*args: Any) -> Any:
                result = own(*args)
                self._count(name, formula(*args, out_val=result))
                return result

            op.kernels[backend] = call
            return call

        return kernel

    def _saw(self, operator: library.CustomOpDef, args: tuple[Any, ...], result: Any) -> None:
        if operator in self._formulas:
            name, formula = self._formulas[operator]
            self._count(name, formula(*args, out_val=result))

    def _entered(self, module: Module, args: Any) -> None:
        name = self._names.setdefault(module, type(module).__name__)
        for child, found in module.named_children():
            self._names[found] = f"{name}.{child}"
        self._within = (*self._within, name)

    def _left(self, module: Module, args: Any, result: Any) -> None:
        self._within = self._within[:-1]

    def _made(self, node: Any, tensor: Tensor | None) -> None:
        if self._within:
            self._owners[node] = self._within
        if self._before[0] is not None:
            self._before[0](node, tensor)

    def _backward(self, node: Any, grad: Any, wanted: Any) -> Any:
        outside, self._within = self._within, self._owners.get(node, ())
        try:
            guarded = self._before[1]
            return node.backward(grad, wanted) if guarded is None else guarded(node, grad, wanted)
        finally:
            self._within = outside


def _short(n: int) -> str:
    """With a suffix, and at least one digit before the point."""
    power = min(4, max(0, (len(str(n)) - 1) // 3))
    return f"{n / 1000**power:.3f}{' KMBT'[power].strip()}"
