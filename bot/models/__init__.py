"""Models over HTTP: requests to any OpenAI-compatible server, and the list of models with prices."""
