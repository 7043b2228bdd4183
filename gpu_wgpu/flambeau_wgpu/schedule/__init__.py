"""From the queue of a flush to kernels: `graph.py` reads who needs what, `fuse.py` decides what runs together."""
