"""Told on files, and on a server's database."""

from tests.databases import pytest_generate_tests, told_on

__all__ = ["pytest_generate_tests", "told_on"]
