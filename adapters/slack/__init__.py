"""Council on Slack."""
