"""One package for each platform people talk to the council on; imports `bot`, never the reverse."""
