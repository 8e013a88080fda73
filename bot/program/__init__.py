"""The commands of the program, and where its parts are put together."""
