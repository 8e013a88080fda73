"""The council: members answer, review each other blindly, a chairman rules. Knows no platform."""

# As in pyproject.toml, which a checkout that is run as it is does not install.
__version__ = "0.1.0"
