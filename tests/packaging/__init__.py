"""Tests of the commands of the program."""
