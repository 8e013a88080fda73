"""Whether a text quotes another, whichever platform showed it and however it was cut. Pure.

Formatting, spaces and signs differ between what a model wrote and what comes back of it in a reply
or a forward, so letters and digits alone are compared.
"""

from collections import defaultdict
from collections.abc import Iterable

Thread = tuple[str, str, str]

# A run of letters that two texts share by chance hardly ever. Found by every `_STEP`th piece of
# one text, looked for at each place of the other: linear in both.
_RUN, _STEP = 32, 8
# What is shorter counts outside its own thread only as a whole, and from this length on.
_SHORT = 12


class Words:
    """What was said in some questions and the answers to them."""

    def __init__(self) -> None:
        self._runs: set[str] = set()
        self._short: set[str] = set()
        self._of_threads: defaultdict[Thread, set[str]] = defaultdict(set)

    def add(self, texts: Iterable[str], thread: Thread | None) -> None:
        """`thread` is where they stand: whoever quotes a word there quotes these."""
        for letters in filter(None, map(_letters, texts)):
            last = len(letters) - _RUN
            self._runs.update(letters[at : at + _RUN] for at in range(0, last + 1, _STEP))
            if _SHORT <= len(letters) < _RUN + _STEP:
                self._short.add(letters)
            if thread:
                self._of_threads[thread].add(letters)

    def are_in(self, quoted: str, thread: Thread) -> bool:
        letters = _letters(quoted)
        if not letters:
            return False
        here = self._of_threads.get(thread, ())
        if any(text in letters or letters in text for text in here):
            return True
        runs = (letters[at : at + _RUN] for at in range(len(letters) - _RUN + 1))
        return any(run in self._runs for run in runs) or any(
            text in letters for text in self._short
        )


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()
