"""The parts of the local Slack; tests use `tests.fakes.slack_server`."""
