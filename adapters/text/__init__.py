"""Markdown for a platform: defused, read and cut to its limits."""
