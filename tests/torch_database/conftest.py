"""Importing torch's databases forbids to set the flags of `torch.backends`, which other tests do: this takes it back."""

import torch
import torch.testing._internal.common_utils

# (`torch.backends` itself is an object in front of the module whose variable this is.)
torch.backends.disable_global_flags.__globals__["__allow_nonbracketed_mutation_flag"] = True
