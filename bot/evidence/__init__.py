"""What comes along with a question, fetched and read. Knows no platform, no council and no store."""
