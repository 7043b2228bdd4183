"""L-BFGS: steps along a direction that takes the curvature of past steps into account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import ops
from .._tensor import Tensor
from ..autograd.modes import enable_grad, no_grad
from .optimizer import Optimizer, ParamsT, as_number, check_lr
from .strong_wolfe import strong_wolfe


class LBFGS(Optimizer):
    """θ ← θ + t d, with d = -H g and H built of the last `history_size` changes of θ and of g.

    Args:
        params: in one group.
        lr: t, or where the line search begins; default 1.
        max_iter: iterations in one `step`; default 20.
        max_eval: evaluations in one `step`; default max_iter · 5/4.
        tolerance_grad: stop where no gradient is larger; default 1e-7.
        tolerance_change: stop where nothing changes more; default 1e-9.
        history_size: default 100.
        line_search_fn: "strong_wolfe", or None (default) for steps of `lr`.

    Raises:
        ValueError: more than one group.
        RuntimeError: `step` finds another line search.

    Source: Nocedal and Wright 2006, 7.2; https://docs.pytorch.org/docs/stable/generated/torch.optim.LBFGS.html
    """

    def __init__(
        self,
        params: ParamsT,
        lr: Any = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        check_lr(lr)
        super().__init__(
            params,
            {
                "lr": lr,
                "max_iter": max_iter,
                "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
                "tolerance_grad": tolerance_grad,
                "tolerance_change": tolerance_change,
                "history_size": history_size,
                "line_search_fn": line_search_fn,
            },
        )
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")

    @property
    def _params(self) -> list[Tensor]:
        params: list[Tensor] = self.param_groups[0]["params"]
        return params

    def _flat_grad(self) -> Tensor:
        flat = [
            p.new_zeros(p.numel()) if p.grad is None
            else (p.grad.to_dense() if p.grad.is_sparse else p.grad).reshape(-1)
            for p in self._params
        ]  # fmt: skip
        return ops.cat(flat, 0)

    def _move(self, size: Any, direction: Tensor) -> None:
        start = 0
        for p in self._params:
            end = start + p.numel()
            p.add_(direction[start:end].view_as(p), alpha=as_number(size))
            start = end

    @no_grad()  # type: ignore[untyped-decorator]
    def step(self, closure: Callable[[], Any]) -> Any:
        """Go on for up to `max_iter` iterations, and return the loss there was at first.

        Args:
            closure: clears the gradients, computes the loss and its gradients, and returns the loss.
        """
        evaluate = enable_grad()(closure)
        group = self.param_groups[0]
        lr, tolerance = group["lr"], group["tolerance_change"]
        max_iter, max_eval = group["max_iter"], group["max_eval"]
        # All of it is kept as the first parameter's, so that loading casts it to that one's dtype and device.
        state = self.state[self._params[0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        first_loss = evaluate()
        loss = float(first_loss)
        evaluations = 1
        state["func_evals"] += 1
        grad = self._flat_grad()
        if grad.abs().max() <= group["tolerance_grad"]:
            return first_loss
        memory = _Memory(state, group["history_size"])
        t, last_loss = state.get("t"), state.get("prev_loss")
        iteration = 0
        while iteration < max_iter:
            iteration += 1
            state["n_iter"] += 1
            first = state["n_iter"] == 1
            memory.turn(grad, t, first)
            direction = memory.direction
            last_loss = loss
            t = min(1.0, 1.0 / grad.abs().sum()) * lr if first else lr
            slope = grad.dot(direction)
            if slope > -tolerance:
                break
            done = False
            spent = 0
            if group["line_search_fn"] is not None:
                if group["line_search_fn"] != "strong_wolfe":
                    raise RuntimeError("only 'strong_wolfe' is supported")
                start = [p.clone() for p in self._params]

                def try_step(size: Any, start: list[Tensor] = start, along: Tensor = direction) -> tuple[float, Tensor]:
                    self._move(size, along)
                    value, gradient = float(evaluate()), self._flat_grad()
                    for p, before in zip(self._params, start, strict=True):
                        p.copy_(before)
                    return value, gradient

                left = max_eval - evaluations
                loss, grad, t, spent = strong_wolfe(try_step, t, direction, loss, grad, slope, left)
                self._move(t, direction)
                done = bool(grad.abs().max() <= group["tolerance_grad"])
            else:
                self._move(t, direction)
                if iteration != max_iter:  # after the last step nobody needs the gradient
                    loss = float(evaluate())
                    grad = self._flat_grad()
                    done = bool(grad.abs().max() <= group["tolerance_grad"])
                    spent = 1
            evaluations += spent
            state["func_evals"] += spent
            if iteration == max_iter or evaluations >= max_eval or done:
                break
            if (direction * t).abs().max() <= tolerance or abs(loss - last_loss) < tolerance:
                break
        state["d"] = memory.direction
        state["t"] = t
        memory.save(state)
        state["prev_loss"] = last_loss
        return first_loss


class _Memory:
    """The past steps and changes of the gradient, and the direction they give."""

    def __init__(self, state: dict[str, Any], size: int) -> None:
        self.direction: Any = state.get("d")
        self.changes: Any = state.get("old_dirs")
        self.steps: Any = state.get("old_stps")
        self.inverses: Any = state.get("ro")
        self.scale: Any = state.get("H_diag")
        self.last_grad: Any = state.get("prev_flat_grad")
        self.state = state
        self.size = size

    def turn(self, grad: Tensor, t: Any, first: bool) -> None:
        """Learn from the step `t · direction` that led to `grad`, and find the next direction."""
        if first:
            self.direction = -grad
            self.changes, self.steps, self.inverses = [], [], []
            self.scale = 1
        else:
            self._learn(grad - self.last_grad, self.direction * t)
            self.direction = self._times_inverse_hessian(-grad)
        if self.last_grad is None:
            self.last_grad = grad.clone()
        else:
            self.last_grad.copy_(grad)

    def _learn(self, change: Tensor, step: Tensor) -> None:
        product = change.dot(step)
        if product > 1e-10:
            if len(self.changes) == self.size:
                for kept in (self.changes, self.steps, self.inverses):
                    kept.pop(0)
            self.changes.append(change)
            self.steps.append(step)
            self.inverses.append(1.0 / product)
            self.scale = product / change.dot(change)

    def _times_inverse_hessian(self, q: Tensor) -> Tensor:
        count = len(self.changes)
        factors = self.state.setdefault("al", [None] * self.size)
        for i in range(count - 1, -1, -1):
            factors[i] = self.steps[i].dot(q) * self.inverses[i]
            q = q.add(self.changes[i], alpha=-factors[i].item())
        r: Tensor = q * self.scale
        for i in range(count):
            back = self.changes[i].dot(r) * self.inverses[i]
            r = r.add(self.steps[i], alpha=(factors[i] - back).item())
        return r

    def save(self, state: dict[str, Any]) -> None:
        state["old_dirs"] = self.changes
        state["old_stps"] = self.steps
        state["ro"] = self.inverses
        state["H_diag"] = self.scale
        state["prev_flat_grad"] = self.last_grad
