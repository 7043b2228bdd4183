"""Backends: what computes. `protocol` says what one is, `registry` finds them, `reference` and `numpy` are built in."""
