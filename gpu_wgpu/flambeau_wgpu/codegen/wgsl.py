"""From a kernel's structure to WGSL text.

Names in the text: `i` the flat index, `c0 c1 ...` coordinates, `a0 a1 ...` positions of accesses, `r0 r1 ...`
registers, `b1 b2 ...` buffers, `P` the parameter block, `w0 w1 ...` its words where a kernel reads them first. A function
of several lanes computes neighbours along one dimension at once; its registers that differ among them are `r0_0 r0_1 ...`,
and `v0_0 v0_1 ...` vectors as loaded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from .ir import ABSENT, ACCESS_AT, STRIDED, UNIT, Binding, Function, Instruction, KernelIR, Pattern, Store
from .math import functions_for
from .ops import CASTS, EXPRESSIONS, KIND, load, register, store, wrapped

WORKGROUP = 64
INDENT = "  "


def word(at: int) -> str:
    """A parameter word, as u32."""
    return f"P.w[{at >> 2}].{'xyzw'[at & 3]}"


def words_first(text: str) -> str:
    """A kernel's text with the parameter words it reads in a line of their own before it.

    Compilers of software adapters take nothing out of a loop: there each word would be read, checked and spread over the
    lanes again for every step.
    """
    words = sorted({int(at) * 4 + "xyzw".index(part) for at, part in _WORD.findall(text)})
    text = _WORD.sub(lambda found: f"w{int(found[1]) * 4 + 'xyzw'.index(found[2])}", text)
    return "".join(f"{INDENT}let w{at} = {word(at)};\n" for at in words) + text


_WORD = re.compile(r"P\.w\[(\d+)\]\.([xyzw])")


def module(ir: KernelIR, body: str, workgroup: str = f"{WORKGROUP}") -> str:
    """A whole module: parameters, buffers, the functions called, and `body`, in which `WORKGROUP_SIZE` stands for its
    size.
    """
    lines = []
    if any("f16" in binding.storage for binding in ir.bindings) or "f16(" in body:
        lines.append("enable f16;")
    lines.append(f"struct Parameters {{ w: array<vec4<u32>, {ir.words // 4}> }}")
    lines.append("@group(0) @binding(0) var<uniform> P: Parameters;")
    number = 0
    for at, binding in enumerate(ir.bindings):
        if binding.alias < 0:
            number += 1
            access = "read_write" if binding.writable or _aliased(ir.bindings, at) else "read"
            lines.append(f"@group(0) @binding({number}) var<storage, {access}> b{at}: array<{binding.storage}>;")
    return "\n".join([*lines, functions_for(body), body.replace("WORKGROUP_SIZE", workgroup)]) + "\n"


def _aliased(bindings: tuple[Binding, ...], at: int) -> bool:
    return any(binding.alias == at for binding in bindings)


def buffer(ir: KernelIR, at: int) -> str:
    alias = ir.bindings[at].alias
    return f"b{at if alias < 0 else alias}"


def flat_index(count_word: int, indent: str = INDENT, each: int = 1) -> str:
    """`i`, the invocation's number in a dispatch that may be folded into y, and the way out for those too many; with `each`,
    the first of so many numbers.
    """
    number = "id.x + id.y * (groups.x * WORKGROUP_SIZE)"
    return (
        f"{indent}let i = {number if each == 1 else f'({number}) * {each}u'};\n"
        f"{indent}if (i >= {word(count_word)}) {{ return; }}\n"
    )


ENTRY = (
    "@compute @workgroup_size(WORKGROUP_SIZE)\n"
    "fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {\n"
)


def coordinates(function: Function, first: int, last: int, index: str, indent: str) -> list[str]:
    """`let c...` for dimensions first .. last - 1, from a flat index over them; those nobody reads are left out."""
    used = used_dimensions(function)
    lines = []
    rest = index
    for axis in range(last - 1, first - 1, -1):
        size = word(function.word + axis)
        if axis == first:
            if axis in used:
                lines.append(f"{indent}let c{axis} = {rest};")
        else:
            if axis in used:
                lines.append(f"{indent}let c{axis} = {rest} % {size};")
            if any(lower in used for lower in range(first, axis)):
                lines.append(f"{indent}let q{axis} = {rest} / {size};")
                rest = f"q{axis}"
    return lines


def used_dimensions(function: Function) -> set[int]:
    patterns = [
        *function.accesses,
        *(space.position for space in function.spaces),
        *(s.position for s in function.stores),
    ]
    return {
        axis for p in patterns if p.space == 0 and not p.flat for axis, walk in enumerate(p.walks) if walk != ABSENT
    }


def position(pattern: Pattern, first: int = 0, last: int | None = None, start: str | None = None) -> str:
    """The position that an access means, from the coordinates of dimensions first .. last - 1."""
    if pattern.flat:
        return "i"
    prefix = "c" if pattern.space == 0 else f"s{pattern.space}_"
    terms = [word(pattern.word) if start is None else start]
    at = pattern.word
    for axis, walk in enumerate(pattern.walks):
        if walk == STRIDED:
            at += 1
        if walk == ABSENT or axis < first or (last is not None and axis >= last):
            continue
        terms.append(f"{prefix}{axis}" if walk == UNIT else f"{prefix}{axis} * {word(at)}")
    return " + ".join(terms)


def positions(function: Function, indent: str, hoisted: bool = False, only: set[int] | None = None) -> list[str]:
    """`let a...` for every access that a load (or those asked for) needs; with `hoisted`, what does not depend on
    reduced dimensions is in `h...` already.
    """
    lines = []
    loaded = _loaded(function, only)
    for number, space in enumerate(function.spaces, 1):
        lines.append(f"{indent}let p{number} = {_position(function, space.position, f'hs{number}', hoisted)};")
        rest = f"p{number}"
        for axis in range(space.rank - 1, 0, -1):
            size = word(space.word + axis - 1)
            lines.append(f"{indent}let s{number}_{axis} = {rest} % {size};")
            lines.append(f"{indent}let t{number}_{axis} = {rest} / {size};")
            rest = f"t{number}_{axis}"
        lines.append(f"{indent}let s{number}_0 = {rest};")
        lines += [
            f"{indent}let a{at} = {position(p)};"
            for at, p in enumerate(function.accesses)
            if p.space == number and at in loaded
        ]
    lines += [
        f"{indent}let a{at} = {_position(function, p, f'h{at}', hoisted)};"
        for at, p in enumerate(function.accesses)
        if p.space == 0 and not p.flat and at in loaded
    ]
    return lines


def hoisted_positions(function: Function, indent: str) -> list[str]:
    """`let h...`, and `let o...` for stores: of each access, what stays the same throughout a reduction."""
    lines = []
    loaded = _loaded(function)
    for number, space in enumerate(function.spaces, 1):
        if space.position.space == 0 and not space.position.flat:
            lines.append(f"{indent}let hs{number} = {position(space.position, 0, function.split)};")
    for at, p in enumerate(function.accesses):
        if p.space == 0 and not p.flat and at in loaded:
            lines.append(f"{indent}let h{at} = {position(p, 0, function.split)};")
    for at, s in enumerate(function.stores):
        if s.position.space == 0 and not s.position.flat:
            lines.append(f"{indent}let o{at} = {position(s.position, 0, function.split)};")
    return lines


def _position(function: Function, pattern: Pattern, hoisted_name: str, hoisted: bool) -> str:
    if not hoisted or pattern.space or pattern.flat:
        return position(pattern)
    return position(pattern, function.split, None, hoisted_name)


def _loaded(function: Function, only: set[int] | None = None) -> set[int]:
    return {
        instruction[ACCESS_AT[instruction[0]]]
        for at, instruction in enumerate(function.code)
        if instruction[0] in ACCESS_AT and (only is None or at in only)
    }


def varying(function: Function) -> list[bool]:
    """Whether each register differs among the lanes."""
    if function.lanes == 1:
        return [False] * len(function.code)
    also = ("input",) if function.along < 0 else ("reduced",)
    return _dependents(function, lambda pattern: pattern.flat or pattern.walks[function.along] != ABSENT, also)


def inner(function: Function) -> list[bool]:
    """Whether each register of a row kernel differs along a row."""
    return _dependents(
        function,
        lambda pattern: pattern.space > 0 or any(walk != ABSENT for walk in pattern.walks[function.split :]),
    )


def _dependents(function: Function, differs: Callable[[Pattern], bool], also: tuple[str, ...] = ()) -> list[bool]:
    result: list[bool] = []
    for instruction in function.code:
        at = ACCESS_AT.get(instruction[0])
        own = instruction[0] in also or (at is not None and differs(function.accesses[instruction[at]]))
        result.append(own or any(result[register] for register in operands(instruction)))
    return result


def operands(instruction: Instruction) -> tuple[int, ...]:
    """The registers that an instruction reads."""
    name = instruction[0]
    if name == "load_at":
        return (instruction[4],)
    if name in NO_OPERANDS:
        return ()
    return tuple(instruction[3:])


NO_OPERANDS = ("load", "param", "input", "arange", "random", "reduced")


def instructions(
    ir: KernelIR, function: Function, indent: str, given: str = "value", only: set[int] | None = None
) -> list[str]:
    """`let r...` for every instruction, or for those asked for."""
    lines = []
    differs = varying(function)
    for at, instruction in enumerate(function.code):
        if only is not None and at not in only:
            continue
        type_ = register(instruction[1])
        if not differs[at]:
            lines.append(f"{indent}let r{at}: {type_} = {_expression(ir, function, instruction, given, differs, 0)};")
            continue
        if _is_vector(ir, instruction):
            place = _place(function, instruction[3])
            lines += [
                f"{indent}let v{at}_{k} = {buffer(ir, instruction[2])}[{_vector_place(place, k)}];"
                for k in range(function.lanes // 4)
            ]
        by_fours = instruction[0] == "random" and _is_consecutive(function, instruction[2])
        if by_fours:
            lines += [
                f"{indent}let v{at}_{k} = {_random(function, instruction, 4 * k, '_4')};"
                for k in range(function.lanes // 4)
            ]
        for lane in range(function.lanes):
            if by_fours:
                value = f"v{at}_{lane // 4}[{lane % 4}]"
            elif _is_vector(ir, instruction):
                value = load(instruction[1], f"v{at}_{lane // 4}[{lane % 4}]")
            else:
                value = _expression(ir, function, instruction, given, differs, lane)
            lines.append(f"{indent}let r{at}_{lane}: {type_} = {value};")
    return lines


def _is_consecutive(function: Function, access: int) -> bool:
    """Whether the lanes are at places one after the other, in fours."""
    pattern = function.accesses[access]
    return function.lanes % 4 == 0 and (pattern.flat or pattern.walks[function.along] == UNIT)


def _random(function: Function, instruction: Instruction, lane: int, many: str = "") -> str:
    at, seed = instruction[2:]
    return f"uniform_random{many}({_place(function, at, lane)}, {', '.join(word(seed + k) for k in range(4))})"


def _one(ir: KernelIR, binding: int, place: str) -> str:
    """One element of a buffer, which may be bound as vectors."""
    if ir.bindings[binding].storage.startswith("vec"):
        return f"{buffer(ir, binding)}[({place}) >> 2u][({place}) & 3u]"
    return f"{buffer(ir, binding)}[{place}]"


def _is_vector(ir: KernelIR, instruction: Instruction) -> bool:
    return instruction[0] == "load" and ir.bindings[instruction[2]].storage.startswith("vec")


def register_name(differs: list[bool], at: int, lane: int = 0) -> str:
    """A register, of one lane if it differs among them."""
    return f"r{at}_{lane}" if differs[at] else f"r{at}"


def _expression(
    ir: KernelIR, function: Function, instruction: Instruction, given: str, differs: list[bool], lane: int
) -> str:
    name, dtype, *rest = instruction
    if name == "load":
        return load(dtype, _one(ir, rest[0], _place(function, rest[1], lane)))
    if name == "load_at":
        binding, at, index, stride = rest
        place = f"{_place(function, at, lane)} + u32({register_name(differs, index, lane)}) * {word(stride)}"
        return load(dtype, _one(ir, binding, place))
    if name == "param":
        return scalar(dtype, rest[0])
    if name == "input":
        return f"{given}[{lane}]" if function.lanes > 1 else given
    if name == "reduced":
        return f"m{rest[0]}" if function.along < 0 else f"m{rest[0]}_{lane}"
    if name == "arange":
        at, start, step = rest
        index = f"{register(dtype)}({_place(function, at, lane)})"
        return wrapped("arange", dtype, f"{scalar(dtype, start)} + {index} * {scalar(dtype, step)}")
    if name == "random":
        return _random(function, instruction, lane)
    registers = [register_name(differs, r, lane) for r in rest[1:]]
    if name == "cast":
        return wrapped("cast", dtype, CASTS[KIND[rest[0]], KIND[dtype]].format(*registers))
    return wrapped(name, dtype, EXPRESSIONS[name, KIND[rest[0]]].format(*registers))


def _place(function: Function, at: int, lane: int = 0) -> str:
    pattern = function.accesses[at]
    return f"{'i' if pattern.flat else f'a{at}'}{_lane_step(pattern, function.along, lane)}"


def _lane_step(pattern: Pattern, along: int, lane: int) -> str:
    """How far a lane is from the first."""
    if lane == 0 or (not pattern.flat and pattern.walks[along] == ABSENT):
        return ""
    if pattern.flat or pattern.walks[along] == UNIT:
        return f" + {lane}u"
    before = pattern.walks[: along % len(pattern.walks) + 1]
    return f" + {lane}u * {word(pattern.word + sum(walk == STRIDED for walk in before))}"


def _vector_place(place: str, number: int) -> str:
    """The place of a vector in a buffer of vectors, `number` after the one at an element's place."""
    return f"(({place}) >> 2u) + {number}u" if number else f"({place}) >> 2u"


