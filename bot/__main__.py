"""`python -m bot WORDS` is `council WORDS`."""

import sys

if __name__ == "__main__":
    try:
        from bot.program.cli import main

        sys.exit(main())
    except KeyboardInterrupt:  # while the program is being loaded, which takes a moment
        sys.exit(130)
