"""How often Python looks for garbage in cycles."""

import gc


def collect_seldom() -> None:
    """Look for cycles seldom, and never among what is loaded now. Once, when a process is set up.

    At Python's own thresholds a collection at 500 deliberations at once stops the event loop for up
    to 0.25 s, and they add up to a second; at these for 0.07 s (`python -m tests.bench`). Almost
    everything here is freed by its reference count.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 20)
