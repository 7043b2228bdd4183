"""Files of tensors: PyTorch's zip format and its older one, the restricted unpickler, safetensors. Public in `serialization`."""
