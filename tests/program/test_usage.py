"""What `--help` prints, argparse's own words included."""

import pytest

from bot.language import ENGLISH, speaking
from bot.program.cli import main


def helped(*words: str, locale: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", locale)
    with speaking(ENGLISH), pytest.raises(SystemExit):
        main([*words, "--help"])


def test_help_is_korean_to_the_last_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    helped("show", locale="ko_KR.UTF-8", monkeypatch=monkeypatch)
    assert capsys.readouterr().out.splitlines() == [
        "사용법: council show [-h] [id]",
        "",
        "끝난 심의 전체 다시 보기",
        "",
        "인수:",
        "  id          심의 ID(생략하면 최근 심의)",
        "",
        "옵션:",
        "  -h, --help  이 도움말을 출력하고 종료",
    ]


def test_help_is_english_where_no_locale_is_set(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    helped("show", locale="C", monkeypatch=monkeypatch)
    told = capsys.readouterr().out
    assert told.startswith("usage: council show [-h] [id]\n")
    assert "-h, --help  print this and end" in told
