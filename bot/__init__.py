"""The council: members answer, review each other blindly, a chairman rules. Knows no platform."""
