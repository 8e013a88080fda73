"""Questions that wait for their asker to agree to a price."""

from datetime import datetime

from bot.chat import HeldQuestion, Mention
from bot.council import Council, Redo
from bot.records import PlatformName
from bot.store.encoding import decode, decode_time, encode, encode_time
from bot.store.erasing import TO_EMPTY_LOG
from bot.store.events import note_event, refused
from bot.store.transactions import Do, Row, Statement, Tables, Transaction, change

# Of one person; the oldest gives way.
_MOST = 5

_COLUMNS = "id, asked, council, told_micros, is_posted, asked_at, until, takes_up, redo"


class Held(Tables):
    async def hold(self, question: HeldQuestion) -> str:
        """Have it wait, in the place of what the same event asked before, whose id it then keeps;
        its id."""
        mention = question.mention
        values = (
            question.id,
            mention.key,
            mention.channel.platform,
            mention.channel.id,
            mention.thread,
            mention.person.id,
            encode_time(question.asked_at),
            encode_time(question.until),
            encode(Mention, mention),
            encode(Council, question.council) if question.council else None,
            question.told_micros,
            int(question.is_posted),
            question.takes_up,
            encode(Redo, question.redo) if question.redo else None,
        )
        names = (
            "id, mention, platform, channel, thread, asker, asked_at, until, asked, council,"
            " told_micros, is_posted, takes_up, redo"
        )
        marks = ", ".join("?" * len(values))
        changed = ("asked_at", "until", "asked", "council", "told_micros", "takes_up", "redo")
        sets = ", ".join(f"{name} = excluded.{name}" for name in changed)

        def write() -> Transaction[str]:
            yield Do(
                f"INSERT INTO held ({names}) VALUES ({marks}) "
                f"ON CONFLICT (mention) DO UPDATE SET {sets}",
                values,
            )
            yield Do(
                "DELETE FROM held WHERE platform = ? AND asker = ? AND id NOT IN (SELECT id FROM"
                " held WHERE platform = ? AND asker = ? ORDER BY asked_at DESC, id LIMIT ?)",
                (*(mention.channel.platform, mention.person.id) * 2, _MOST),
            )
            ((id,),) = yield Statement("SELECT id FROM held WHERE mention = ?", (mention.key,))
            return str(id)

        return await self._database.write(write)

    async def held(self, id: str) -> HeldQuestion | None:
        rows = await self._database.read(f"SELECT {_COLUMNS} FROM held WHERE id = ?", (id,))
        return _question(rows[0]) if rows else None

    async def all_held(self, platform: PlatformName) -> tuple[HeldQuestion, ...]:
        """Those of a platform, the oldest first."""
        rows = await self._database.read(
            f"SELECT {_COLUMNS} FROM held WHERE platform = ? ORDER BY asked_at", (platform,)
        )
        return tuple(map(_question, rows))

    async def let_go(self, id: str) -> bool:
        """It waits no more, and nothing of it is left; False where it did not."""
        return await self._drop("id = ?", id)

    async def let_go_of_mention(self, key: str) -> bool:
        """The same of what this event asked."""
        return await self._drop("mention = ?", key)

    async def drop_held(self, now: datetime) -> None:
        """Those whose time is over: nobody waits for them any more."""
        until = (encode_time(now),)

        def write() -> Transaction[None]:
            rows = yield Statement("SELECT mention FROM held WHERE until <= ?", until)
            for (mention,) in rows:
                yield from note_event(refused(mention), now)
            if rows:
                yield Do("DELETE FROM held WHERE until <= ?", until)
                yield TO_EMPTY_LOG

        await self._database.write(write)

    async def _drop(self, which: str, parameter: str) -> bool:
        def write() -> Transaction[bool]:
            if not (yield from change(f"DELETE FROM held WHERE {which}", (parameter,))):
                return False
            yield TO_EMPTY_LOG
            return True

        return await self._database.write(write)


def taken_in(id: str, mention: str | None) -> Do:
    """For the transaction that stores its case."""
    return Do("DELETE FROM held WHERE id = ? OR mention = ?", (id, mention))


def _question(row: Row) -> HeldQuestion:
    id, asked, council, told_micros, is_posted, asked_at, until, takes_up, redo = row
    return HeldQuestion(
        id=id,
        mention=decode(Mention, asked),
        council=decode(Council, council) if council else None,
        told_micros=told_micros,
        is_posted=bool(is_posted),
        asked_at=decode_time(asked_at),
        until=decode_time(until),
        takes_up=takes_up,
        redo=decode(Redo, redo) if redo else None,
    )
