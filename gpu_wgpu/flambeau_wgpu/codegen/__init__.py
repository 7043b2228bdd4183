"""From a group of arrays to WGSL: `lower.py` writes a kernel's structure down, `wgsl.py` spells it, `ops.py` and
`math.py` know the arithmetic.
"""
