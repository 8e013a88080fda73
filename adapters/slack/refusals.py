"""Slack's refusals, in words for the people who read them: what is wrong, and what to do next."""

from collections.abc import Iterable

from slack_sdk.errors import SlackApiError

from bot.errors import Undeliverable
from bot.language import N_, _

# The manifest's; what is missing without each.
SCOPES = {
    "app_mentions:read": N_(
        "Without the scope {scope} the bot does not hear when it is mentioned."
    ),
    "channels:history": N_(
        "Without the scope {scope} no threads are read, and no mention missed while away."
    ),
    "channels:read": N_(
        "Without the scope {scope} creators of channels cannot change their council."
    ),
    "chat:write": N_("Without the scope {scope} nothing can be posted."),
    "commands": N_("Without the scope {scope} there is no /council."),
    "files:read": N_("Without the scope {scope} no attached file is read."),
    "files:write": N_(
        "Without the scope {scope} long answers and transcripts are cut into messages."
    ),
    "groups:history": N_("Without the scope {scope} private channels' threads are not read."),
    "groups:read": N_(
        "Without the scope {scope} creators of private channels cannot change their council, and "
        "forms count of people who left the channel since."
    ),
    "im:history": N_("Without the scope {scope} direct messages are not heard."),
    "im:write": N_("Without the scope {scope} exports and transcripts cannot be delivered."),
    "mpim:history": N_("Without the scope {scope} group conversations' threads are not read."),
    "reactions:read": N_("Without the scope {scope} votes are not counted."),
    "reactions:write": N_("Without the scope {scope} the emoji to vote with are not offered."),
    "users:read": N_(
        "Without the scope {scope} guests cannot be told from members, nor administrators from "
        "others."
    ),
}
VITAL = frozenset({"app_mentions:read", "chat:write", "users:read"})

GRANT = N_(
    "Add it to the app at https://api.slack.com/apps (OAuth & Permissions, Bot Token "
    "Scopes), then install the app again."
)
QUESTION_DELETED = N_("The question was deleted.")

_SENTENCES = {
    "account_inactive": N_("The bot's account was deactivated. Install the app again."),
    "channel_not_found": N_("The channel is gone, or the bot cannot see it. Invite the bot."),
    "invalid_auth": N_("Slack does not know the bot's token. Check SLACK_BOT_TOKEN."),
    "is_archived": N_("The channel is archived."),
    "missing_scope": N_("The app lacks a permission. Compare its scopes with slack-manifest.yaml."),
    "not_in_channel": N_("The bot is not in this channel. Invite it."),
    "thread_not_found": QUESTION_DELETED,
    "token_expired": N_("The bot's token has expired. Install the app again."),
    "token_revoked": N_("The bot's token was revoked. Install the app again."),
}


_TOKEN = frozenset({"account_inactive", "invalid_auth", "token_expired", "token_revoked"})
# For good. A channel that is archived, or that the bot was removed from, may open again; of a private
# one Slack then says the same as of one that was deleted.
_GONE = frozenset({"thread_not_found"})
UNSEEN_CHANNEL = "channel_not_found"
# Blocks that this Slack does not take, or not so many.
REFUSED_WORDS = frozenset(
    {
        "invalid_attachments",
        "invalid_blocks",
        "invalid_blocks_format",
        "msg_blocks_too_long",
        "msg_too_long",
    }
)


def error_of(error: SlackApiError) -> str:
    """Slack's name for what is wrong; "" where something else than Slack answered."""
    return str(_body(error).get("error", ""))


def status_of(error: SlackApiError) -> int:
    """The HTTP status; 0 where it is not known. The SDK hands in two kinds of responses."""
    response = error.response
    return int(getattr(response, "status_code", 0) or getattr(response, "status", 0))


def lacking(error: SlackApiError) -> str:
    """The scope that a call was refused for, "" where it was refused for something else.

    Slack names several where any one of them would have done for some place.
    """
    if error_of(error) != "missing_scope":
        return ""
    scopes = str(_body(error).get("needed") or _("a permission")).split(",")
    either = _("or")
    return f" {either} ".join(scopes)


def sentence(error: SlackApiError) -> str:
    """What Slack says no to, and what to do."""
    name = error_of(error)
    if scope := lacking(error):
        lack = _("The app lacks the permission {scope}.", scope=scope)
        return f"{lack} {_(GRANT)}"
    if name.startswith("restricted_action"):
        return _("Posting is restricted here. Ask an administrator to let the bot.")
    if not name:
        status = status_of(error)
        return _("Something before Slack answered with the status {status}.", status=status)
    if known := _SENTENCES.get(name):
        return _(known)
    return _("Slack refused it: {name}.", name=name)


def is_of_the_place(error: SlackApiError) -> bool:
    """Whether nothing at all can be posted there now, rather than this one thing."""
    name = error_of(error)
    general = name in _SENTENCES and name != "missing_scope"
    return general or name.startswith("restricted_action")


def is_of_the_token(error: SlackApiError) -> bool:
    """Whether the bot can do nothing at all, anywhere."""
    return error_of(error) in _TOKEN


def undeliverable(error: SlackApiError) -> Undeliverable:
    name = error_of(error)
    return Undeliverable(sentence(error), name in _GONE, wording=name in REFUSED_WORDS)


def missing(granted: Iterable[str]) -> dict[str, str]:
    """The manifest's scopes that are not granted, with what each is for in words."""
    return {scope: _(lack, scope=scope) for scope, lack in SCOPES.items() if scope not in granted}


def _body(error: SlackApiError) -> dict[str, object]:
    data = getattr(error.response, "data", None)
    return data if isinstance(data, dict) else {}
