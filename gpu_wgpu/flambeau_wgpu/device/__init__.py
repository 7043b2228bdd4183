"""Where kernels run: one interface (`interface.py`), two transports (`native.py`, `browser.py`)."""
