"""The WGSL of a walk of attention: its own rows, the rows that it meets, products, sums. See `attention_walk.py`.

Names in the text: `row0 row1 ...` the numbers of own rows, `j` that of the first of those that are met at a time, `met0 met1
...`; `query0_2` the third four elements of the first own row, `key_m0_2` those of the first that is met; `at_key` where an
operand's batch begins. What has a value for each pair of an own row and one that is met is, for each own row, a number or a
vector of as many as are met at a time, such as `s0`.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..codegen.ir import KernelIR
from ..codegen.ops import load, wrapped
from ..codegen.wgsl import ENTRY, WORKGROUP, buffer, define, flat_index, module, word, words_first
from .attention_walk import BATCH, COLUMN, COUNT, MET, OFFSET, OWN, ROW, SCALE, SIZES, TILES, Operand, Side, Walk
from .matmul_subgroup import SHARING

SHORT_EPILOGUE = 8  # instructions that may be written out for every four results
FAR_BELOW = "-3.0e38"  # the score of what takes no part: whatever the largest is, its weight is 0


class Text:
    """The text of one kernel's walk."""

    def __init__(self, ir: KernelIR) -> None:
        self.ir = ir
        layout, side, walk, staged = ir.static
        self.side: Side = side
        self.walk: Walk = walk
        self.staged: int = staged if layout == "workgroup" else 0
        self.told = layout == "subgroup"
        self.together = walk.variant.together
        self.rows = range(walk.variant.rows)
        self.met = range(walk.variant.met)
        self.type = "f32" if len(self.met) == 1 else f"vec{len(self.met)}<f32>"
        self.operands = {operand.name: operand for operand in walk.operands}
        self._words = {name: SIZES + walk.rank + n * (BATCH + walk.rank) for n, name in enumerate(self._placed())}

    def _placed(self) -> list[str]:
        return [*self.operands, *(f"of {result}" for result in self.walk.results)]

    def has(self, name: str) -> bool:
        return name in self.operands

    def quads(self, name: str) -> range:
        return range(-(-self.walk.width(name) // 4))

    def word(self, name: str, which: int) -> str:
        return word(self._words[name] + which)

    # --- the frame

    def module(self, start: Sequence[str], turn: Sequence[str], end: Sequence[str]) -> str:
        """The kernel: `start` before the walk, `turn` for those that are met at a time, `end` after it."""
        head = "".join(define(self.ir, function) + "\n" for function in self.ir.functions)
        lines = [*self._places(), *self._own_rows(), *start, *self._loop(turn), *end]
        body = "\n".join(f"  {line}" for line in lines) + "\n}"
        if self.together == 1:
            return module(self.ir, f"{head}{ENTRY}{words_first(flat_index(COUNT) + body)}")
        memory = "".join(
            f"var<workgroup> {name}_tile: array<vec4<f32>, {self.staged * len(self.quads(name))}>;\n"
            for name in (self.side.met if self.staged else ())
        )
        entry = (
            "@compute @workgroup_size(WORKGROUP_SIZE)\n"
            "fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,\n"
            f"        @builtin(local_invocation_index) t: u32{', @builtin(subgroup_invocation_id) lane: u32' * self.told}) {{\n"
        )
        start_of = f"  let i = group.x + group.y * groups.x;\n  if (i >= {word(COUNT)}) {{ return; }}\n"
        return module(self.ir, f"{head}{memory}{entry}{words_first(start_of + body)}", f"{self.together}")

    def _places(self) -> list[str]:
        """`first`, its first own row, and where everything of its batch begins."""
        rows = len(self.rows)
        first = f"(tile * {self.together}u + t) * {rows}u" if self.together > 1 else f"tile * {rows}u"
        lines = [f"let tile = i % {word(TILES)};", f"var left = i / {word(TILES)};", f"let first = {first};"]
        placed = self._placed()
        names = [_variable(name) for name in placed]
        lines += [f"var at_{own} = {self.word(name, OFFSET)};" for own, name in zip(names, placed, strict=True)]
        if self.told:
            lines.append(f"let turn = lane % {SHARING}u;")
        for axis in reversed(range(self.walk.rank)):
            size = word(SIZES + axis)
            steps = " ".join(
                f"at_{own} = at_{own} + c * {self.word(name, BATCH + axis)};"
                for own, name in zip(names, placed, strict=True)
            )
            lines.append(f"{{ let c = left % {size}; left = left / {size}; {steps} }}")
        return lines

    def _own_rows(self) -> list[str]:
        """The own rows; the first of them with the scale."""
        lines = [f"let scale = bitcast<f32>({word(SCALE)});"]
        lines += [f"let row{r} = min(first + {r}u, {word(OWN)} - 1u);" for r in self.rows]
        for name in self.side.own:
            scaled = " * scale" if name == self.side.own[0] else ""
            for r in self.rows:
                lines.append(f"let {name}_row{r} = at_{name} + row{r} * {self.word(name, ROW)};")
                lines += [
                    f"let {name}{r}_{q} = {self.four(name, f'{name}_row{r}', q)}{scaled};" for q in self.quads(name)
                ]
        return lines

    def _loop(self, turn: Sequence[str]) -> list[str]:
        begin, end = "0u", word(MET)
        count, met = len(self.rows) * self.together, len(self.met)  # the same for all that meet the same rows
        if self.walk.is_causal and self.side.owns_queries:  # keys up to the last query
            end = f"min({word(MET)}, tile * {count}u + {count}u)"
        elif self.walk.is_causal:  # queries from the first key
            begin = f"tile * {count}u / {met}u * {met}u"
        head = [f"let begin = {begin};", f"let end = {end};"]
        inner = ["  " + line for line in (*self._met_rows(), *turn)]
        if not self.staged:
            return [*head, f"for (var j = begin; j < end; j = j + {len(self.met)}u) {{", *inner, "}"]
        stage = []
        for name in self.side.met:
            quads = len(self.quads(name))
            stage += [
                f"  for (var n = t; n < {self.staged * quads}u; n = n + {WORKGROUP}u) {{",
                f"    let at = at_{name} + min(begin_tile + n / {quads}u, {word(MET)} - 1u) * {self.word(name, ROW)};",
                f"    {name}_tile[n] = {self._any_four(name, 'at', f'(n % {quads}u)')};",
                "  }",
            ]
        return [
            *head,
            f"for (var begin_tile = begin; begin_tile < end; begin_tile = begin_tile + {self.staged}u) {{",
            "  workgroupBarrier();",
            *stage,
            "  workgroupBarrier();",
            f"  for (var j = begin_tile; j < min(begin_tile + {self.staged}u, end); j = j + {len(self.met)}u) {{",
            *("  " + line for line in inner),
            "  }",
            "}",
        ]

    def _met_rows(self) -> list[str]:
        """The numbers of the rows that are met at a time, and where they lie."""
        ragged = self.walk.ragged
        lines = [
            f"let met{n} = min(j + {n}u, {word(MET)} - 1u);" if ragged else f"let met{n} = j + {n}u;" for n in self.met
        ]
        for name in self.side.met:
            quads = len(self.quads(name))
            for n in self.met:
                if self.staged:
                    lines.append(f"let {name}_met{n} = (j - begin_tile + {n}u) * {quads}u;")
                else:
                    lines.append(f"let {name}_met{n} = at_{name} + met{n} * {self.word(name, ROW)};")
        return lines

    # --- loads

    def element(self, operand: Operand, at: str) -> str:
        """One element of an operand."""
        storage = self.ir.bindings[operand.binding].storage
        if storage.startswith("vec"):
            return f"{buffer(self.ir, operand.binding)}[({at}) >> 2u][({at}) & 3u]"
        return load("float16" if storage == "f16" else "float32", f"{buffer(self.ir, operand.binding)}[{at}]")

    def four(self, name: str, at: str, quad: int) -> str:
        """Four elements of a row from where it begins; 0 for those past its end."""
        operand = self.operands[name]
        if operand.mode == "vector":
            return f"{buffer(self.ir, operand.binding)}[{at} + {quad}u]"
        step = "" if operand.mode == "unit" else f" * {self.word(name, COLUMN)}"
        elements = [
            self.element(operand, f"{at} + {4 * quad + d}u{step}") if 4 * quad + d < self.walk.width(name) else "0.0"
            for d in range(4)
        ]
        return f"vec4<f32>({', '.join(elements)})"

    def _any_four(self, name: str, at: str, quad: str) -> str:
        """The same of a quad whose number is an expression."""
        operand, width = self.operands[name], self.walk.width(name)
        if operand.mode == "vector":
            return f"{buffer(self.ir, operand.binding)}[{at} + {quad}]"
        elements = []
        for d in range(4):
            element = self.element(operand, f"{at} + ({quad} * 4u + {d}u) * {self.word(name, COLUMN)}")
            whole = width % 4 == 0 or d < width % 4
            elements.append(element if whole else f"select(0.0, {element}, {quad} * 4u + {d}u < {width}u)")
        return f"vec4<f32>({', '.join(elements)})"

    def load_met(self, name: str, quad: int) -> list[str]:
        """`{name}_m0_{quad}`, `{name}_m1_{quad}`, ...: four elements of each row that is met."""
        if self.staged:
            return [f"let {name}_m{n}_{quad} = {name}_tile[{name}_met{n} + {quad}u];" for n in self.met]
        if self.told:
            part, turn = divmod(quad, SHARING)
            lines = []
            if turn == 0:
                own = f"min({quad}u + turn, {len(self.quads(name)) - 1}u)"
                lines = [
                    f"let {name}_mine{n}_{part} = {self._any_four(name, f'{name}_met{n}', own)};" for n in self.met
                ]
            told = f"subgroupBroadcast({name}_mine{{}}_{part}, {turn}u)"
            return [*lines, *(f"let {name}_m{n}_{quad} = {told.format(n)};" for n in self.met)]
        return [f"let {name}_m{n}_{quad} = {self.four(name, f'{name}_met{n}', quad)};" for n in self.met]

    def of_own_row(self, name: str, row: int) -> str:
        """Of an operand with an element for each query: that of an own row."""
        return self.element(self.operands[name], f"at_{name} + row{row} * {self.word(name, ROW)}")

    def of_met_rows(self, name: str) -> str:
        """Of an operand with an element for each query: those of the rows that are met."""
        operand = self.operands[name]
        if operand.mode == "vector":
            return f"{buffer(self.ir, operand.binding)}[at_{name} + (j >> 2u)]"
        return self.each([self.element(operand, f"at_{name} + met{n} * {self.word(name, ROW)}") for n in self.met])

    def scored(self, name: str) -> list[str]:
        """`{name}0`, `{name}1`, ...: of bias or noise, what each own row has for those that are met."""
        operand = self.operands[name]
        source, row, column = buffer(self.ir, operand.binding), self.word(name, ROW), self.word(name, COLUMN)
        if operand.mode == "across":
            lines = [
                f"let {name}_{n}_{q} = {source}[at_{name} + (first >> 2u) + {q}u + met{n} * {column}];"
                for n in self.met
                for q in range(len(self.rows) // 4)
            ]
            for r in self.rows:
                elements = [f"{name}_{n}_{r // 4}[{r % 4}]" for n in self.met]
                lines.append(f"let {name}{r} = {self.each(elements)};")
            return lines
        lines = []
        for r in self.rows:
            at = f"at_{name} + row{r} * {row}"
            if operand.same and r:
                value = f"{name}0"
            elif operand.mode == "vector":
                value = f"{source}[{at} + (j >> 2u)]"
            else:
                value = self.each([self.element(operand, f"{at} + met{n} * {column}") for n in self.met])
            lines.append(f"let {name}{r} = {value};")
        return lines

    # --- arithmetic

    def each(self, values: Sequence[str]) -> str:
        """What the rows that are met at a time have."""
        return values[0] if len(values) == 1 else f"{self.type}({', '.join(values)})"

    def of(self, value: str, n: int) -> str:
        """What one of them has."""
        return value if len(self.met) == 1 else f"{value}[{n}]"

    def product(self, target: str, own: str, met: str) -> list[str]:
        """`{target}0`, ...: the products of own rows with those that are met, which are loaded on the way."""
        lines = [f"var {target}{r} = {self.type}();" for r in self.rows]
        width = self.walk.width(own)
        for q in self.quads(own):
            lines += self.load_met(met, q)
            for d in range(min(4, width - 4 * q)):
                turned = self.each([f"{met}_m{n}_{q}[{d}]" for n in self.met])
                lines.append(f"let {target}_{q}_{d} = {turned};")
                lines += [
                    f"{target}{r} = fma({self.type}({own}{r}_{q}[{d}]), {target}_{q}_{d}, {target}{r});"
                    for r in self.rows
                ]
        return lines

    def scores(self, target: str) -> list[str]:
        """The scores `{target}0`, ...: scaled products, with the bias; far below all others where nothing is met."""
        lines = self.product(target, self.side.own[0], self.side.met[0])
        if self.has("bias"):
            lines += self.scored("bias")
            lines += [f"{target}{r} = {target}{r} + bias{r};" for r in self.rows]
        conditions = []
        if self.walk.is_causal:
            conditions.append("met{n} <= row{r}" if self.side.owns_queries else "met{n} >= row{r}")
        if self.walk.ragged:
            conditions.append(f"j + {{n}}u < {word(MET)}")
        for r in self.rows if conditions else ():
            for n in self.met:
                place = self.of(f"{target}{r}", n)
                condition = " && ".join(conditions).format(n=n, r=r)
                lines.append(f"{place} = select({FAR_BELOW}, {place}, {condition});")
        return lines

    def accumulate(self, sums: str, weights: str, met: str, shrink: str = "") -> list[str]:
        """Add the rows that are met, by weight, to the sums `{sums}0_0`, ..., each times `{shrink}0`, ... first."""
        lines = []
        for q in self.quads(met):
            for r in self.rows:
                value = f"{sums}{r}_{q}" + (f" * {shrink}{r}" if shrink else "")
                for n in self.met:
                    value = f"fma(vec4<f32>({self.of(f'{weights}{r}', n)}), {met}_m{n}_{q}, {value})"
                lines.append(f"{sums}{r}_{q} = {value};")
        return lines

    def zeros(self, sums: str, like: str) -> list[str]:
        return [f"var {sums}{r}_{q} = vec4<f32>();" for r in self.rows for q in self.quads(like)]

    # --- results

    def store(self, result: str, sums: str, like: str, factor: str, finish: str = "finish") -> list[str]:
        """Hand each own row's sums times `factor` (in which `#` stands for the row) to an epilogue."""
        function = next(f for f in self.ir.functions if f.name == finish)
        place, step = f"at_{_variable(f'of {result}')}", self.word(f"of {result}", ROW)
        quads, width = len(self.quads(like)), self.walk.width(like)
        if function.lanes == 4 and len(function.code) <= SHORT_EPILOGUE:
            lines = []
            for r in self.rows:
                of_row = factor.replace("#", str(r))
                stores = " ".join(f"{finish}(at + {4 * q}u, {sums}{r}_{q} * {of_row});" for q in range(quads))
                lines.append(f"if (first + {r}u < {word(OWN)}) {{ let at = {place} + row{r} * {step}; {stores} }}")
            return lines
        everything = [f"{sums}{r}_{q} * {factor.replace('#', str(r))}" for r in self.rows for q in range(quads)]
        if function.lanes == 4:
            one = (
                f"for (var q = 0u; q < {quads}u; q = q + 1u) {{ {finish}(at + 4u * q, all_{sums}[r * {quads}u + q]); }}"
            )
        else:
            value = wrapped("matmul", self.walk.dtype, f"all_{sums}[r * {quads}u + c / 4u][c & 3u]")
            one = f"for (var c = 0u; c < {width}u; c = c + 1u) {{ {finish}(at + c, {value}); }}"
        return [
            f"var all_{sums} = array<vec4<f32>, {len(everything)}>({', '.join(everything)});",
            f"for (var r = 0u; r < {len(self.rows)}u && first + r < {word(OWN)}; r = r + 1u) {{",
            f"  let at = {place} + (first + r) * {step};",
            f"  {one}",
            "}",
        ]


def _variable(name: str) -> str:
    return name.replace("of ", "of_")
