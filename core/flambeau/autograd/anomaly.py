"""Anomaly detection: where a backward pass fails or gives nan, show the line of the forward pass.

Source: https://docs.pytorch.org/docs/stable/autograd.html#anomaly-detection
"""

from __future__ import annotations

import traceback
import warnings
from pathlib import Path
from typing import Any

from . import engine
from . import node as graph
from .node import Node

_INSIDE = str(Path(__file__).parents[1])
_before: Any = None  # what else is told of new nodes
_running: list[Node] = []  # whose backward is being computed


def is_anomaly_enabled() -> bool:
    """Whether anomalies are looked for."""
    return graph.on_create is _remember


def is_anomaly_check_nan_enabled() -> bool:
    """Whether that includes nan among the gradients."""
    return engine.guard is _guarded


class set_detect_anomaly:
    """Switch anomaly detection on or off, at once; as a context manager, until it ends."""

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self.prev = is_anomaly_enabled()
        self.prev_check_nan = engine.guard is not _guarded_errors
        _switch(mode, check_nan)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        _switch(self.prev, self.prev_check_nan)


class detect_anomaly:
    """A context in which every node remembers the line that made it, and backward checks for nan."""

    def __init__(self, check_nan: bool = True) -> None:
        self.prev = is_anomaly_enabled()
        self.prev_check_nan = engine.guard is not _guarded_errors
        self.check_nan = check_nan
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should only be enabled for debugging.",
            stacklevel=2,
        )

    def __enter__(self) -> None:
        _switch(True, self.check_nan)

    def __exit__(self, *exc: object) -> None:
        _switch(self.prev, self.prev_check_nan)


def _switch(on: bool, check_nan: bool) -> None:
    global _before
    if on and graph.on_create is not _remember:
        _before = graph.on_create
        graph.on_create = _remember
    elif not on and graph.on_create is _remember:
        graph.on_create, _before = _before, None
    engine.guard = (_guarded if check_nan else _guarded_errors) if on else None


def _remember(node: Node, out: Any) -> None:
    frames = traceback.extract_stack()
    while frames and frames[-1].filename.startswith(_INSIDE):
        frames.pop()
    node.metadata["traceback_"] = traceback.format_list(frames)
    if _running:
        node.metadata["parent_"] = _running[-1]
    if _before is not None:
        _before(node, out)


def _show(node: Node) -> None:
    lines = node.metadata.get("traceback_")
    if not lines:
        warnings.warn(
            f"Error detected in {node.name()}. No forward pass information available. Enable detect anomaly during "
            "forward pass for more information.",
            stacklevel=2,
        )
        return
    warnings.warn(
        f"Error detected in {node.name()}. Traceback of forward call that caused the error:\n{''.join(lines)}",
        stacklevel=2,
    )
    parent = node.metadata.get("parent_")
    while parent is not None:
        lines = parent.metadata.get("traceback_")
        if not lines:
            warnings.warn(
                "\n\nPrevious calculation was induced by "
                f"{parent.name()}. No forward pass information available. Enable detect anomaly during forward pass for more "
                "information.",
                stacklevel=2,
            )
            return
        warnings.warn(
            f"\n\nPrevious calculation was induced by {parent.name()}. Traceback of forward call that induced the previous "
            f"calculation:\n{''.join(lines)}",
            stacklevel=2,
        )
        parent = parent.metadata.get("parent_")


def _guarded_errors(node: Node, grad: Any, wanted: Any) -> Any:
    _running.append(node)
    try:
        return node.backward(grad, wanted)
    except Exception:
        _show(node)
        raise
    finally:
        _running.pop()


def _guarded(node: Node, grad: Any, wanted: Any) -> Any:
    results = _guarded_errors(node, grad, wanted)
    for i, r in enumerate(results):
        if r is not None and bool((r != r).any().item()):
            _show(node)
            raise RuntimeError(f"Function '{node.name()}' returned nan values in its {i}th output.")
    return results
