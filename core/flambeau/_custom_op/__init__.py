"""`torch._custom_op`: how operators of one's own were made before `torch.library.custom_op`."""
