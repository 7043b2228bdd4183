"""Arrays larger than one binding: they are held in parts, and what is done with them is done part by part.

A device need not bind more than 128 MiB as one storage buffer, nor allow a buffer of more than 256 MiB. An array with
more elements than fit (`part`, a power of two) is in the state `PARTS`: its elements in C order, `part` of them at a time,
each part an ordinary array of any shape. A flush that meets one, or that would make one, first rewrites its queue
(`cut`): every op with a large operand or result becomes ops on parts, and whoever runs the queue afterwards sees none
larger than a part. The same rewriting of the same queue gives the same structure, so its plan is found again.

Rows, lanes and runs of equal indices that would keep one invocation in a loop for too long (`blocks.WALK`) are cut, too.

How ops are cut (`rules.py`):

    elementwise, arange, random     by part of the result; operands that are broadcast are narrowed with it
    views                           not computed: what is read of them is found in the parts (`cutter.py`)
    reductions                      along the outermost dimension; kept ones are joined, reduced ones combined
    products                        by batch, then rows of the left and columns of the right operand, then the sum itself
    cumulative sums, products       by lanes; lanes longer than a part one piece after the other, each adding its end
    take, gather                    by part of the result; of a table that is itself large, each piece gives its rows
    put, scatter                    by part of the result; very many sources one piece after the other
    concat, pack                    by part of the result
    images                          by samples or planes; a large sample is convolved by groups and channels
    attention                       not cut: operands that are large are left to products (`attention.py`)
    assign                          by part of what is written
    sort                            by lanes; a lane longer than a part is sorted on the CPU (`WgpuBackend.sort`)
"""

from __future__ import annotations

from .cutter import cut, has_large

__all__ = ["cut", "has_large"]
