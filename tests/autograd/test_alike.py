"""What a program with autograd sees, as torch shows it: orders, options, hooks, modes, custom functions, and every error's text."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from ..ops.both import agree

Library = Any
Program = Callable[[Library], Any]


def case(program: Program) -> Program:
    CASES.append(program)
    return program


CASES: list[Program] = []


def leaf(t: Library, *values: float) -> Any:
    return t.tensor(list(values) or [1.0, 2.0, 3.0], requires_grad=True)


# --- the engine -------------------------------------------------------------------------------------------------------


@case
def order_in_which_nodes_run(t: Library) -> Any:
    x = leaf(t)
    ran: list[str] = []
    a = x.exp()
    b = x.sin()
    c = a * b
    d = c + a
    for y in (a, b, c, d):
        y.register_hook(partial(lambda name, g: ran.append(name), y.grad_fn.name()))
    d.sum().backward()
    return ran, x.grad


@case
def leaves_are_served_as_soon_as_they_can_be(t: Library) -> Any:
    w, b, x = leaf(t, 1.0, 2.0), leaf(t, 0.5, 0.5), leaf(t, 3.0, 4.0)
    ran: list[Any] = []
    h = (x * w).sin()
    h.register_hook(lambda g: ran.append("h"))
    for name, v in (("w", w), ("b", b), ("x", x)):
        v.register_hook(lambda g, name=name: ran.append((name, [q.grad is not None for q in (w, b, x)])))
        v.register_post_accumulate_grad_hook(lambda p, name=name: ran.append((name, p.grad.tolist())))
    (h + b + b * w.detach()).sum().backward()
    (h.detach() * w + b).sum().backward(inputs=[w])
    return [r for r in ran if r == "h" or isinstance(r[1][0], bool)]


@case
def a_step_for_each_parameter_within_the_pass(t: Library) -> Any:
    layers = [leaf(t, 0.5, -0.5), leaf(t, 1.5, 2.0)]

    def step(p: Any) -> None:
        with t.no_grad():
            p -= 0.1 * p.grad
        p.grad = None

    for p in layers:
        p.register_post_accumulate_grad_hook(step)
    x = t.tensor([1.0, 2.0])
    ((x * layers[0]).exp() + layers[1]).sum().backward()
    return layers


@case
def what_is_computed_is_not_set(t: Library) -> Any:
    found = []
    for name in ("is_leaf", "grad_fn", "output_nr", "shape", "ndim", "device", "_version"):
        for change in (partial(setattr, leaf(t), name, None), partial(delattr, leaf(t), name)):
            try:
                change()
            except AttributeError as e:
                found.append(str(e))
    x = leaf(t)
    x.sum().backward()
    del x.grad
    return found, x.grad


@case
def spread(t: Library) -> Any:
    x = leaf(t, 1.0, 2.5, -1.0)
    y = t.ones(3, requires_grad=True)
    y.std().backward()
    (g,) = t.autograd.grad(x.std(), x, create_graph=True)
    g.square().sum().backward()
    return x.std().grad_fn.name(), x.var(0).grad_fn.name(), y.grad, g.detach(), x.grad


@case
def several_roots(t: Library) -> Any:
    x = leaf(t)
    t.autograd.backward([(x * 2).sum(), (x * x)], [None, t.ones(3)])
    return x.grad


@case
def gradient_argument(t: Library) -> Any:
    x = leaf(t)
    (x * 2).backward(t.tensor([1.0, 0.0, -1.0]))
    return x.grad


@case
def gradient_of_another_shape(t: Library) -> Any:
    return (leaf(t) * 2).backward(t.ones(2))


@case
def backward_of_what_needs_none(t: Library) -> Any:
    return t.ones(3).sum().backward()


@case
def backward_of_no_scalar(t: Library) -> Any:
    return (leaf(t) * 2).backward()


@case
def backward_of_a_leaf(t: Library) -> Any:
    x = t.tensor(2.0, requires_grad=True)
    x.backward()
    return x.grad


@case
def inputs_of_backward(t: Library) -> Any:
    x, w = leaf(t), leaf(t, 2.0, 3.0, 4.0)
    (x * w).sum().backward(inputs=[w])
    return x.grad, w.grad


@case
def no_inputs_of_backward(t: Library) -> Any:
    return leaf(t).sum().backward(inputs=[])


@case
def a_node_that_saves_nothing_runs_twice(t: Library) -> Any:
    x = leaf(t)
    y = (x + 1).sum()
    y.backward()
    y.backward()
    return x.grad


@case
def second_backward_through_a_part(t: Library) -> Any:
    x = leaf(t)
    h = x.exp()
    (h * 2).sum().backward()
    return (h * 3).sum().backward()


@case
def saved_tensors_of_the_first_part_are_kept(t: Library) -> Any:
    x = leaf(t)
    h = x.exp()
    (h * 2).sum().backward(retain_graph=True)
    (h * 3).sum().backward()
    return x.grad


@case
def accumulating_with_create_graph(t: Library) -> Any:
    x = leaf(t)
    (x**3).sum().backward(create_graph=True)
    first = x.grad
    (first * first).sum().backward()
    return x.grad.detach(), first.requires_grad


@case
def gradient_of_a_gradient(t: Library) -> Any:
    x = leaf(t)
    (g,) = t.autograd.grad((x**3).sum(), x, create_graph=True)
    penalty = (g.norm() - 1) ** 2
    penalty.backward()
    return x.grad


@case
def grad_keeps_dot_grad_alone(t: Library) -> Any:
    x = leaf(t)
    grads = t.autograd.grad([(x * 2).sum(), (x * x).sum()], [x])
    return grads, x.grad


@case
def grad_of_an_intermediate(t: Library) -> Any:
    x = leaf(t)
    h = x * 2
    y = (h * h).sum()
    return t.autograd.grad(y, [h, x])


@case
def grad_of_an_output_itself(t: Library) -> Any:
    y = (leaf(t) * 2).sum()
    return t.autograd.grad(y, y)


@case
def grad_twice_of_the_same_input(t: Library) -> Any:
    x = leaf(t)
    return t.autograd.grad((x * x).sum(), [x, x])


@case
def grad_of_an_unused_input(t: Library) -> Any:
    return t.autograd.grad(leaf(t).sum(), leaf(t))


@case
def grad_of_an_unused_input_allowed(t: Library) -> Any:
    x, y = leaf(t), leaf(t)
    return t.autograd.grad((x * 2).sum(), [x, y], allow_unused=True)


@case
def grad_of_an_unused_input_materialized(t: Library) -> Any:
    x, y = leaf(t), leaf(t)
    return t.autograd.grad((x * 2).sum(), [x, y], materialize_grads=True)


@case
def grad_with_contradicting_options(t: Library) -> Any:
    x = leaf(t)
    return t.autograd.grad((x * 2).sum(), x, allow_unused=False, materialize_grads=True)


@case
def grad_of_what_needs_none(t: Library) -> Any:
    return t.autograd.grad(leaf(t).sum(), t.ones(3))


@case
def grad_with_weights(t: Library) -> Any:
    x = leaf(t)
    return t.autograd.grad(x * x, x, grad_outputs=t.tensor([1.0, 0.0, 2.0]))


@case
def grad_with_weights_of_another_shape(t: Library) -> Any:
    x = leaf(t)
    return t.autograd.grad(x * x, x, grad_outputs=t.ones(2))


@case
def unbroadcast_gradients(t: Library) -> Any:
    x, row, number = t.ones(2, 3, requires_grad=True), leaf(t), t.tensor(2.0, requires_grad=True)
    ((x + row) * number).sum().backward()
    return x.grad, row.grad, number.grad


@case
def gradient_dtypes_follow_the_leaves(t: Library) -> Any:
    x, y = t.ones(2, requires_grad=True), t.ones(2, dtype=t.float64, requires_grad=True)
    (x * y).sum().backward()
    return x.grad, y.grad


@case
def a_tensor_used_by_itself(t: Library) -> Any:
    x = leaf(t)
    (x * x * x).sum().backward()
    return x.grad


# --- leaves, flags, .grad ----------------------------------------------------------------------------------------------


@case
def flags(t: Library) -> Any:
    x = leaf(t)
    y = x * 2
    z = y.detach()
    return [(a.requires_grad, a.is_leaf, a.grad_fn is None, a.output_nr) for a in (x, y, z, t.ones(2))]


@case
def switching_off_a_result(t: Library) -> Any:
    y = leaf(t) * 2
    y.requires_grad = False


@case
def integers_require_no_gradient(t: Library) -> Any:
    t.tensor([1]).requires_grad = True


@case
def integers_require_no_gradient_by_method(t: Library) -> Any:
    t.tensor([1]).requires_grad_()


@case
def setting_grad(t: Library) -> Any:
    x = leaf(t)
    x.grad = t.ones(3)
    (x * 2).sum().backward()
    held = x.grad
    x.grad = None
    return held, x.grad


@case
def setting_grad_of_another_shape(t: Library) -> Any:
    leaf(t).grad = t.ones(2)


@case
def setting_grad_of_another_dtype(t: Library) -> Any:
    leaf(t).grad = t.ones(3, dtype=t.float64)


@case
def setting_grad_to_a_number(t: Library) -> Any:
    leaf(t).grad = 1.0


@case
def grad_of_a_result_is_warned_about(t: Library) -> Any:
    y = leaf(t) * 2
    return y.grad


@case
def retained_gradients(t: Library) -> Any:
    x = leaf(t)
    y = x * 2
    y.retain_grad()
    y.retain_grad()
    (y * y).sum().backward()
    return y.grad, y.retains_grad, x.retains_grad


@case
def retaining_what_needs_none(t: Library) -> Any:
    return t.ones(2).retain_grad()


@case
def accumulation_in_place(t: Library) -> Any:
    x = leaf(t)
    (x * 2).sum().backward()
    held = x.grad
    (x * 3).sum().backward()
    return held is x.grad, held


@case
def detach_in_place(t: Library) -> Any:
    y = leaf(t) * 2
    y.detach_()
    return y.requires_grad, y.is_leaf


@case
def detach_of_a_view_in_place(t: Library) -> Any:
    return (leaf(t) * 2)[0].detach_()


@case
def deep_copies_are_of_leaves(t: Library) -> Any:
    import copy

    x = leaf(t)
    (x * 2).sum().backward()
    y = copy.deepcopy(x)
    return y, y.grad, y.requires_grad, copy.deepcopy(x * 2)


@case
def numpy_of_what_needs_a_gradient(t: Library) -> Any:
    return leaf(t).numpy()


# --- hooks -------------------------------------------------------------------------------------------------------------


@case
def hooks_run_in_order(t: Library) -> Any:
    x = leaf(t)
    y = x * 2
    y.register_hook(lambda g: g * 2)
    y.register_hook(lambda g: g + 1)
    x.register_hook(lambda g: g * 10)
    y.sum().backward()
    return x.grad


@case
def hook_removed(t: Library) -> Any:
    x = leaf(t)
    handle = x.register_hook(lambda g: g * 2)
    x.sum().backward()
    handle.remove()
    handle.remove()
    x.sum().backward()
    return x.grad


@case
def hook_on_what_needs_none(t: Library) -> Any:
    return t.ones(2).register_hook(lambda g: g)


@case
def hook_of_a_node(t: Library) -> Any:
    x = leaf(t)
    y = x * 2
    seen: list[Any] = []
    y.grad_fn.register_hook(lambda inputs, outputs: seen.append((inputs[0].tolist(), outputs[0].tolist())))
    y.sum().backward()
    return seen


@case
def hook_of_a_node_replaces(t: Library) -> Any:
    x = leaf(t)
    y = x.exp()
    y.grad_fn.register_hook(lambda inputs, outputs: (inputs[0] * 0 + 5,))
    y.sum().backward()
    return x.grad


@case
def hook_before_a_node(t: Library) -> Any:
    x = leaf(t)
    y = x.exp()
    y.grad_fn.register_prehook(lambda outputs: (outputs[0] * 0,))
    y.sum().backward()
    return x.grad


@case
def hook_sees_grad_of_grad(t: Library) -> Any:
    x = leaf(t)
    y = x * x
    y.register_hook(lambda g: g * x)
    (g,) = t.autograd.grad(y.sum(), x, create_graph=True)
    return g, t.autograd.grad(g.sum(), x)


# --- modes -------------------------------------------------------------------------------------------------------------


@case
def modes_nest(t: Library) -> Any:
    x = leaf(t)
    seen = []
    with t.no_grad():
        seen.append((x * 2).requires_grad)
        with t.enable_grad():
            seen.append((x * 2).requires_grad)
            with t.set_grad_enabled(False):
                seen.append((x * 2).requires_grad)
            seen.append((x * 2).requires_grad)
        seen.append((x * 2).requires_grad)
    seen.append(t.is_grad_enabled())
    return seen


@case
def modes_as_decorators(t: Library) -> Any:
    x = leaf(t)

    @t.no_grad()
    def first() -> Any:
        return (x * 2).requires_grad

    @t.no_grad
    def second() -> Any:
        return (x * 2).requires_grad

    @t.set_grad_enabled(False)
    def third() -> Any:
        return (x * 2).requires_grad

    @t.inference_mode()
    def fourth() -> Any:
        return (x * 2).requires_grad

    return first(), second(), third(), fourth(), t.is_grad_enabled(), first.__name__


@case
def modes_in_generators(t: Library) -> Any:
    x = leaf(t)
    seen = []

    @t.no_grad()
    def generate() -> Any:
        sent = yield (x * 2).requires_grad
        seen.append(sent)
        try:
            yield (x * 2).requires_grad
        except ValueError:
            seen.append("thrown")
            yield t.is_grad_enabled()
        return 7

    steps = generate()
    seen.append(next(steps))
    seen.append(t.is_grad_enabled())
    seen.append(steps.send("hello"))
    seen.append(steps.throw(ValueError()))
    try:
        next(steps)
    except StopIteration as stop:
        seen.append(stop.value)
    seen.append(t.is_grad_enabled())
    return seen


@case
def mode_after_an_exception(t: Library) -> Any:
    try:
        with t.no_grad():
            raise ValueError
    except ValueError:
        return t.is_grad_enabled()


@case
def switch_as_a_statement(t: Library) -> Any:
    t.set_grad_enabled(False)
    inside = t.is_grad_enabled(), (leaf(t) * 2).requires_grad
    t.set_grad_enabled(True)
    return inside, t.is_grad_enabled()


@case
def writing_to_a_leaf_unrecorded(t: Library) -> Any:
    x = leaf(t)
    y = (x * x).sum()
    y.backward()
    with t.no_grad():
        x -= 0.1 * x.grad
        x.grad.zero_()
    return x, x.grad, x._version


@case
def data_is_not_watched(t: Library) -> Any:
    x = leaf(t)
    y = x * x
    x.data.mul_(2)
    y.sum().backward()
    return x.grad, x._version


@case
def detach_shares_and_is_watched(t: Library) -> Any:
    x = leaf(t)
    y = (x * x).sum()
    x.detach().mul_(2)
    return y.backward()


# --- in-place ops ------------------------------------------------------------------------------------------------------


@case
def in_place_on_a_leaf(t: Library) -> Any:
    return leaf(t).add_(1)


@case
def in_place_on_a_view_of_a_leaf(t: Library) -> Any:
    return leaf(t)[0].add_(1)


@case
def in_place_on_a_leaf_that_is_a_view(t: Library) -> Any:
    return t.arange(6.0).reshape(2, 3).requires_grad_().mul_(2)


@case
def item_of_a_leaf(t: Library) -> Any:
    x = leaf(t)
    x[0] = 1.0


@case
def in_place_on_what_was_saved(t: Library) -> Any:
    x = leaf(t)
    y = x * 2
    z = y * y
    y.add_(1)
    return z.sum().backward()


@case
def in_place_on_a_result_that_was_saved(t: Library) -> Any:
    y = leaf(t).sigmoid()
    y.mul_(2)
    return y.sum().backward()


@case
def in_place_on_a_view_of_what_was_saved(t: Library) -> Any:
    x = t.ones(2, 3, requires_grad=True)
    y = x * 2
    z = y.exp() * y
    y[0].zero_()
    return z.sum().backward()


@case
def in_place_where_nothing_was_saved(t: Library) -> Any:
    x = leaf(t)
    y = x * 2
    z = y + 1
    y.add_(5)
    z.sum().backward()
    return x.grad, y


@case
def in_place_with_a_saved_weight(t: Library) -> Any:
    x, w = leaf(t), leaf(t, 4.0, 5.0, 6.0)
    loss = (x * w).sum()
    with t.no_grad():
        w.add_(1)
    return loss.backward()


@case
def in_place_then_used(t: Library) -> Any:
    x = leaf(t)
    y = x.clone()
    y[1:] *= 3
    y.exp_()
    y[0] = x[2] * x[1]
    y.sum().backward()
    return x.grad, y


@case
def in_place_of_an_output_of_unbind(t: Library) -> Any:
    rows = (t.ones(2, 3, requires_grad=True) * 2).unbind(0)
    return rows[0].mul_(2)


@case
def in_place_relu_chain(t: Library) -> Any:
    x = t.tensor([-1.0, 0.5, 2.0], requires_grad=True)
    y = (x * 2).relu_().mul_(3).add_(x)
    y.sum().backward()
    return x.grad, y.grad_fn.name()


# --- custom functions --------------------------------------------------------------------------------------------------


def function(t: Library, forward: Any, backward: Any, name: str = "Mine", **more: Any) -> Any:
    members = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    members |= {k: staticmethod(v) for k, v in more.items()}
    return type(name, (t.autograd.Function,), members)


@case
def function_with_two_outputs(t: Library) -> Any:
    def forward(ctx: Any, x: Any, k: float) -> Any:
        ctx.k = k
        return x * k, x.sum()

    seen: list[Any] = []

    def backward(ctx: Any, a: Any, b: Any) -> Any:
        seen.append((a.tolist(), b.tolist()))
        return a * ctx.k + b, None

    f = function(t, forward, backward)
    x = leaf(t)
    y, total = f.apply(x, 3.0)
    (y.sum() + 2 * total).backward()
    only, _ = f.apply(x, 1.0)
    only.sum().backward()
    return x.grad, seen, y.grad_fn.name(), total.output_nr


@case
def function_without_materialized_gradients(t: Library) -> Any:
    def forward(ctx: Any, x: Any) -> Any:
        ctx.set_materialize_grads(False)
        return x * 2, x * 3

    seen: list[bool] = []

    def backward(ctx: Any, a: Any, b: Any) -> Any:
        seen.append(b is None)
        return a * 2

    x = leaf(t)
    y, _ = function(t, forward, backward).apply(x)
    y.sum().backward()
    return x.grad, seen


@case
def function_with_a_setup(t: Library) -> Any:
    def setup(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.save_for_backward(inputs[0], output)
        ctx.k = inputs[1]

    def backward(ctx: Any, g: Any) -> Any:
        x, y = ctx.saved_tensors
        return g * (y + x * ctx.k), None

    f = function(t, lambda x, k: x * k, backward, setup_context=setup)
    x = leaf(t)
    f.apply(x, 2.0).sum().backward()
    return x.grad


@case
def function_with_other_arguments(t: Library) -> Any:
    def forward(ctx: Any, x: Any, options: Any, nothing: Any, y: Any) -> Any:
        return x * options["k"] + y

    def backward(ctx: Any, g: Any) -> Any:
        return g * 2, None, None, g if ctx.needs_input_grad[3] else None

    x, y = leaf(t), leaf(t)
    f = function(t, forward, backward)
    f.apply(x, {"k": 2}, None, y).sum().backward()
    f.apply(x, {"k": 2}, None, y.detach()).sum().backward()
    return x.grad, y.grad


@case
def function_whose_output_has_no_gradient(t: Library) -> Any:
    def forward(ctx: Any, x: Any) -> Any:
        found = x.argmax()
        ctx.mark_non_differentiable(found)
        return x * 2, found

    x = leaf(t)
    y, found = function(t, forward, lambda ctx, g, unused: g * 2).apply(x)
    y.sum().backward()
    return x.grad, found.requires_grad, y.requires_grad


@case
def function_that_returns_its_input(t: Library) -> Any:
    x = leaf(t)
    y = function(t, lambda ctx, x: x, lambda ctx, g: g * 5).apply(x)
    y.sum().backward()
    return x.grad, y is x


@case
def function_that_returns_a_view(t: Library) -> Any:
    x = leaf(t)
    y = function(t, lambda ctx, x: x.view(3, 1), lambda ctx, g: g.view(3) * 5).apply(x)
    y.sum().backward()
    return x.grad, tuple(y.shape)


@case
def function_in_no_grad(t: Library) -> Any:
    x = leaf(t)
    f = function(t, lambda ctx, x: x * 2, lambda ctx, g: g)
    with t.no_grad():
        y = f.apply(x)
    return y.requires_grad


@case
def function_forward_is_not_recorded(t: Library) -> Any:
    seen: list[Any] = []

    def forward(ctx: Any, x: Any) -> Any:
        seen.append((t.is_grad_enabled(), (x * 2).requires_grad))
        return x * 2

    def backward(ctx: Any, g: Any) -> Any:
        seen.append(t.is_grad_enabled())
        return g

    function(t, forward, backward).apply(leaf(t)).sum().backward()
    return seen


@case
def function_differentiated_twice(t: Library) -> Any:
    def forward(ctx: Any, x: Any) -> Any:
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    def backward(ctx: Any, g: Any) -> Any:
        (y,) = ctx.saved_tensors
        return g * y

    x = leaf(t)
    y = function(t, forward, backward).apply(x)
    (g,) = t.autograd.grad(y.sum(), x, create_graph=True)
    return g, t.autograd.grad(g.sum(), x)


@case
def function_with_too_few_gradients(t: Library) -> Any:
    f = function(t, lambda ctx, a, b: a + b, lambda ctx, g: g)
    return f.apply(leaf(t), leaf(t)).sum().backward()


@case
def function_with_too_many_gradients(t: Library) -> Any:
    f = function(t, lambda ctx, a: a * 1, lambda ctx, g: (g, g))
    return f.apply(leaf(t)).sum().backward()


@case
def function_with_further_nones(t: Library) -> Any:
    x = leaf(t)
    function(t, lambda ctx, a: a * 1, lambda ctx, g: (g, None, None)).apply(x).sum().backward()
    return x.grad


@case
def function_with_a_gradient_of_no_tensor(t: Library) -> Any:
    f = function(t, lambda ctx, a: a * 1, lambda ctx, g: 5)
    return f.apply(leaf(t)).sum().backward()


@case
def function_with_a_gradient_for_a_number(t: Library) -> Any:
    f = function(t, lambda ctx, a, k: a * k, lambda ctx, g: (g, g))
    return f.apply(leaf(t), 2.0).sum().backward()


@case
def function_with_a_gradient_of_another_shape(t: Library) -> Any:
    f = function(t, lambda ctx, a: a * 1, lambda ctx, g: g[:2])
    return f.apply(leaf(t)).sum().backward()


@case
def function_with_a_gradient_that_broadcasts(t: Library) -> Any:
    x = leaf(t)
    function(t, lambda ctx, a: a * 1, lambda ctx, g: g.expand(2, 3)).apply(x).sum().backward()
    return x.grad


@case
def function_without_backward(t: Library) -> Any:
    f = type("Half", (t.autograd.Function,), {"forward": staticmethod(lambda ctx, x: x * 2)})
    return f.apply(leaf(t)).sum().backward()


@case
def function_without_forward(t: Library) -> Any:
    return type("Empty", (t.autograd.Function,), {}).apply(leaf(t))


@case
def function_saves_no_number(t: Library) -> Any:
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x, 2.0)
        return x * 2

    return function(t, forward, lambda ctx, g: g).apply(leaf(t))


@case
def function_with_saved_tensors_freed(t: Library) -> Any:
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x

    y = function(t, forward, lambda ctx, g: g * 2 * ctx.saved_tensors[0]).apply(leaf(t)).sum()
    y.backward()
    return y.backward()


@case
def function_with_a_saved_tensor_modified(t: Library) -> Any:
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x

    h = leaf(t) * 2
    y = function(t, forward, lambda ctx, g: g * 2 * ctx.saved_tensors[0]).apply(h)
    h.add_(1)
    return y.sum().backward()


@case
def function_that_writes_to_a_leaf(t: Library) -> Any:
    def forward(ctx: Any, x: Any) -> Any:
        x.mul_(2)
        ctx.mark_dirty(x)
        return x

    return function(t, forward, lambda ctx, g: g * 2).apply(leaf(t))


@case
def function_that_writes_to_its_input(t: Library) -> Any:
    def forward(ctx: Any, x: Any) -> Any:
        x.mul_(2)
        ctx.mark_dirty(x)
        return x

    x = leaf(t)
    h = x * 3
    y = function(t, forward, lambda ctx, g: g * 2).apply(h)
    h.sum().backward()
    return x.grad, y is h, h.grad_fn.name(), h._version


@case
def function_called_without_apply(t: Library) -> Any:
    return function(t, lambda ctx, x: x, lambda ctx, g: g)()(leaf(t))


@case
def once_differentiable(t: Library) -> Any:
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x

    backward = t.autograd.function.once_differentiable(lambda ctx, g: g * 2 * ctx.saved_tensors[0])
    x = leaf(t)
    y = function(t, forward, backward).apply(x).sum()
    (g,) = t.autograd.grad(y, x, create_graph=True)
    return g.requires_grad, g.sum().backward()


# --- checking ----------------------------------------------------------------------------------------------------------


@case
def gradcheck_accepts(t: Library) -> Any:
    x = t.tensor([0.3, -0.7], dtype=t.float64, requires_grad=True)
    return t.autograd.gradcheck(lambda x: (x.sin() * x).sum(), (x,)), t.autograd.gradgradcheck(
        lambda x: x.sin() * x, (x,)
    )


@case
def gradcheck_refuses(t: Library) -> Any:
    f = function(t, lambda ctx, x: x * x, lambda ctx, g: g)
    x = t.tensor([0.3, -0.7], dtype=t.float64, requires_grad=True)
    return t.autograd.gradcheck(f.apply, (x,), raise_exception=False)


@case
def gradcheck_needs_an_input(t: Library) -> Any:
    return t.autograd.gradcheck(lambda x: x * 2, (t.ones(2, dtype=t.float64),))


@pytest.mark.filterwarnings("ignore:Using backward\\(\\) with create_graph:UserWarning")
@pytest.mark.parametrize("program", CASES, ids=[c.__name__ for c in CASES])
def test_as_torch(program: Program) -> None:
    agree(program)
