"""Tests of Markdown for platforms."""
