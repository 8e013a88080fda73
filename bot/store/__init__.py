"""What the program remembers. SQL lives here, and nowhere else; values go in and come out."""
