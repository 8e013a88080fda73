"""`python -m bot WORDS` is `council WORDS`."""

import sys

from bot.program.cli import main

if __name__ == "__main__":
    sys.exit(main())
