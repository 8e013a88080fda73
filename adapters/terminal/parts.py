"""What can be opened and voted on in the thread that somebody is in, by the names it goes by."""

import re

from adapters.terminal.threads import Run, Threads
from bot import emoji as reactions
from bot.chat import HEADLINE, RANKING, answer_key, is_answer
from bot.errors import InvalidInput
from bot.language import _

CRITIQUES = "critiques"


def parts_of(threads: Threads) -> dict[str, str]:
    """Name -> key of the post, the newest question's first."""
    current = threads.current()
    if current is None:
        return {}
    runs = [run for run in threads.of(current.thread) if run is not current]
    parts = {run.part(key): key for run in runs for key in run.posts}
    return {**_newest(current), CRITIQUES: CRITIQUES, **parts}


def posted(threads: Threads, part: str) -> tuple[Run, str]:
    """The run and the key that a part's name means. Raises `InvalidInput`, which says what there
    is."""
    current = threads.current()
    if current is None:
        raise InvalidInput(nowhere(threads))
    number, key = _read(part)
    runs = threads.of(current.thread)
    run = next((run for run in runs if run.number == number), None) if number else current
    if run is current and not any(map(is_answer, current.posts)) and is_answer(key):
        # A verdict written anew is of the answers that stand before it.
        run = next((run for run in reversed(runs) if key in run.posts), current)
    if run and (key in run.posts or key == CRITIQUES):
        return run, key
    missing = _("There is no `{part}` in this thread.", part=part) if part else _("Name a part.")
    there = _("There are: {parts}", parts=", ".join([*_newest(current), CRITIQUES]))
    raise InvalidInput(f"{missing} {there}")


def nowhere(threads: Threads) -> str:
    """What somebody is told who is in no thread that has any."""
    if not threads.count:
        return _("There is no thread yet. Ask a question.")
    return _("This is no thread. Ask a question, or go into an earlier one: see `threads`.")


def opening_of(threads: Threads, line: str) -> str:
    """How to open the part that a line names, with nothing to do with it; "" where it names none."""
    return f"open {line}" if _read(line)[1] in parts_of(threads).values() else ""


def _newest(current: Run) -> dict[str, str]:
    return {name: key for key in current.posts if (name := reactions.part_name(key))}


_PART = re.compile(r"(?:answer\s+)?(?P<number>\d*)\s*(?P<name>.*)", re.DOTALL)


def _read(text: str) -> tuple[int | None, str]:
    """`A`, `2A`, `answer b`, `2 ranking` as people write it -> the question's number, `None` for
    the newest, and the key of the post."""
    found = _PART.fullmatch(text.strip().lower())
    assert found
    number, name = found["number"], found["name"]
    if name in {"verdict", HEADLINE}:
        key = HEADLINE
    elif name in {RANKING, CRITIQUES}:
        key = name
    else:
        key = answer_key(name.removeprefix("answer ").upper())
    return int(number) if number else None, key
