"""The conformance suite: what every backend must do, primitive by primitive.

    pytest --pyargs flambeau.testing.conformance --backend NAME

NAME is a backend that is built in (`cpu`, `numpy`, `reference`) or registered under the entry-point group
`flambeau.backends`, with an index if need be (`wgpu:1`). The suite needs pytest and nothing else. Expected values come
from `math` and from the few lines of `oracle.py`, never from another backend. A dtype that the backend does not hold
(`Backend.dtypes`) is skipped.

What the suite leaves open, because devices differ: the sign of zero and the payload of nan, subnormal numbers, integer
division by zero, float to integer out of range, which of several replacing writes wins, and integers of more than 32
bits where the backend refuses them with OverflowError.
"""
