"""Every benchmark, one after the other: `python -m tests.bench [--quick]`.

Prints figures and ratios; judges nothing, because machines differ.
"""

import argparse
import asyncio

from tests.bench import deliberations, faults, startup


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--quick", action="store_true", help="smaller numbers, for CI")
    quick = parser.parse_args().quick
    startup.run(5 if quick else 20)
    asyncio.run(deliberations.run(quick=quick))
    asyncio.run(faults.run(quick=quick))


if __name__ == "__main__":
    main()
