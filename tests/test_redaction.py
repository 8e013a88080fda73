"""What is taken for personal data, and that it comes back as it was."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.document import Button, Detail, Document, Table, Text
from bot.redaction import Redaction, find, masked, placeholders, put_back

EMAILS = (
    "ann.lee+x@mail.example.co.uk",
    "bob@x.de",
    "o'hara@example.org",
    "ann\uff20example.org",
)
PHONES = (
    "+49 30 12345678",
    "+1 (415) 555-2671",
    "0044 20 7946 0958",
    "+82-10-1234-5678",
    "(415) 555-2671",
    "415-555-2671",
    "030 12345678",
    "06 12 34 56 78",
    "0171/1234567",
)
CARDS = (
    "4111 1111 1111 1111",
    "378282246310005",
    "5555-5555-5555-4444",
    "4111\u00a01111\u202f1111\u20091111",
    "4111\u20131111\u20131111\u20131111",
    "\uff14" + "\uff11" * 15,
    "\u0664" + "\u0661" * 15,
)
IBANS = (
    "DE89 3704 0044 0532 0130 00",
    "GB82WEST12345698765432",
    "at61 1904 3002 3457 3201",
    "FR14\u202f2004\u202f1010\u202f0505\u202f0001\u202f3M02\u202f606",
)
KEYS = (
    "sk-or-v1-0123456789abcdef0123",
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_0123456789abcdefghijABCDEFGHIJ012345",
    "xoxb-1234567890-abcdefghij",
    "xai-" + "0a" * 20,
    "SG.0123456789abcdef-_0123.0123456789abcdefghij0123456789-_",
    "https://hooks.slack.com/services/T00000000/B00000000/0123456789abcdefghij",
    "https://discord.com/api/webhooks/123456789012345678/0123456789abcdef-_0123",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN PGP PRIVATE KEY BLOCK-----\nlQabc\n-----END PGP PRIVATE KEY BLOCK-----",
    "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcwggSj",  # broken off
)
KINDS = {"EMAIL": EMAILS, "PHONE": PHONES, "CARD": CARDS, "IBAN": IBANS, "KEY": KEYS}
SECRETS = [(kind, secret) for kind, secrets in KINDS.items() for secret in secrets]

# None of it is anybody's.
HARMLESS = (
    "2026-11-29 12:30:00",
    "01.02.2024 12:30",
    "12/11/2024 - 13/11/2024",
    "192.168.100.200",
    "123456789 * 987654321",
    "3.14159265358979",
    "0.12345678901",
    "1,234,567,890 people",
    "version 1.2.3.4567",
    "4111 1111 1111 1112",
    "GB83WEST12345698765432",
    "a @ b, @ann, foo@bar",
    "sk-learn and task-force",
    "=== 4111111111111111 ===",
)


@pytest.mark.parametrize(("kind", "secret"), SECRETS)
@pytest.mark.parametrize("text", ["{}", "Call {}, please.", "({})", "a:\n{}\nb", "x={} then 12"])
def test_what_is_personal_is_found_whole(kind: str, secret: str, text: str) -> None:
    written = text.format(secret)
    assert [(f.kind, written[f.start : f.end]) for f in find(written)] == [(kind, secret)]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_nobodys_stays(text: str) -> None:
    assert find(text) == []


@given(st.text())
def test_any_text_can_be_hidden_and_put_back(text: str) -> None:
    redaction = Redaction()
    hidden = redaction.hide(text)
    assert put_back(hidden, redaction.originals) == text


WORDS = st.sampled_from(["tell", "me,", "is", "it", "12", "A", "\n", "…", "größer"])


@given(st.lists(st.one_of(WORDS, st.sampled_from(SECRETS).map(lambda pair: pair[1]))))
def test_nothing_that_was_hidden_is_left_in_the_text(words: list[str]) -> None:
    redaction = Redaction()
    hidden = redaction.hide(" ; ".join(words))
    assert not any(secret in hidden for _, secret in SECRETS)
    assert put_back(hidden, redaction.originals) == " ; ".join(words)
    assert sorted(set(placeholders(hidden))) == sorted(redaction.originals)


def test_the_same_has_one_placeholder_and_of_before_its_old_one() -> None:
    first = Redaction()
    hidden = first.hide("bob@x.de, bob@x.de and ann@x.de")
    one, two, three = placeholders(hidden)
    assert one == two != three

    assert Redaction(first.originals).hide("To bob@x.de") == f"To {one}"


def test_a_placeholder_is_nothing_to_hide() -> None:
    hidden = Redaction().hide("bob@x.de, 4111 1111 1111 1111")
    assert Redaction().hide(hidden) == hidden == masked(hidden)


def test_what_nobody_gave_cannot_be_put_back() -> None:
    assert masked("Write to bob@x.de") == "Write to EMAIL"
    assert put_back("EMAIL-K3F9X", {"EMAIL-K3F9Y": "bob@x.de"}) == "EMAIL-K3F9X"


def test_every_text_of_a_document_comes_back() -> None:
    originals = {"EMAIL-K3F9X": "bob@x.de"}
    document = Document(
        (
            Text("To EMAIL-K3F9X."),
            Detail("EMAIL-K3F9X", (Table(("EMAIL-K3F9X",), (("EMAIL-K3F9X",),)),)),
        ),
        buttons=(Button("transcript", "Transcript"),),
    )
    back = put_back(document, originals)
    assert "EMAIL-" not in repr(back)
    assert repr(back).count("bob@x.de") == 4
    assert back.buttons == document.buttons


BOMBS = {
    "digits": "1" * 100_000,
    "groups of four": "1234 " * 20_000,
    "cards that are none": "4111 1111 1111 1112 " * 5_000,
    "signs": "@" * 100_000,
    "addresses of one letter": "a@" * 50_000,
    "a long name": "a" * 64 + "@" + "b." * 50_000,
    "accounts that are none": "AA00 " * 20_000,
    "phone numbers": "+49 30 123456, " * 7_000,
    "prefixes": "+1" * 50_000,
    "brackets": "(0" * 50_000,
    "slashes": "1/2/3/" * 16_000,
    "dots": "01." * 33_000,
    "keys that are broken off": "-----BEGIN PRIVATE KEY-----\n0123456789abcdef" * 2_300,
    "keys that do not end": "-----BEGIN PRIVATE KEY-----" * 3_700,
    "tokens": "eyJ" * 33_000,
    "fences": "=== 1234567890123456 ===\n" * 4_000,
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_no_text_takes_longer_than_a_second_per_100_kb(bomb: str) -> None:
    began = time.process_time()
    find(bomb)
    assert time.process_time() - began < 1.0
