"""The council in its channels: questions, posts, votes and commands, for all platforms."""
