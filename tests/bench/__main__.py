"""Every benchmark, one after the other: `python -m tests.bench [--quick]`.

Prints figures and ratios; judges nothing, because machines differ.
"""

import argparse
import asyncio

from tests.bench import deliberations, startup


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--quick", action="store_true", help="smaller numbers, for CI")
    quick = parser.parse_args().quick
    startup.run(5 if quick else 20)
    asyncio.run(deliberations.run(quick=quick))
    # Imported now, so that servers and numbers are no part of the memory measured above.
    from tests.bench import fairness, faults, money, postgres, stats

    asyncio.run(faults.run(quick=quick))
    asyncio.run(money.run(quick=quick))
    asyncio.run(stats.run(1_000 if quick else 10_000))
    asyncio.run(postgres.run(quick=quick))
    fairness.run(1_000 if quick else 60_000)


if __name__ == "__main__":
    main()
