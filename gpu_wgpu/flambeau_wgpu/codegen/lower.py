"""Writing down a kernel: the expressions it computes as instructions over registers, and the numbers that go with them.

A `KernelBuilder` is one kernel in the making. A `FunctionBuilder` is one piece of elementwise code in it, over an
iteration of some shape: it walks from the arrays wanted back to what is in buffers. On the way a view turns into
another map from coordinates to positions (an access); nothing is said about concrete strides except in the parameter
block.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from flambeau.dtype import int32

from ..lazy import ARANGE, ARRAYS, CAST, FULL, GATHER, RANDOM, SCALAR_LEFT, TAKE, VIEW, WHERE
from ..regions import Shape, Strides, broadcast_strides, compose, contiguous_strides, merge_dims, simplify
from ..schedule.fuse import MAX_BINDINGS, Fusion
from ..schedule.graph import Graph, Ref
from ..schedule.places import Place
from .ir import ABSENT, ACCESS_AT, STRIDED, UNIT, Binding, Function, Instruction, KernelIR, Pattern, Space, Store
from .ops import storage

Key = Ref | tuple[str, int]  # an array's buffer, or a kernel's scratch
Access = tuple[int, Strides, int]  # space, strides, offset
VECTOR = 4  # elements that are loaded at once


class TooManyBindings(Exception):
    """A kernel would bind more buffers than a device must allow."""


@dataclass
class BoundBuffer:
    key: Key
    storage: str
    writable: bool
    in_place: bool = True  # every access is by the element that the same invocation writes: the output may lie on top
    alias: int = -1


@dataclass
class Kernel:
    """A kernel with everything but its buffers: those are known when the whole flush has been laid out in memory."""

    template: str
    static: tuple[Any, ...]
    functions: list[Function]
    bindings: list[BoundBuffer]
    words: list[int]
    scalars: list[tuple[int, Ref, int, Any]]  # word, whose scalar, which, dtype
    groups: tuple[int, int, int]
    ops: list[str]
    stores: list[Key] = field(default_factory=list)  # arrays, not the buffers in which they may lie
    reads: set[Ref] = field(default_factory=set)
    scratch: dict[Key, int] = field(default_factory=dict)  # bytes
    assigns: Ref | None = None  # the array of which it writes only a region

    def ir(self) -> KernelIR:
        bindings = tuple(Binding(b.storage, b.writable, b.alias) for b in self.bindings)
        blocks = max(1, -(-len(self.words) // 64))
        return KernelIR(self.template, self.static, tuple(self.functions), bindings, blocks * 64)


class KernelBuilder:
    """One kernel: its buffers, parameter words and functions."""

    def __init__(self, fusion: Fusion, template: str, own: Sequence[Ref] = ()) -> None:
        self.fusion = fusion
        self.graph: Graph = fusion.graph
        self.template = template
        self.own = set(own)  # stored arrays that this kernel computes itself
        self.functions: list[Function] = []
        self.bindings: list[BoundBuffer] = []
        self._binding_of: dict[Key, int] = {}
        self.words: list[int] = []
        self.scalars: list[tuple[int, Ref, int, Any]] = []
        self.ops: list[str] = []
        self.stores: list[Key] = []
        self.reads: set[Ref] = set()
        self.scratch: dict[Key, int] = {}
        self.single: set[int] = set()  # bindings of which some elements are loaded or stored alone

    def word(self, value: int) -> int:
        """A parameter word; its number."""
        self.words.append(value & 0xFFFFFFFF)
        return len(self.words) - 1

    def scalar(self, ref: Ref, which: int, dtype: Any) -> int:
        """A parameter word for a number that every run of the plan reads from its array again."""
        at = self.word(0)
        self.scalars.append((at, ref, which, dtype))
        return at

    def bind(self, key: Key, element: str, writable: bool = False, in_place: bool = False, again: bool = False) -> int:
        """The binding of a buffer; `element` is its WGSL type. A buffer that is only read may be bound `again`."""
        at = None if again else self._binding_of.get(key)
        if at is None:
            at = len(self.bindings)
            if at == MAX_BINDINGS:
                raise TooManyBindings
            if not again:
                self._binding_of[key] = at
            self.bindings.append(BoundBuffer(key, element, writable, in_place))
        else:
            bound = self.bindings[at]
            bound.writable |= writable
            bound.in_place &= in_place
        return at

    def output(self, ref: Ref, where: Ref | None = None) -> int:
        """The binding that an array of this kernel is written to: its own buffer, or that of `where` it lies."""
        element = storage(self.graph.arrays[ref].dtype.name)
        at = self.bind(ref if where is None else where, element, writable=True, in_place=where in (None, ref))
        if ref not in self.stores:
            self.stores.append(ref)
        return at

    def input(self, ref: Ref) -> Place:
        """Where an array lies that another kernel made."""
        self.reads.add(ref)
        return self.fusion.places.location(ref)

    def region(self, ref: Ref) -> Place | None:
        """An array, or a view of one, as a region of a buffer; None where one triple cannot say it."""
        if self.fusion.stored[ref]:
            return self.input(ref)
        self.reads.add(self.graph.root[ref])
        return self.fusion.places.resolve(ref)

    def finish(self, groups: tuple[int, int, int], static: tuple[Any, ...] = ()) -> Kernel:
        return Kernel(
            self.template,
            static,
            self.functions,
            self.bindings,
            self.words,
            self.scalars,
            groups,
            self.ops,
            self.stores,
            self.reads,
            self.scratch,
        )


class FunctionBuilder:
    """Elementwise code over an iteration of shape `dims`.

    `operand` marks a function that a kernel calls at any index. With `split`, the dimensions from there on are those
    that a reduction runs over. `flat` says that the iteration's flat index is at hand, so that what lies in the same
    order needs no coordinates.
    """

    def __init__(
        self,
        kernel: KernelBuilder,
        name: str,
        dims: Shape,
        split: int | None = None,
        flat: bool = True,
        operand: bool = False,
    ) -> None:
        self.kernel = kernel
        self.graph = kernel.graph
        self.name = name
        self.dims = dims
        self.split = len(dims) if split is None else split
        self.is_flat = flat
        self.in_place = (
            flat and not operand
        )  # an operand's function is called at other indices than the invocation's own output
        self.own_bindings = False
        self.is_located = False  # the caller knows the coordinates: dimensions stay as they are
        self.spaces: list[tuple[Access, Shape]] = []
        self.accesses: dict[Access, int] = {}
        self.code: list[Instruction] = []
        self.memo: dict[tuple[Ref, int], int] = {}
        self.stores: list[tuple[int, int, str, Access]] = []
        self.input: tuple[Ref, str] | None = None
        self.reduced: dict[Ref, int] = {}  # the reductions of a row kernel, by number
        self.kept: dict[Ref, tuple[Access, int]] = {}  # where they are written, and to which binding

    @property
    def identity(self) -> Access:
        return (0, contiguous_strides(self.dims), 0)

    # --- walking

    def take_input(self, ref: Ref) -> None:
        """The function is handed the value of this array at its index."""
        self.input = (ref, self.graph.arrays[ref].dtype.name)

    def value(self, ref: Ref, access: Access) -> int:
        """The register that holds array `ref` at an access."""
        at = self._access(access)
        known = self.memo.get((ref, at))
        if known is None:
            known = self.memo[ref, at] = self._compute(ref, access, at)
        return known

    def _compute(self, ref: Ref, access: Access, at: int) -> int:
        kernel, x = self.kernel, self.graph.arrays[ref]
        dtype = x.dtype.name
        if self.input is not None and ref == self.input[0]:
            return self._emit("input", dtype)
        if ref in self.reduced:
            return self._emit("reduced", dtype, self.reduced[ref])
        if ref in self.kept and self.kept[ref][0] == access:
            return self._emit("load", dtype, self.kept[ref][1], at)
        if kernel.fusion.stored[ref] and ref not in kernel.own:
            where, strides, offset = kernel.input(ref)
            if where != ref:
                access = self.through(access, x.shape, strides, offset)
                at = self._access(access)
            in_place = access == self.identity and self.in_place
            binding = kernel.bind(where, storage(dtype), in_place=in_place, again=self.own_bindings)
            return self._emit("load", dtype, binding, at)
        op, args = x.op, self.graph.args[ref]
        if op is VIEW:
            strides, offset = x.attr
            return self.value(args[0], self.through(access, x.shape, strides, offset))
        if op is FULL:
            return self.parameter(ref)
        kernel.ops.append(op.name)
        if op is ARANGE:
            return self._emit("arange", dtype, at, kernel.scalar(ref, 0, x.dtype), kernel.scalar(ref, 1, x.dtype))
        if op is RANDOM:
            words = [kernel.scalar(ref, k, int32) for k in range(4)]
            return self._emit("random", dtype, at, words[0])
        if op is TAKE or op is GATHER:
            return self._indexed(ref, access)
        operands = [self.value(arg, self.broadcast(access, x.shape, arg)) for arg in args]
        if op is CAST:
            return self._emit("cast", dtype, self.graph.arrays[args[0]].dtype.name, *operands)
        operand_dtype = self.graph.arrays[args[-1]].dtype  # of WHERE the last is not the condition
        if x.attr is not None and x.attr != ARRAYS:
            number = self._emit("param", operand_dtype.name, kernel.scalar(ref, 0, operand_dtype))
            operands.insert(len(operands) - 1 if x.attr == SCALAR_LEFT else len(operands), number)
        if op is WHERE:
            operands = [*operands[1:], operands[0]]
        return self._emit(op.name, dtype, operand_dtype.name, *operands)

    def _indexed(self, ref: Ref, access: Access) -> int:
        """TAKE and GATHER: a load at a position that was computed."""
        graph, kernel, x = self.graph, self.kernel, self.graph.arrays[ref]
        axis = x.attr
        source, index = graph.args[ref]
        resolved = kernel.region(source)
        assert resolved is not None
        root, strides, offset = resolved
        along = strides[axis]
        off_axis = (*strides[:axis], 0, *strides[axis + 1 :])
        if x.op is TAKE:
            pick = tuple(1 if k == axis else 0 for k in range(len(x.shape)))
            position = self.value(index, self.through(access, x.shape, pick, 0))
        else:
            position = self.value(index, self.broadcast(access, x.shape, index))
        base = self._access(self.through(access, x.shape, off_axis, offset))
        binding = kernel.bind(root, storage(x.dtype.name))
        return self._emit("load_at", x.dtype.name, binding, base, position, kernel.word(along))

    def parameter(self, ref: Ref) -> int:
        """The register of an array's first scalar."""
        dtype = self.graph.arrays[ref].dtype
        return self._emit("param", dtype.name, self.kernel.scalar(ref, 0, dtype))

    def through(self, access: Access, shape: Shape, strides: Strides, offset: int) -> Access:
        """Positions in an array of `shape`, turned into positions in what a view of that shape shows."""
        space, own, start = access
        dims = self.dims if space == 0 else self.spaces[space - 1][1]
        seen = compose(dims, own, start, shape, strides, offset)
        if seen is not None:
            return (space, *seen)
        # Carries from one dimension to another: divide the position into coordinates of `shape` first.
        shape, strides = simplify(shape, strides)
        for number, known in enumerate(self.spaces):
            if known == (access, shape):
                return (number + 1, strides, offset)
        self.spaces.append((access, shape))
        return (len(self.spaces), strides, offset)

    def broadcast(self, access: Access, shape: Shape, arg: Ref) -> Access:
        own = self.graph.shape(arg)
        return access if own == shape else self.through(access, shape, broadcast_strides(own, shape), 0)

    def store(self, ref: Ref, register: int, access: Access | None = None) -> None:
        """Write a register to an array of this kernel, by default in the iteration's own order; to all its places."""
        x = self.graph.arrays[ref]
        for where, strides, offset in self.kernel.fusion.places.targets(ref):
            binding = self.kernel.output(ref, where)
            target = access or self.identity
            if where != ref:
                target = self.through(target, x.shape, strides, offset)
            if where != ref or access is not None:
                self.kernel.bindings[binding].in_place = False
            self.stores.append((binding, register, x.dtype.name, target))

    def keep(self, refs: Sequence[Ref], access: Access) -> None:
        """Write arrays of this kernel to their buffers; who asks for them from now on reads them from there."""
        kept: dict[Ref, tuple[Access, int]] = {}
        for ref in refs:
            self.store(ref, self.value(ref, access), access)
            kept[ref] = access, self.stores[-1][0]
        self.kept |= kept
        self.memo.clear()  # (what does not depend on them is found again by its instructions)

    def _emit(self, name: str, dtype: str, *rest: Any) -> int:
        instruction = (name, dtype, *rest)
        if instruction in self.code:  # the same from the same registers
            return self.code.index(instruction)
        self.code.append(instruction)
        return len(self.code) - 1

    def _access(self, access: Access) -> int:
        return self.accesses.setdefault(access, len(self.accesses))

    def _forget_unused_accesses(self) -> None:
        """Keep only what instructions load from: an access that was passed through must not tell kernels apart."""
        access_of = list(self.accesses)
        self.accesses = {}
        for at, instruction in enumerate(self.code):
            position = ACCESS_AT.get(instruction[0])
            if position is not None:
                number = self._access(access_of[instruction[position]])
                self.code[at] = (*instruction[:position], number, *instruction[position + 1 :])

    # --- writing down

    def finish(self, result: int = -1, lanes: int = 1, of_rows: bool = False) -> Function:
        """The function's structure, appended to the kernel; the numbers in it become parameter words.

        With `lanes` it may compute so many neighbours along the last dimension at once, or half, or a quarter, but at least
        four: as many as divide its size. Its buffers are then bound as vectors where all accesses are of neighbours.
        `of_rows` says that it is the last dimension before `split`.
        """
        kernel = self.kernel
        self._forget_unused_accesses()
        used = [*self.accesses, *(access for access, _ in self.spaces), *(access for _, _, _, access in self.stores)]
        outer = list(dict.fromkeys(access for access in used if access[0] == 0))
        keep_apart = self.split if self.split < len(self.dims) else -1
        dims, merged = self.dims, [access[1] for access in outer]
        if not self.is_located:
            dims, merged = merge_dims(dims, merged, keep_apart)
        walk = dict(zip(outer, merged, strict=True))
        split = (
            sum(1 for _ in _runs_before(self.dims, [a[1] for a in outer], keep_apart)) if keep_apart >= 0 else len(dims)
        )
        order = contiguous_strides(dims)
        word = len(kernel.words)
        if not self.is_located:
            for size in dims:
                kernel.word(size)

        patterns: dict[Access, Pattern] = {}

        def pattern(access: Access, for_store: bool = False) -> Pattern:
            known = None if for_store else patterns.get(access)
            if known is not None:
                return known
            space, strides, offset = access
            if space == 0:
                strides = walk[access]
                # Of one dimension a position costs an addition: an array and a row of one are then the same kernel.
                if self.is_flat and strides == order and offset == 0 and (len(dims) > 1 or for_store):
                    known = Pattern(0, True)
            if known is None:
                start = kernel.word(offset)
                walks = []
                for stride in strides:
                    walks.append(ABSENT if stride == 0 else UNIT if stride == 1 else STRIDED)
                    if stride > 1:
                        kernel.word(stride)
                known = Pattern(space, False, tuple(walks), start)
            if not for_store:
                patterns[access] = known
            return known

        spaces = []
        for access, shape in self.spaces:
            position = pattern(access)
            at = len(kernel.words)
            for size in shape[1:]:
                kernel.word(size)
            spaces.append(Space(position, len(shape), at))
        accesses = tuple(pattern(access) for access in self.accesses)
        along = split - 1 if of_rows else -1
        while lanes > 1 and (self.spaces or not dims or dims[along] % lanes):
            lanes = lanes // 2 if lanes > VECTOR else 1
        if lanes > 1:
            self._bind_vectors({access: walk[access] for access in outer}, along)
        stores = tuple(Store(b, r, d, pattern(a, for_store=True)) for b, r, d, a in self.stores)
        input_dtype = self.input[1] if self.input is not None else ""
        function = Function(
            self.name,
            len(dims),
            split,
            word,
            tuple(spaces),
            accesses,
            tuple(self.code),
            result,
            stores,
            input_dtype,
            self.is_located,
            lanes,
            along if lanes > 1 else -1,
        )
        kernel.functions.append(function)
        return function

    def _bind_vectors(self, walk: dict[Access, Strides], along: int) -> None:
        """Bind the buffers as vectors of which only whole vectors, along a dimension, are loaded and stored."""
        access_of = list(self.accesses)
        uses = [(i[2], access_of[i[3]]) for i in self.code if i[0] == "load"]
        uses += [(binding, access) for binding, _, _, access in self.stores]
        single = {i[2] for i in self.code if i[0] == "load_at"}
        for binding, access in uses:
            strides = walk[access]
            others = [stride for axis, stride in enumerate(strides) if axis != along % len(strides)]
            if strides[along] != 1 or access[2] % VECTOR or any(stride % VECTOR for stride in others):
                single.add(binding)
        self.kernel.single |= single  # for other functions of the kernel, too, in the same buffers
        for binding in {binding for binding, _ in uses}:
            bound = self.kernel.bindings[binding]
            element = bound.storage.removeprefix(f"vec{VECTOR}<").removesuffix(">")
            bound.storage = element if binding in self.kernel.single else f"vec{VECTOR}<{element}>"


