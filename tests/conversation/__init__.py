"""Tests of the council in its channels."""
