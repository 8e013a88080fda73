"""The built-in simulated models."""
