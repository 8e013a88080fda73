"""What placeholders stand for, by question. A thread's questions share theirs."""

from collections.abc import Mapping

from bot.records import Case
from bot.store.transactions import Many, Tables, Transaction


class Redactions(Tables):
    async def redactions(self, case: Case) -> dict[str, str]:
        """The originals by placeholder: those of the case, of its thread, and of the question that
        a button took up."""
        origin = case.question.origin
        before = (origin.earlier, origin.repeats) if origin else (None, None)
        rows = await self._database.read(
            "SELECT placeholder, original FROM redactions JOIN deliberations ON id = deliberation "
            "WHERE id IN (?, ?, ?) OR (platform = ? AND channel = ? AND thread = ?)",
            (case.id, *before, case.platform, case.channel, case.thread),
        )
        return dict(rows)

    async def keep_redactions(self, id: str, originals: Mapping[str, str]) -> None:
        """More of them for a stored case."""
        await self._database.write(lambda: insert_redactions(id, originals))


def insert_redactions(id: str, originals: Mapping[str, str]) -> Transaction[None]:
    """For the transaction that stores the case."""
    yield Many(
        "INSERT INTO redactions (deliberation, placeholder, original) VALUES (?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        [(id, *pair) for pair in originals.items()],
    )
