"""Disguised words look like what they pass for, and every place leads back."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.protocol.folding import fold, is_blank


@pytest.mark.parametrize(
    "disguised",
    [
        "Сlаudе",  # Cyrillic
        "Clαυde",  # Greek
        "Ｃｌａｕｄｅ",  # full-width
        "𝐂𝐥𝐚𝐮𝐝𝐞",  # mathematical
        "Ⓒⓛⓐⓤⓓⓔ",
        "C\u200bl\u200da\ufeffu\u00adde",  # without width
        "C\U000e0061laude\ufe0f",  # tags, selectors
        "Cl\x00au\x08de",
        "C\u0336l\u0336a\u0336u\u0336d\u0336e\u0336",  # struck through
        "Ⅽlauⅾe",  # Roman numerals
    ],
)
def test_a_disguised_word_folds_to_what_it_looks_like(disguised: str) -> None:
    folded = fold(f"我 {disguised}, é")
    at = folded.text.index("Claude")
    start, end = folded.span(at, at + 6)
    assert f"我 {disguised}, é"[start:end] in {disguised, disguised.rstrip("\ufe0f")}


def test_small_capitals_are_capitals() -> None:
    assert fold("ᴄʟᴀᴜᴅᴇ").text == "CLAUDE"


@pytest.mark.parametrize(
    "plain", ["modèle", "저는 클로드입니다", "通义千问", "グーグル", "a\n\tb", "*a*"]
)
def test_letters_of_languages_stay(plain: str) -> None:
    assert fold(plain).text == plain


def test_letters_in_parts_are_put_together() -> None:
    assert fold("mode\u0300le \u110f\u1173\u11af").text == "modèle 클"


@given(st.text())
def test_for_any_text_every_place_leads_back(text: str) -> None:
    folded = fold(text)
    assert len(folded.text) == len(folded.starts) == len(folded.ends)
    assert sorted(folded.starts) == list(folded.starts)
    assert all(
        0 <= start < end <= len(text) for start, end in zip(folded.starts, folded.ends, strict=True)
    )


@given(st.text(st.characters(max_codepoint=126, min_codepoint=32)))
def test_any_plain_text_is_as_it_was(text: str) -> None:
    folded = fold(text)
    assert (folded.text, list(folded.starts)) == (text, list(range(len(text))))


@pytest.mark.parametrize(
    "piece", ["a\u0300", "\u0300", "\u0300\u0323", "\u200b", "\u1100", "е", "\ufdfa"]
)
def test_folding_is_linear(piece: str) -> None:
    started_at = time.process_time()
    fold(piece * 50_000)
    assert time.process_time() - started_at < 2


@given(st.text("aеＣ한\u200bé“ﬁ", max_size=12))
def test_any_text_folds_as_its_characters_do(text: str) -> None:
    assert fold(text).text == "".join(fold(character).text for character in text)


@pytest.mark.parametrize("text", ["", " \n", "\u200b", "\u2800\u3164 \ufe0f", "\U000e0041", "\x00"])
def test_what_nobody_sees_is_blank(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize("text", ["?", "👍🏽", "한", "\u200b.", "ㅋ", "é"])
def test_what_somebody_sees_is_not(text: str) -> None:
    assert not is_blank(text)
