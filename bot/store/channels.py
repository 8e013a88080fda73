"""What channels changed, by whom and when."""

import json
from collections.abc import Mapping
from datetime import datetime

from bot.chat import Channel
from bot.errors import SettingsChanged
from bot.language import _
from bot.records import SettingsChange, StoredSettings
from bot.store.encoding import decode_time, encode_time
from bot.store.transactions import Do, Row, Statement, Tables, Transaction

_THIS_CHANNEL = "platform = ? AND workspace = ? AND channel = ?"


class Channels(Tables):
    async def settings(self, platform: str, workspace: str | None, channel: str) -> StoredSettings:
        rows = await self._database.read(
            f"SELECT version, changed FROM settings WHERE {_THIS_CHANNEL}",
            (platform, workspace or "", channel),
        )
        return StoredSettings(rows[0][0], json.loads(rows[0][1])) if rows else StoredSettings(0, {})

    async def channels_with(self, name: str, value: str) -> tuple[Channel, ...]:
        """Those that changed the setting of this name, and have it at this value."""
        rows = await self._database.read(
            "SELECT platform, workspace, channel FROM settings WHERE json_extract(changed, ?) = ?",
            (f"$.{name}", value),
        )
        return tuple(Channel(*row) for row in rows)

    async def set_since(
        self, platform: str, workspace: str | None, channel: str, name: str
    ) -> datetime | None:
        """When the setting of this name was changed to what it is now; `None` where nobody changed it."""
        here = (platform, workspace or "", channel)
        value = "json_extract(changed, ?)"
        rows = await self._database.read(
            f"SELECT at, {value} FROM settings_audit WHERE {_THIS_CHANNEL} AND number > coalesce("
            f"(SELECT max(number) FROM settings_audit WHERE {_THIS_CHANNEL} AND coalesce({value}, '')"
            f" <> coalesce((SELECT {value} FROM settings WHERE {_THIS_CHANNEL}), '')), 0)"
            " ORDER BY number LIMIT 1",
            (path := f"$.{name}", *here, *here, path, path, *here),
        )
        return decode_time(rows[0][0]) if rows and rows[0][1] is not None else None

    async def save_settings(
        self,
        platform: str,
        workspace: str | None,
        channel: str,
        *,
        seen_version: int,
        values: Mapping[str, str],
        person: str,
        at: datetime,
        what: str,
    ) -> StoredSettings:
        """Replace a channel's settings and note who did it, and `what` in their own words.

        Raises `SettingsChanged`, nothing written, where the stored version is not `seen_version`.
        """

        def write() -> Transaction[StoredSettings]:
            return changed(
                (platform, workspace or "", channel),
                seen_version=seen_version,
                values=values,
                person=person,
                at=at,
                what=what,
            )

        return await self._database.write(write)

    async def audit(
        self, platform: str, workspace: str | None, channel: str, limit: int = 50
    ) -> tuple[SettingsChange, ...]:
        """Newest first."""
        rows = await self._database.read(
            "SELECT version, changed, person, at, what FROM settings_audit "
            f"WHERE {_THIS_CHANNEL} ORDER BY number DESC LIMIT ?",
            (platform, workspace or "", channel, limit),
        )
        return tuple(_change(row) for row in rows)

    async def settings_version(
        self, platform: str, workspace: str | None, channel: str, version: int
    ) -> SettingsChange | None:
        """The change that made this version; `None` where there was none."""
        rows = await self._database.read(
            "SELECT version, changed, person, at, what FROM settings_audit "
            f"WHERE {_THIS_CHANNEL} AND version = ?",
            (platform, workspace or "", channel, version),
        )
        return _change(rows[0]) if rows else None


def changed(
    here: tuple[str, str, str],
    *,
    seen_version: int,
    values: Mapping[str, str],
    person: str,
    at: datetime,
    what: str,
) -> Transaction[StoredSettings]:
    """As `save_settings`; `here` are platform, workspace and channel."""
    rows = yield Statement(f"SELECT version FROM settings WHERE {_THIS_CHANNEL}", here)
    if (rows[0][0] if rows else 0) != seen_version:
        raise SettingsChanged(
            _(
                "Somebody else changed this channel's settings in the meantime. Look "
                "at them again and repeat your change."
            )
        )
    saved = StoredSettings(seen_version + 1, dict(values))
    text = json.dumps(saved.values, ensure_ascii=False)
    yield Do(
        "INSERT INTO settings (platform, workspace, channel, version, changed) "
        "VALUES (?, ?, ?, ?, ?) ON CONFLICT (platform, workspace, channel) DO UPDATE "
        "SET version = excluded.version, changed = excluded.changed",
        (*here, saved.version, text),
    )
    yield Do(
        "INSERT INTO settings_audit"
        " (platform, workspace, channel, version, changed, person, at, what) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (*here, saved.version, text, person, encode_time(at), what),
    )
    return saved


def _change(row: Row) -> SettingsChange:
    version, changed, person, at, what = row
    return SettingsChange(version, json.loads(changed), person, decode_time(at), what)
