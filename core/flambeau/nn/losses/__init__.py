"""Losses as modules; one family per file."""
