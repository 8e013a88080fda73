"""`python -m bot.program.healthy`: exit code 0 where the program beside it answers `/healthz`.

What a container's health check runs, again and again: it loads next to nothing.
"""

import os
import sys
from http.client import HTTPConnection, HTTPException

from bot.language import _
from bot.printing import note

SECONDS = 5.0


def main() -> int:
    # A plain connection: `urllib` would go through a proxy that the environment names.
    connection = HTTPConnection("127.0.0.1", int(os.environ["COUNCIL_HEALTH_PORT"]), SECONDS)
    try:
        connection.request("GET", "/healthz")
        return int(connection.getresponse().status != 200)
    except (OSError, HTTPException) as error:
        note(_("/healthz does not answer: {error}", error=error))
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
