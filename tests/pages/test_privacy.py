"""The page on privacy says what is true, in the documentation as in the program."""

import sqlite3
from pathlib import Path

from bot.pages.privacy import of_any_council, page
from bot.store.migrations import SCHEMA
from tests.privacy import PAGE, written

# Every table, by the words of the page that speak of what is in it.
TOLD = {
    "deliberations": "questions and the messages quoted with them",
    "held": "questions that wait for *Go*",
    "calls": "answers, reviews, verdicts",
    "attempts": "requests to models",
    "decisions": "how reviewers ranked",
    "feed": "tokens, seconds, costs",
    "spending": "sums of money by day, channel, person and model",
    "accounts": "sums of money by day, channel, person and model",
    "posts": "ids of the bot's posts",
    "removals": "ids of the bot's posts",
    "reactions": "votes: who, on what, when",
    "reveals": "who had the names shown",
    "settings": "a channel's settings",
    "settings_audit": "who changed them",
    "publications": "how reviewers ranked",
    "auditions": "what came of auditions",
    "reflections": "the criteria that a reflection proposed",
    "lessons": "which questions criteria were proposed from",
    "reflected": "which questions criteria were proposed from, or are being tried on",
    "comparisons": "which of two texts a person chose",
    "trials": "what came of trials",
    "published_trials": "what came of trials",
    "summaries": "keyed hashes of a question's words",
    "redactions": "what the placeholders stand for",
    "exhibits": "the texts of files attached and of pages linked to, images",
    "work": "what they tell each other of a question",
    "progress": "what models have written so far",
    "drafts": "what models have written so far",
    "wishes": "who wants it stopped",
    "people": "who added an answer of their own to a question",
    "seen_events": "keyed hashes of the platform's events",
    # Nothing of people: the lists of models, and small facts of the program's own.
    "catalogue": "",
    "notes": "",
    "commits": "",
}


def test_the_documentation_has_the_page_of_the_program() -> None:
    assert PAGE.read_text(encoding="utf-8") == written(), "say: python -m tests.privacy"


def test_the_page_speaks_of_every_table() -> None:
    connection = sqlite3.connect(":memory:")
    for step in sorted(SCHEMA.glob("*.sql")):
        connection.executescript(step.read_text())
    tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    connection.close()

    assert {name for (name,) in tables} == set(TOLD)
    for words in TOLD.values():
        assert words in page(of_any_council())


def test_who_is_sent_votes_is_told() -> None:
    assert "which answers people preferred; without names" in page(of_any_council())


def test_the_page_is_linked_from_the_readme() -> None:
    readme = Path(PAGE.parent.parent / "README.md").read_text(encoding="utf-8")
    assert "docs/privacy.md" in readme