def scalar(dtype: str, at: int) -> str:
    kind = register(dtype)
    if kind == "bool":
        return f"{word(at)} != 0u"
    return f"bitcast<{kind}>({word(at)})"


def stores(
    ir: KernelIR, function: Function, indent: str, only: Sequence[Store] | None = None, hoisted: bool = False
) -> list[str]:
    """The assignments to buffers, all or those asked for; `hoisted` as for `positions`."""
    lines = []
    differs = varying(function)
    for at, s in enumerate(function.stores):
        if only is not None and s not in only:
            continue
        place = _position(function, s.position, f"o{at}", hoisted)
        values = [store(s.dtype, register_name(differs, s.register, lane)) for lane in range(function.lanes)]
        if function.lanes == 1 or not (s.position.flat or s.position.walks[function.along] != ABSENT):
            lines.append(f"{indent}{_one(ir, s.binding, place)} = {values[0]};")
        elif ir.bindings[s.binding].storage.startswith("vec"):
            type_ = ir.bindings[s.binding].storage
            lines += [
                f"{indent}{buffer(ir, s.binding)}[{_vector_place(place, k)}] = "
                f"{type_}({', '.join(values[4 * k : 4 * k + 4])});"
                for k in range(function.lanes // 4)
            ]
        else:
            lines += [
                f"{indent}{buffer(ir, s.binding)}[{place}{_lane_step(s.position, function.along, lane)}] = {value};"
                for lane, value in enumerate(values)
            ]
    return lines


def body(ir: KernelIR, function: Function, indent: str = INDENT, given: str = "value") -> str:
    """The code of a function, from `i` to its stores."""
    own = [] if function.located else coordinates(function, 0, function.rank, "i", indent)
    return "\n".join(
        [
            *own,
            *positions(function, indent),
            *instructions(ir, function, indent, given),
            *stores(ir, function, indent),
        ]
    )


def define(ir: KernelIR, function: Function) -> str:
    """A WGSL function: `fn name(i) -> value` for an operand, `fn name(i, value)` for an epilogue."""
    parameters = "i: u32"
    if function.located:
        parameters += "".join(f", c{axis}: u32" for axis in range(function.rank))
    if function.input:
        type_ = register(function.input)
        parameters += f", value: {type_}" if function.lanes == 1 else f", value: vec{function.lanes}<{type_}>"
    if function.result < 0:
        return f"fn {function.name}({parameters}) {{\n{body(ir, function)}\n}}"
    result = function.code[function.result][1]
    head = f"fn {function.name}({parameters}) -> {register(result)}"
    return f"{head} {{\n{body(ir, function)}\n{INDENT}return r{function.result};\n}}"
