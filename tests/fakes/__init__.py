"""Strict local stand-ins for the services Council talks to."""
