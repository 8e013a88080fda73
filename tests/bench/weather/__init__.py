"""The weather: a benchmark."""
