"""Auditions that are over: opaque text of what came of each, the newest of each model."""

from bot.records import AuditionEnding, Case, EndedAudition, PlatformName
from bot.store.channels import changed
from bot.store.encoding import decode_time, encode_time
from bot.store.transactions import Do, Row, Tables, Transaction


class Auditions(Tables):
    async def audition(
        self, platform: PlatformName, channel: str, model: str | None = None
    ) -> EndedAudition | None:
        """The model's that ended last there, or anybody's."""
        of_model, parameters = ("AND model = ? ", (model,)) if model else ("", ())
        rows = await self._database.read(
            "SELECT model, ended_at, result FROM auditions WHERE platform = ? AND channel = ? "
            f"{of_model}ORDER BY ended_at DESC LIMIT 1",
            (platform, channel, *parameters),
        )
        return _audition(rows[0]) if rows else None


def ended(case: Case, ending: AuditionEnding) -> Transaction[None]:
    """Keep what came of it, and have it no more in the settings of the channel that the case was
    asked in. Raises `SettingsChanged`, nothing written, where these are others by now."""
    channel, over = case.channel or "", ending.audition
    yield from changed(
        (case.platform, case.workspace or "", channel),
        seen_version=ending.seen_version,
        values=ending.values,
        person=ending.person,
        at=over.at,
        what=ending.what,
    )
    yield Do(
        "INSERT INTO auditions (platform, channel, model, ended_at, result) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (platform, channel, model) DO UPDATE "
        "SET ended_at = excluded.ended_at, result = excluded.result",
        (case.platform, channel, over.model, encode_time(over.at), over.result),
    )


def _audition(row: Row) -> EndedAudition:
    model, at, result = row
    return EndedAudition(model, decode_time(at), result)
