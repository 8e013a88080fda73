"""Which questions of its thread a follow-up was told of, and what sums up the beginning of a thread.

Both stand in the journal of the follow-up: the ids as decisions, a recap as the call that wrote it.
Whoever asks later in the thread finds it by what it sums up.
"""

import json
from collections.abc import Sequence
from hashlib import sha256

from bot.store.transactions import Do, Tables, Transaction, lists

# The decision that says what a recap of this run sums up.
RECAP = "recap"
# Those that name the deliberations which it was told of are numbered.
KNOWS = "knows/"


class Recaps(Tables):
    async def known_to(self, deliberation: str) -> tuple[str, ...] | None:
        """The deliberations that this one was told of, oldest first; `None` where that was not
        written down: it never began, or was asked before several could be."""
        rows = await self._database.read(
            "SELECT name, value FROM decisions WHERE deliberation = ? AND (name = 'thread' "
            f"OR name LIKE '{KNOWS}%')",
            (deliberation,),
        )
        known = {int(name.removeprefix(KNOWS)): value for name, value in rows if name != "thread"}
        if len(known) == len(rows):
            return None
        return tuple(json.loads(known[n]) for n in sorted(known))

    async def recaps(self, ids: Sequence[str]) -> dict[int, str]:
        """What sums up the oldest of these, each by how many of them."""
        counts = {summed_up(ids[:count]): count for count in range(1, len(ids) + 1)}
        found: dict[int, str] = {}
        for marks, part in lists(list(counts)):
            rows = await self._database.read(
                "SELECT value, text FROM decisions JOIN calls ON calls.deliberation ="
                " decisions.deliberation AND stage = 'recap'"
                f" WHERE name = '{RECAP}' AND value IN ({marks}) AND text <> ''",
                part,
            )
            found |= {counts[value]: text for value, text in rows}
        return found


def knows(ids: Sequence[str]) -> dict[str, str]:
    """The decisions that say which deliberations one was told of."""
    return {f"{KNOWS}{n}": json.dumps(id) for n, id in enumerate(ids)}


def summed_up(ids: Sequence[str]) -> str:
    """What is known of a recap of these: the same for the same deliberations in this order."""
    return sha256("\n".join(ids).encode()).hexdigest()


def erase_recaps_of(id: str) -> Transaction[None]:
    """Take out what sums up a thread with this deliberation in it."""
    yield Do(
        "UPDATE calls SET text = '' WHERE stage = 'recap' AND text <> '' AND deliberation IN "
        f"(SELECT deliberation FROM decisions WHERE name LIKE '{KNOWS}%' AND value = ?)",
        (json.dumps(id),),
    )
