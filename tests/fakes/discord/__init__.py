"""The parts of the local Discord; tests come in through `tests.fakes.discord_server`."""