def _runs_before(dims: Shape, all_strides: list[Strides], split: int) -> Shape:
    """The merged dimensions that come before `split`."""
    merged, _ = merge_dims(dims[:split], [strides[:split] for strides in all_strides])
    return merged


def add_operand(kernel: KernelBuilder, name: str, ref: Ref, own_binding: bool = False) -> None:
    """`fn name(i) -> value`: an operand of a hand-written kernel at its flat index.

    With `own_binding` kernels do not differ by which of their operands lie in the same buffer.
    """
    function = FunctionBuilder(kernel, name, kernel.graph.shape(ref), operand=True)
    function.own_bindings = own_binding
    function.finish(function.value(ref, function.identity))


def add_epilogue(
    kernel: KernelBuilder,
    ref: Ref,
    roots: Sequence[Ref],
    located: Shape | None = None,
    name: str = "finish",
    lanes: int = 1,
) -> None:
    """`fn finish(i, value)`: what follows the array `ref` element by element, and the stores of all `roots`.

    Where the kernel knows the coordinates, `located`, it is `fn finish(i, c0, c1, ..., value)` with those in this shape. With
    `lanes` it may take as many neighbours at once: a vector of them for `value`, from `i` on.
    """
    graph = kernel.graph
    dims = located or max((graph.shape(root) for root in roots), key=len)
    function = FunctionBuilder(kernel, name, dims)
    function.is_located = located is not None
    function.take_input(ref)
    for root in roots:
        function.store(root, function.value(root, function.identity))
    function.finish(lanes=lanes)
