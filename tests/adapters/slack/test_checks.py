"""`council doctor` says what will not work on Slack before anybody meets it."""

from adapters.slack import checks
from adapters.slack.refusals import SCOPES
from bot.conversation.health import Finding
from tests.fakes.slack_server import (
    APP_TOKEN,
    BOT_TOKEN,
    MANIFEST,
    SlackServer,
    read_manifest,
)


async def found(
    server: SlackServer, bot_token: str = BOT_TOKEN, app_token: str | None = APP_TOKEN
) -> list[Finding]:
    findings = checks.examine(bot_token, app_token, api_url=server.api_url, time_scale=0.01)
    return [finding async for finding in findings]


async def test_an_app_from_the_manifest_is_all_right(server: SlackServer) -> None:
    assert [str(finding) for finding in await found(server)] == [
        "✓ Slack accepts the bot's token: council in council-test.",
        "✓ The bot has every scope that it needs.",
        "✓ Slack accepts the app's token: a socket can be opened.",
        "✓ Slack takes every kind of message that the bot posts.",
    ]
    assert server.rejections == []


async def test_the_manifest_asks_for_these_scopes_and_no_others() -> None:
    assert read_manifest(MANIFEST).scopes == set(SCOPES)


async def test_a_missing_scope_is_named_with_what_it_costs(server: SlackServer) -> None:
    server.desk.scopes = server.desk.scopes - {"chat:write", "files:write"}
    findings = [str(finding) for finding in await found(server)]
    assert "✗ Without the scope chat:write nothing can be posted." in findings
    assert any(line.startswith("· Without the scope files:write") for line in findings)


async def test_refused_tokens_are_named_and_not_shown(server: SlackServer) -> None:
    (finding,) = await found(server, bot_token="xoxb-wrong")
    assert finding.ok is False
    assert "SLACK_BOT_TOKEN is refused by Slack (invalid_auth)" in finding.text
    texts = [str(finding) for finding in await found(server, app_token="xapp-wrong")]
    assert any("✗ SLACK_APP_TOKEN is refused by Slack" in text for text in texts)
    assert not [text for text in texts if "wrong" in text]


async def test_a_wrong_address_is_not_blamed_on_the_token(server: SlackServer) -> None:
    findings = checks.examine(BOT_TOKEN, APP_TOKEN, api_url=server.url, time_scale=0.01)
    (finding,) = [finding async for finding in findings]
    assert finding.ok is False
    assert finding.text.startswith("What answers at SLACK_API_URL is not Slack (status 404).")
    assert "TOKEN" not in finding.text


async def test_blocks_that_slack_does_not_know_are_named(server: SlackServer) -> None:
    server.forget_blocks("container")
    findings = [str(finding) for finding in await found(server)]
    assert any("would not take a ranking" in line for line in findings)
