"""Fuzzers that are ready made for ops of one and two tensors."""
