"""`torch.ao`: of PyTorch's architecture optimization, what is written with modules and tensors alone."""
