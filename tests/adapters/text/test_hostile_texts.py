"""No text takes more time to read than its length: every reader on every kind of bomb."""

import time
from collections.abc import Callable
from io import StringIO
from random import Random

import pytest
from rich.console import Console

from adapters.discord import pages as discord_pages
from adapters.discord import render as discord
from adapters.slack import render as slack
from adapters.slack.mrkdwn import sections
from adapters.terminal import render as terminal
from adapters.text.letters import linked_letters
from adapters.text.markdown import defuse_discord, defuse_slack, honest_links, split_markdown
from bot.bench.grading import grade
from bot.cleaning import harmless
from bot.document import Detail, Document, Letter, Note, Text
from bot.pages import presenter
from bot.pages.gists import demoted, expected, gist
from bot.protocol.ballots import parse_ranking
from bot.protocol.masking import mask_self_naming

BOMBS = [
    "!", ".", "?", "…", "。", "a", "A ", "가", "a.", "! ", ". ", '."', '"', "'", "’", "(", ")", "[", "]", "[]", "[](",
    "[a](b)", "[a]: b\n", "[a][b]", "[^1]", "![", "![a](b)", "<", "<a", "<!--", "<b>", "<div>\n", "<a@b.c>",
    "<http://a>", "http://a", "http://a.b/", "https://a.b/c.", "https://a.b/(", "@", "@everyone", "<@1>", "<!channel>",
    "&", "&amp;", "&#27;", "\\", "\\*", "*", "**", "* ", "*a", "**a", "**a**", "**a(b)**가", "가**「a」**", "_", "_a", "a_",
    "~", "~~", "~~a~~", "`", "` ", "`a`", "```\n", "```a\n", "~~~\n", "\n", " ", "  \n", "\t", "    a\n", "#", "# a\n",
    "#### a\n", "a\n===\n", "a\n---\n", "---\n", ">", "> ", "> a\n", "> > a\n", "- ", "- a\n", "  - a\n", "1. a\n", "1. ",
    "|", "||", "| a ", "| a | b |\n", "| a | b |\n|---|---|\n", "- | a |\n", "> | a | b |\n> |---|---|\n", ":", "\u200b",
    "\u202e", "\u2060", "\u200d", "\ufe0f", "\U000e0041", "\x1b", "\x1b[", "\x1b]", "\x9b", "\x90a", "\ud800", "🇦", "👩‍",
    "👍🏽", "\u0301", "क्", "ᄀ", "ﷺ", "1", "1,", "1.5", "$1", "\\boxed{", "the answer is ", "I am Claude, ", "Claude ",
    "I'm ", "as a ", "I am an AI model made by ", "my name is ", "저는 ", "A is ", "FINAL RANKING:\n", "A > ", '{"a":',
    "\r", "\u2028",
]  # fmt: skip


SLACK_SECONDS = 0.06


def _document(text: str) -> Document:
    return Document((Text(text), Note(text[:2_000])))


def _answer(text: str) -> Document:
    return Document((Detail("Answer A", (Text(text),)),))


def _to_terminal(text: str) -> None:
    console = Console(file=StringIO(), width=80, force_terminal=True)
    console.print(terminal.render(_document(text), opened=True))


READERS: dict[str, Callable[[str], object]] = {
    "cleaning": harmless,
    "ballots": lambda text: parse_ranking(text, "ABCD"),
    "masking": lambda text: mask_self_naming(text, ("openai/gpt-5", "anthropic/claude-4")),
    "grading numbers": lambda text: grade("number", text, "42"),
    "grading choices": lambda text: grade("choice", text, "A"),
    "first sentence": presenter.first_sentence,
    "gists": gist,
    "what to expect": expected,
    "headings": demoted,
    "labels": lambda text: linked_letters(text, (Letter("A", "answer:A", "2A"),), lambda key: None),
    "cutting": lambda text: split_markdown(text, 2_900),
    "honest links": honest_links,
    "tokens of Slack": defuse_slack,
    "tokens of Discord": defuse_discord,
    "mrkdwn": sections,
    "a verdict on Slack": lambda text: slack.post(_document(text), run="r", key="headline"),
    "an answer on Discord": lambda text: discord.post(_answer(text), run="r", key="answer:A"),
    "pages on Discord": lambda text: discord_pages.opened(
        _answer(text), run="r", key="a", part="0"
    ),
    "a thread's name": discord.thread_name,
    "the terminal": _to_terminal,
    "a pipe": lambda text: terminal.plain(_document(text)),
}


@pytest.mark.parametrize("name", READERS)
def test_four_times_the_text_takes_at_most_eight_times_as_long(name: str, full: bool) -> None:
    read = READERS[name]
    bombs = BOMBS if full else Random(name).sample(BOMBS, 15)
    assert [bomb for bomb in bombs if is_slow(read, bomb)] == []


def is_slow(read: Callable[[str], object], bomb: str) -> bool:
    """The longer text alone may have to be cut, which takes a few hundredths of a second; where it
    takes no longer than that, nothing is to be compared."""
    text = bomb * (8_000 // len(bomb))
    quarter = text[: len(text) // 4]
    allowed = SLACK_SECONDS
    for _ in range(3):
        if seconds(read, text) <= allowed:
            return False
        allowed = SLACK_SECONDS + 8 * seconds(read, quarter)
    return True


def seconds(read: Callable[[str], object], text: str) -> float:
    """Of this thread's own computing: what else the machine does is not counted."""
    started_at = time.thread_time()
    read(text)
    return time.thread_time() - started_at
