"""A channel in the terminal."""
