"""Comparisons of a verdict with an answer, by people, and the trials of a channel that these end.

Whatever goes wrong, "first choice stands": what somebody chose is never chosen anew.
"""

from collections.abc import Mapping
from datetime import datetime

from bot.chat import TRIAL
from bot.records import (
    ChosenPlace,
    Comparison,
    EndedTrial,
    FirstText,
    PlatformName,
)
from bot.store.channels import changed
from bot.store.encoding import decode_time, encode_time
from bot.store.transactions import Do, Row, Statement, Tables, Transaction, change

_COMPARISON = "person, first, chose, chosen_at, blind, trial, published"
_TRIAL = "number, ended_at, result, deliberation"


class Trials(Tables):
    async def shown_comparison(self, deliberation: str, person: str, first: FirstText) -> None:
        """The person has both texts before them."""
        await self._change(
            "INSERT INTO comparisons (deliberation, person, first) VALUES (?, ?, ?) "
            "ON CONFLICT DO NOTHING",
            (deliberation, person, first),
        )

    async def comparison(self, deliberation: str, person: str) -> Comparison | None:
        rows = await self._database.read(
            f"SELECT {_COMPARISON} FROM comparisons WHERE deliberation = ? AND person = ?",
            (deliberation, person),
        )
        return _comparison(rows[0]) if rows else None

    async def choose(
        self, deliberation: str, person: str, chose: ChosenPlace, at: datetime, *, trial: int
    ) -> bool:
        """Keep what somebody chose who was shown both texts; False where they chose before, or the
        trial of this number is over. Whoever has seen the names by now does not choose blind."""

        def write() -> Transaction[bool]:
            return (
                yield from change(
                    "UPDATE comparisons SET chose = ?, chosen_at = ?, trial = ?, blind = CASE WHEN EXISTS ("
                    "SELECT 1 FROM reveals WHERE reveals.deliberation = comparisons.deliberation "
                    "AND reveals.person = comparisons.person) THEN 0 ELSE 1 END "
                    "WHERE deliberation = ? AND person = ? AND chose IS NULL AND ? = 1 + ("
                    "SELECT count(*) FROM trials JOIN deliberations "
                    "ON deliberations.platform = trials.platform "
                    "AND deliberations.channel = trials.channel WHERE deliberations.id = ?)",
                    (chose, encode_time(at), trial, deliberation, person, trial, deliberation),
                )
            ) > 0

        return await self._database.write(write)

    async def comparisons(self, deliberation: str) -> tuple[Comparison, ...]:
        """What was chosen about one question, the first first."""
        rows = await self._database.read(
            f"SELECT {_COMPARISON} FROM comparisons "
            "WHERE deliberation = ? AND chose IS NOT NULL ORDER BY chosen_at, rowid",
            (deliberation,),
        )
        return tuple(map(_comparison, rows))

    async def choices(
        self, platform: PlatformName | None, channel: str, trial: int
    ) -> tuple[Comparison, ...]:
        """What was chosen blind in this trial of the channel, the first first."""
        which, place = ("platform = ? AND ", (platform,)) if platform else ("", ())
        rows = await self._database.read(
            f"SELECT {_COMPARISON} FROM comparisons "
            "JOIN deliberations ON deliberations.id = comparisons.deliberation "
            f"WHERE {which}channel = ? AND trial = ? AND chose IS NOT NULL AND blind = 1 "
            "ORDER BY chosen_at, comparisons.rowid",
            (*place, channel, trial),
        )
        return tuple(map(_comparison, rows))

    async def published_trial(
        self, platform: PlatformName, channel: str, number: int
    ) -> str | None:
        """What people were told last of the trial of this number there."""
        rows = await self._database.read(
            "SELECT told FROM published_trials WHERE platform = ? AND channel = ? AND number = ?",
            (platform, channel, number),
        )
        return rows[0][0] if rows else None

    async def publish_trial(
        self,
        platform: PlatformName,
        channel: str,
        number: int,
        told: str,
        *,
        instead_of: str | None,
    ) -> bool:
        """Keep what people are told from now on, which rests on all that was chosen so far; False,
        nothing written, where they were told something else meanwhile."""
        place = (platform, channel)

        def write() -> Transaction[bool]:
            rows = yield Statement(
                "SELECT told FROM published_trials "
                "WHERE platform = ? AND channel = ? AND number = ?",
                (*place, number),
            )
            if (rows[0][0] if rows else None) != instead_of:
                return False
            yield Do(
                "INSERT INTO published_trials (platform, channel, number, told) "
                "VALUES (?, ?, ?, ?) ON CONFLICT (platform, channel) "
                "DO UPDATE SET number = excluded.number, told = excluded.told",
                (*place, number, told),
            )
            yield Do(
                "UPDATE comparisons SET published = 1 WHERE trial = ? AND chose IS NOT NULL "
                "AND deliberation IN ("
                "SELECT id FROM deliberations WHERE platform = ? AND channel = ?)",
                (number, *place),
            )
            return True

        return await self._database.write(write)

    async def last_chosen(self, platform: PlatformName, channel: str) -> tuple[str, int] | None:
        """The deliberation about which somebody chose last in the trial that is yet to end there, and
        how many choices it has; `None` without any."""
        rows = await self._database.read(
            "SELECT deliberation, count(*) OVER () FROM comparisons "
            "JOIN deliberations ON deliberations.id = comparisons.deliberation "
            "WHERE platform = ? AND channel = ? AND chose IS NOT NULL AND blind = 1 AND trial = 1 + ("
            "SELECT count(*) FROM trials WHERE platform = ? AND channel = ?) "
            "ORDER BY chosen_at DESC, comparisons.rowid DESC LIMIT 1",
            (platform, channel, platform, channel),
        )
        return (rows[0][0], rows[0][1]) if rows else None

    async def trial_over(self, platform: PlatformName | None, channel: str) -> EndedTrial | None:
        """The trial of the channel that ended last."""
        which, place = ("platform = ? AND ", (platform,)) if platform else ("", ())
        rows = await self._database.read(
            f"SELECT {_TRIAL} FROM trials WHERE {which}channel = ? ORDER BY number DESC LIMIT 1",
            (*place, channel),
        )
        return _trial(rows[0]) if rows else None

    async def trial_told_in(self, deliberation: str) -> EndedTrial | None:
        """The trial whose end stands in the thread of this deliberation."""
        rows = await self._database.read(
            f"SELECT {_TRIAL} FROM trials WHERE deliberation = ? ORDER BY number DESC LIMIT 1",
            (deliberation,),
        )
        return _trial(rows[0]) if rows else None

    async def end_trial(
        self,
        place: tuple[PlatformName, str, str],
        ended: EndedTrial,
        *,
        seen_version: int,
        values: Mapping[str, str],
        person: str,
        what: str,
    ) -> None:
        """Keep what came of it, have it no more in the settings, and announce the post that tells it;
        `place` are platform, workspace and channel. Raises `SettingsChanged`, nothing written, where
        these have another version by now."""
        platform, _workspace, channel = place

        def write() -> Transaction[None]:
            yield from changed(
                place,
                seen_version=seen_version,
                values=values,
                person=person,
                at=ended.at,
                what=what,
            )
            yield Do(
                "INSERT INTO trials (platform, channel, number, ended_at, result, deliberation) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (
                    platform,
                    channel,
                    ended.number,
                    encode_time(ended.at),
                    ended.result,
                    ended.deliberation,
                ),
            )
            yield Do(
                "INSERT INTO posts (deliberation, platform, key, part) VALUES (?, ?, ?, 0) "
                "ON CONFLICT DO NOTHING",
                (ended.deliberation, platform, TRIAL),
            )

        await self._database.write(write)

    async def untold_trials(self, platform: PlatformName) -> tuple[str, ...]:
        """The deliberations in whose threads the end of a trial is yet to be told."""
        rows = await self._database.read(
            "SELECT deliberation FROM trials "
            "WHERE platform = ? AND told = 0 AND deliberation IS NOT NULL ORDER BY ended_at",
            (platform,),
        )
        return tuple(id for (id,) in rows)

    async def told_trial(self, deliberation: str) -> None:
        await self._change("UPDATE trials SET told = 1 WHERE deliberation = ?", (deliberation,))

    async def channels_with_trials(
        self, channel: str | None
    ) -> tuple[tuple[PlatformName, str], ...]:
        """Where there is a trial, or was one, or choices of one, by platform and channel."""
        which, place = ("WHERE channel = ? ", (channel,)) if channel else ("", ())
        rows = await self._database.read(
            "SELECT DISTINCT platform, channel FROM ("
            "SELECT platform, channel FROM trials UNION "
            "SELECT platform, channel FROM comparisons "
            "JOIN deliberations ON deliberations.id = comparisons.deliberation UNION "
            "SELECT platform, channel FROM settings WHERE json_extract(changed, '$.trial') = 'on'"
            f") AS found {which}ORDER BY platform, channel",
            place,
        )
        return tuple((platform, channel) for platform, channel in rows)

    async def has_trial(self, platform: PlatformName, channel: str) -> bool:
        """Whether the channel's settings say so."""
        rows = await self._database.read(
            "SELECT 1 FROM settings WHERE platform = ? AND channel = ? "
            "AND json_extract(changed, '$.trial') = 'on'",
            (platform, channel),
        )
        return bool(rows)

    async def asked_since(self, platform: PlatformName | None, channel: str, at: datetime) -> int:
        """How many questions were answered there that were asked since then."""
        which, place = ("platform = ? AND ", (platform,)) if platform else ("", ())
        rows = await self._database.read(
            f"SELECT count(*) FROM deliberations WHERE {which}channel = ? "
            "AND status = 'finished' AND asked_at >= ?",
            (*place, channel, encode_time(at)),
        )
        return int(rows[0][0])


def _comparison(row: Row) -> Comparison:
    person, first, chose, at, blind, trial, published = row
    chosen_at = decode_time(at) if at else None
    return Comparison(person, first, chose, chosen_at, bool(blind), trial, bool(published))


def _trial(row: Row) -> EndedTrial:
    number, at, result, deliberation = row
    return EndedTrial(number, decode_time(at), result, deliberation)
