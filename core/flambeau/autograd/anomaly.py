"""Anomaly detection: where a backward pass fails or gives nan, show the line of the forward pass.

Source: https://docs.pytorch.org/docs/stable/autograd.html#anomaly-detection
"""

from __future__ import annotations

import traceback
import warnings
from typing import Any

from . import engine
from . import node as graph
from .node import Node


class detect_anomaly:
    """A context in which every node remembers the line that made it, and backward checks for nan."""

    def __init__(self, check_nan: bool = True) -> None:
        self._check_nan = check_nan

    def __enter__(self) -> None:
        self._before = (graph.on_create, engine.guard)
        _switch(True, self._check_nan)

    def __exit__(self, *exc: object) -> None:
        graph.on_create, engine.guard = self._before


class set_detect_anomaly(detect_anomaly):
    """Switch anomaly detection on or off, at once; as a context manager, until it ends."""

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        super().__init__(check_nan)
        self._before = (graph.on_create, engine.guard)
        _switch(mode, check_nan)

    def __enter__(self) -> None:
        pass


def _switch(on: bool, check_nan: bool) -> None:
    graph.on_create = _remember if on else None
    engine.guard = (_guarded if check_nan else _guarded_errors) if on else None


def _remember(node: Node, out: Any) -> None:
    node.metadata["traceback_"] = traceback.format_stack()[:-2]


def _show(node: Node) -> None:
    lines = node.metadata.get("traceback_")
    if lines:
        warnings.warn(
            f"Error detected in {node.name()}. Traceback of forward call that caused the error:\n{''.join(lines)}",
            stacklevel=2,
        )
    else:
        warnings.warn(
            f"Error detected in {node.name()}. No forward pass information available. Enable detect anomaly during "
            "forward pass for more information.",
            stacklevel=2,
        )


def _guarded_errors(node: Node, grad: Any, wanted: Any) -> Any:
    try:
        return node.backward(grad, wanted)
    except Exception:
        _show(node)
        raise


def _guarded(node: Node, grad: Any, wanted: Any) -> Any:
    results = _guarded_errors(node, grad, wanted)
    for i, r in enumerate(results):
        if r is not None and bool((r != r).any().item()):
            _show(node)
            raise RuntimeError(f"Function '{node.name()}' returned nan values in its {i}th output.")
    return results
