"""Files of a message: named as Slack tells them, fetched with the bot's token from where Slack keeps
them, which goes nowhere else."""

from typing import Any

from yarl import URL

from adapters.slack import content
from adapters.slack.refusals import GRANT, SCOPES
from adapters.slack.web import Web
from bot.council import Attached
from bot.errors import Unreadable
from bot.evidence.download import Redirected, download
from bot.language import N_, _

Json = dict[str, Any]

_SCOPE = "files:read"
_KEPT_ELSEWHERE = N_("It is not on Slack, only a link to it.")
_WITHHELD = N_("Slack does not hand it to the bot.")


def attached(message: Json) -> tuple[Attached, ...]:
    """What is attached to the message and to what it forwards."""
    return tuple(map(_attached, content.files(message)))


def _attached(file: Json) -> Attached:
    name, address, size = content.file_name(file), file.get("url_private"), file.get("size")
    if file.get("is_external") or file.get("mode") == "external":
        return Attached(name, "", why=_(_KEPT_ELSEWHERE))
    if not isinstance(address, str):
        # Of another workspace, or hidden by the limit of a free plan.
        return Attached(name, "", why=_(_WITHHELD))
    return Attached(name, address, size if isinstance(size, int) else None)


async def fetch(web: Web, file: Attached) -> bytes:
    """Raises `Unreadable`."""
    client = web.client
    try:
        found = await download(
            file.source,
            origins=_origins(client.base_url),
            headers={"Authorization": f"Bearer {client.token}"},
            time_scale=web.time_scale,
        )
    except Redirected:
        raise _lacking() from None
    # Whom Slack gives no file, it shows a page to log in.
    if found.kind == "text/html" and len(found.data) != file.size:
        raise _lacking()
    return found.data


def _lacking() -> Unreadable:
    return Unreadable(f"{_(SCOPES[_SCOPE], scope=_SCOPE)} {_(GRANT)}")


def _origins(api: str) -> frozenset[str]:
    """Beside Slack's API; where that is another's, such as a local one's, there as well."""
    url = URL(api).origin()
    own = {str(url)} if url.host != "slack.com" else set()
    return frozenset({str(url.with_host(f"files.{url.host}"))} | own)
