"""Looking into the graph and hooking onto it, threads and inference mode: as torch."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

Library = Any
CASES: list[Callable[[Library], Any]] = []


def case(program: Callable[[Library], Any]) -> Callable[[Library], Any]:
    CASES.append(program)
    return program


def leaf(t: Library) -> Any:
    return (t.arange(3.0) + 0.5).requires_grad_()


# --- saved tensors ----------------------------------------------------------------------------------------------------


@case
def saved_tensors_packed(t: Library) -> Any:
    x = leaf(t)
    with t.autograd.graph.saved_tensors_hooks(lambda x: (x * 2).detach(), lambda x: x):
        y = (x * x).exp().sum()
    y.backward()
    return x.grad


@case
def what_no_derivative_needed_is_none(t: Library) -> Any:
    node = (leaf(t) * t.full((3,), 3.0)).grad_fn
    return node._saved_self, node._saved_other, hasattr(node, "_saved_nothing")


@case
def saved_in_memory(t: Library) -> Any:
    x = leaf(t)
    with t.autograd.graph.save_on_cpu():
        y = (x.tanh() * x).relu_().sum()
    t.autograd.grad(y, x, create_graph=True)[0].sum().backward()
    return x.grad


@case
def unpacked_tensors_stand_for_those_that_were_saved(t: Library) -> Any:
    x = leaf(t)
    with t.autograd.graph.saved_tensors_hooks(lambda x: x.detach().clone(), lambda x: x):
        y = x * x.tan()
        z = y**3
    seen = []
    for saved in (y.grad_fn._saved_self, z.grad_fn._saved_self):
        parents = [node.name() for node, _ in (saved * 2).grad_fn.next_functions if node is not None]
        slope = t.autograd.grad(saved.sum(), x, retain_graph=True)
        seen.append((repr(saved), saved.is_leaf, saved.requires_grad, parents, slope))
    return seen


@case
def saved_by_a_function(t: Library) -> Any:
    members = {
        "forward": staticmethod(lambda ctx, x: ctx.save_for_backward(x) or x * x),
        "backward": staticmethod(lambda ctx, g: g * 2 * ctx.saved_tensors[0]),
    }
    x = leaf(t)
    with t.autograd.graph.saved_tensors_hooks(lambda x: x.detach() * 10, lambda x: x):
        y = type("Square", (t.autograd.Function,), members).apply(x)
    y.sum().backward()
    return x.grad


@case
def unpacked_to_a_number_fails(t: Library) -> Any:
    with t.autograd.graph.saved_tensors_hooks(lambda x: x, lambda x: 5):
        y = leaf(t) ** 2
    y.sum().backward()


@case
def hooks_disabled_fails(t: Library) -> Any:
    with (
        t.autograd.graph.disable_saved_tensors_hooks("not here"),
        t.autograd.graph.saved_tensors_hooks(lambda x: x, lambda x: x),
    ):
        pass


@case
def saved_tensors_written_to(t: Library) -> Any:
    with t.autograd.graph.allow_mutation_on_saved_tensors():
        x = leaf(t)
        a = x * 1
        b = a * a
        a.add_(1)
        b.sum().backward()
    return x.grad


@case
def saved_by_name(t: Library) -> Any:
    x = leaf(t)
    power, exp, product = x**2, x.exp(), x * 3.0
    node = power.grad_fn
    node._raw_saved_self.register_hooks(lambda x: x.detach() * 100, lambda x: x)
    power.sum().backward()
    return (
        [type(y.grad_fn).__name__ for y in (power, exp, product, x[0], x.view(3, 1), x.t())],
        (x**3).grad_fn._saved_exponent,
        exp.grad_fn._saved_result.detach(),
        product.grad_fn.name(),
        x.grad,
    )


@case
def saved_and_freed_fails(t: Library) -> Any:
    y = leaf(t) ** 2
    y.sum().backward()
    return y.grad_fn._saved_self


# --- hooks ------------------------------------------------------------------------------------------------------------


@case
def hooks_on_several(t: Library) -> Any:
    x, y, z = leaf(t), leaf(t), leaf(t)
    seen: list[Any] = []
    several = lambda gs: seen.append([None if g is None else g.tolist() for g in gs])  # noqa: E731
    t.autograd.graph.register_multi_grad_hook([x, y, z], several)
    t.autograd.graph.register_multi_grad_hook([x, y], lambda g: seen.append(g.tolist()), mode="any")
    (x * y).sum().backward()
    (x * 2).sum().backward()
    return seen


@case
def hooks_after_accumulating(t: Library) -> Any:
    x = leaf(t)
    seen: list[Any] = []
    handle = x.register_post_accumulate_grad_hook(lambda p: seen.append(p.grad.tolist()))
    (x * 2).sum().backward()
    (x * 2).sum().backward()
    handle.remove()
    (x * 2).sum().backward()
    return seen


@case
def hooks_after_accumulating_in_a_result_fails(t: Library) -> Any:
    (leaf(t) * 2).register_post_accumulate_grad_hook(lambda p: None)


@case
def hooks_of_a_leafs_node(t: Library) -> Any:
    x = leaf(t)
    node = (x * 1).grad_fn.next_functions[0][0]
    seen: list[Any] = []
    node.register_prehook(lambda g: (g[0] * 3,))
    node.register_hook(lambda a, b: seen.append((len(a), b[0].tolist())))
    (x * 2).sum().backward()
    return x.grad, seen, node.name(), node.variable is x, node.next_functions


@case
def retained_after_all_hooks(t: Library) -> Any:
    y = leaf(t) * 2
    y.retain_grad()
    y.register_hook(lambda g: g * 10)
    y.sum().backward()
    return y.grad


@case
def hook_giving_a_number_fails(t: Library) -> Any:
    x = leaf(t)
    x.register_hook(lambda g: 3)
    (x * 2).sum().backward()


@case
def hook_giving_another_shape_fails(t: Library) -> Any:
    y = leaf(t) * 2
    y.register_hook(lambda g: g[:2])
    y.sum().backward()


# --- edges and options ------------------------------------------------------------------------------------------------


@case
def edges(t: Library) -> Any:
    x = leaf(t)
    edge = t.autograd.graph.get_gradient_edge
    return t.autograd.grad(edge((x * 3).sum()), edge(x)), t.autograd.grad((x * 2).sum(), {"x": x})


@case
def edge_of_what_needs_none_fails(t: Library) -> Any:
    return t.autograd.graph.get_gradient_edge(t.ones(2))


@case
def gradient_of_a_result_asked_for(t: Library) -> Any:
    x = leaf(t)
    y = x * 2
    y.sum().backward(inputs=[y])
    return y.grad, x.grad


@case
def gradients_missing_fails(t: Library) -> Any:
    x = leaf(t)
    t.autograd.backward([x.sum(), x.sum()], [t.tensor(1.0)])


@case
def second_root_without_history_fails(t: Library) -> Any:
    t.autograd.backward([leaf(t).sum(), t.ones(1)])


@case
def variables(t: Library) -> Any:
    v, x = t.autograd.Variable, t.ones(3)
    old = v(x, volatile=True)
    return (
        v(x, requires_grad=True).requires_grad,
        [isinstance(y, v) for y in (x, t.nn.Parameter(x), 1)],
        old.requires_grad,
        v(leaf(t) * 2).is_leaf,
    )


@case
def variable_of_a_list_fails(t: Library) -> Any:
    return t.autograd.Variable([1.0])


@case
def version_told(t: Library) -> Any:
    x = t.ones(2)
    t.autograd.graph.increment_version(x)
    return x._version


# --- modes ------------------------------------------------------------------------------------------------------------


@case
def each_thread_has_its_own_mode(t: Library) -> Any:
    seen = []
    with t.no_grad():
        thread = threading.Thread(target=lambda: seen.append((t.is_grad_enabled(), (leaf(t) * 2).requires_grad)))
        thread.start()
        thread.join()
        seen.append(t.is_grad_enabled())
    return seen


@case
def inference(t: Library) -> Any:
    x = leaf(t)
    seen = []
    with t.inference_mode():
        made = t.ones(3)
        made.add_(1)
        seen += [made.is_inference(), (x * 2).requires_grad, x.view(3, 1).is_inference(), t.is_inference_mode_enabled()]
        with t.enable_grad():
            seen += [(x * 2).requires_grad, t.is_grad_enabled()]
        with t.inference_mode(False):
            seen += [(x * 2).requires_grad, t.ones(1).is_inference()]
    return (
        seen,
        made + x.detach(),
        (made + x).requires_grad,
        made.clone().is_inference(),
        made.view(3, 1).is_inference(),
    )


@case
def inference_tensor_saved_fails(t: Library) -> Any:
    with t.inference_mode():
        made = t.ones(3)
    return made * leaf(t)


@case
def inference_tensor_written_to_fails(t: Library) -> Any:
    with t.inference_mode():
        made = t.ones(3)
    made.add_(1)


@case
def inference_tensor_requiring_grad_fails(t: Library) -> Any:
    with t.inference_mode():
        made = t.ones(3)
    made.requires_grad_()


@case
def inference_tensor_without_version_fails(t: Library) -> Any:
    with t.inference_mode():
        made = t.ones(3)
    return made._version


@case
def mode_that_is_no_bool_fails(t: Library) -> Any:
    t.set_grad_enabled(1)


@pytest.mark.parametrize("program", CASES, ids=[c.__name__ for c in CASES])
def test_as_torch(program: Callable[[Library], Any], same: Callable[..., None]) -> None:
    same(program, fails=program.__name__.endswith("fails"))
