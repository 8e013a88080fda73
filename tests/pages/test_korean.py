"""Every page in Korean: no sentence of the bot's is left in English, on either platform."""

import re
from collections.abc import Iterator

from bot.analysis.report import peers_of, report
from bot.criteria import PRESETS
from bot.language import speaking
from bot.pages.picture import standings_png
from tests.abuse.test_shown import on_discord, on_slack
from tests.fakes.rows import make_row

MODELS = ("lab/a", "lab/b")
WRITTEN = "한국어로 쓴 글입니다"

# Two words of English, with a space between them, or a comma.
ENGLISH = re.compile(r"[A-Za-z]{2,}[,.:;]? [A-Za-z]{2,}")

# What models write, are called and are told; what people type; and the form that a test fills in.
NOT_OURS = re.compile(
    r"The answer from seat \d|All of them are fine|FINAL RANKING|Because the answers say so"
    r"|`[^`]*`|(?:lab|globex|initech)/\S+|code review|Is the sky blue|The council \(|Only A"
    r"|Ask a follow-up|" + "|".join(re.escape(text[:20]) + ".*" for text in PRESETS.values())
)


def english_in(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if ENGLISH.search(NOT_OURS.sub("", line)):
            yield line


def test_no_page_says_in_english_what_the_bot_says() -> None:
    with speaking("ko"):
        shown = [*on_discord(WRITTEN), *on_slack(WRITTEN)]
    assert len(shown) > 500
    assert {(name, line) for name, _kind, text in shown for line in english_in(text)} == set()


def test_an_english_sentence_would_be_found() -> None:
    with speaking("en"):
        shown = [*on_discord(f"{WRITTEN}.")]
    found = {name for name, _kind, text in shown for _line in english_in(text)}
    assert {"headline", "ranking", "council", "statistics"} <= found


def test_a_picture_has_no_letters_that_its_font_lacks() -> None:
    """The library warns of each, and a warning is an error here."""
    rows = [make_row(str(n), MODELS, accepted=[True, False], best=MODELS[0]) for n in range(40)]
    with speaking("ko"):
        found = report(rows, peers_of(rows))
        assert standings_png(found.people, found.peers.board)
