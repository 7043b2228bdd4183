"""Samples of convolutions, and of patches as columns."""

from __future__ import annotations

from typing import Any

from ..sample import F, I, Op, S, Sample


def functional(name: str, *samples: Sample, errors: list[Sample] | None = None, **more: Any) -> Op:
    """`nn.functional.<name>`."""
    return Op(
        "functional." + name,
        list(samples),
        errors or [],
        call=lambda t, *a, **k: getattr(t.nn.functional, name)(*a, **k),
        **more,
    )


X, W = F(2, 3, 5, 5), F(4, 3, 3, 3)

OPS = [
    Op("conv1d",
       [S(F(2, 4, 7), F(4, 2, 3), F(4), stride=2, padding=1, groups=2), S(F(4, 5), F(2, 4, 2), padding="same"),
        S(F(2, 2, 6, layout="transposed"), F(2, 2, 2), dilation=3)],
       [S(F(5), F(2, 4, 2)), S(F(2, 4, 5), F(2, 3, 2)), S(F(2, 4, 5), F(2, 4, 2), stride=(1, 1))]),
    Op("conv2d",
       [S(F(2, 3, 4, 5), F(4, 3, 3, 2), F(4), (2, 1), (1, 0)), S(F(3, 4, 5), F(2, 3, 2, 2), F(2), padding="same"),
        S(F(1, 4, 6, 5), F(4, 1, 3, 2), F(4), padding=1, dilation=(1, 2), groups=4),
        S(F(2, 3, 3, 3), F(2, 3, 1, 1), F(2)), S(F(0, 3, 5, 5), W), S(I(1, 2, 3, 3), I(1, 2, 2, 2))],
       [S(F(2, 3), W), S(F(2, 4, 5, 5), W), S(X, W, F(3)), S(X, W, F(4, 1)), S(X, W, padding=-1), S(X, W, stride=0),
        S(X, W, dilation=0), S(X, W, groups=0), S(X, W, groups=2), S(F(2, 4, 5, 5), F(5, 2, 3, 3), groups=2),
        S(F(2, 4, 5, 5), F(1, 2, 3, 3), groups=2), S(X, W, stride=(1, 1, 1)), S(X, W, padding=(1, 1, 1)),
        S(X, W, dilation=(1, 1, 1)), S(X, W, padding="foo"), S(X, W, padding="same", stride=2), S(F(2, 3, 2, 2), W),
        S(I(2, 3, 5, 5), W), S(X, W, I(4)), S(X, F(4, 3)), S(X, F(4, 3, 3)), S(X, 3), S(X, W, stride=1.5)]),
    Op("conv3d",
       [S(F(1, 2, 3, 4, 3), F(2, 2, 2, 2, 2), F(2), stride=(1, 2, 1), padding=(1, 0, 0)),
        S(F(2, 3, 3, 3), F(2, 1, 2, 2, 2), groups=2)],
       [S(F(2, 3), F(1, 1, 1, 1, 1))]),
    Op("conv_transpose1d",
       [S(F(2, 4, 3), F(4, 2, 3), F(4), stride=2, padding=1, output_padding=1, groups=2),
        S(F(2, 3), F(2, 1, 3), stride=1, dilation=3, output_padding=2)]),
    Op("conv_transpose2d",
       [S(F(1, 3, 2, 3), F(3, 2, 2, 3), F(2), (2, 1), (0, 1)), S(F(2, 2, 2), F(2, 2, 2, 2), F(2), dilation=2),
        S(F(0, 4, 5, 5), F(4, 2, 3, 3))],
       [S(X, F(4, 2, 3, 3)), S(F(2, 4, 5, 5), F(4, 2, 3, 3), groups=3), S(F(2, 4, 5, 5), F(4, 2, 3, 3), F(3)),
        S(F(2, 4, 5, 5), F(4, 2, 3, 3), output_padding=2), S(F(2, 4, 5, 5), F(4, 2, 3, 3), output_padding=-1),
        S(F(4, 5), F(4, 2, 3, 3))]),
    Op("conv_transpose3d", [S(F(1, 2, 2, 2, 2), F(2, 2, 2, 2, 2), F(2), stride=2, padding=1)]),
    Op("conv_tbc", [S(F(4, 2, 3), F(2, 3, 2), F(2), 1)]),
    Op("convolution",
       [S(F(2, 3, 4, 4), F(2, 3, 2, 2), F(2), (1, 1), (0, 0), (1, 1), False, (0, 0), 1),
        S(F(1, 2, 3), F(2, 2, 2), None, (2,), (0,), (1,), True, (1,), 1)]),
    functional(
        "unfold",
        S(F(2, 2, 4, 5), (2, 3), (1, 2), 1, 2), S(F(2, 3, 3), 2), S(F(0, 3, 4, 4), 2), S(F(1, 2, 3, 3), (1, 3)),
        errors=[S(F(2, 3), 2), S(F(1, 3, 4, 4), (2, 2, 2)), S(F(1, 3, 4, 4), 5), S(F(1, 3, 4, 4), 0),
                S(F(1, 3, 4, 4), 2, padding=-1), S(F(1, 3, 4, 4), 2, stride=0), S(I(1, 3, 4, 4), 2)],
    ),
    functional(
        "fold",
        S(F(1, 8, 6), (3, 4), 2), S(F(6, 9), 5, (1, 3), 1, 1, (3, 2)), S(F(0, 12, 9), 4, 2),
        errors=[S(F(1, 12, 8), 4, 2), S(F(1, 11, 9), 4, 2), S(F(9), 4, 2), S(F(1, 12, 9), 4, 2, dilation=0)],
    ),
]  # fmt: skip
