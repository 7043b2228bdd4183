"""What a third party needs to test its own backend: see `flambeau.testing.conformance`."""
