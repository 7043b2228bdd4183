"""Code that is marked for TorchScript runs as Python."""

from __future__ import annotations

import pytest

import flambeau
from flambeau import jit


def test_marked_code_runs_as_it_is() -> None:
    @jit.script
    def double(x: flambeau.Tensor) -> flambeau.Tensor:
        return x if jit.is_scripting() else x + x

    @jit.ignore(drop=True)
    def plain(x: flambeau.Tensor) -> flambeau.Tensor:
        return double(x)

    @jit.ignore
    def bare(x: flambeau.Tensor) -> flambeau.Tensor:
        return plain(x)

    assert bare(flambeau.ones(2)).tolist() == [2.0, 2.0]
    layer = flambeau.nn.Linear(2, 2)
    assert jit.script(layer) is layer


@pytest.mark.parametrize("call", [lambda: jit.trace(abs, 1), lambda: jit.save(None, "m.pt"), lambda: jit.load("m.pt")])
def test_archives_are_refused_with_the_reason(call: object) -> None:
    assert callable(call)
    with pytest.raises(RuntimeError, match="no TorchScript"):
        call()
