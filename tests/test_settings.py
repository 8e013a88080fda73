"""A channel's settings: what can be typed, what is kept, what it falls back to."""

import logging
from collections.abc import Mapping
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.council import Council
from bot.criteria import PRESETS
from bot.errors import InvalidInput
from bot.seats import added, removed, replaced
from bot.settings import (
    BUDGET_MAX_USD,
    SETTINGS,
    Settings,
    at_length,
    change,
    council_of,
    resolve,
    shown,
    without,
)

DEFAULTS = Settings(members=("lab/a", "lab/b"), chairman="lab/c")

MODELS = st.text("abcxyz0189/.:-_", min_size=1, max_size=30)
PROSE = st.text(max_size=200).map(str.strip).map(lambda text: text + "." if text else "")
SETTINGS_STRATEGY = st.builds(
    Settings,
    members=st.lists(MODELS, min_size=1, max_size=20).map(tuple),
    chairman=MODELS,
    mode=st.just("council"),
    criteria=PROSE,
    instructions=PROSE,
    effort=st.sampled_from(["", "low", "medium", "high"]),
    language=st.sampled_from(["", "German", "Swiss German", "日本語"]),
    interface=st.sampled_from(["", "en", "ko"]),
    reveal=st.sampled_from(["after_vote", "always", "never"]),
    chairman_sees_names=st.booleans(),
    budget_usd=st.none() | st.floats(min_value=0, max_value=BUDGET_MAX_USD),
    changers=st.sampled_from(["admins", "anyone"]),
    paused=st.booleans(),
)


def test_every_field_can_be_set() -> None:
    assert [setting.field for setting in SETTINGS.values()] == [f.name for f in fields(Settings)]


@given(SETTINGS_STRATEGY)
def test_any_settings_written_out_and_read_back_are_the_same(settings: Settings) -> None:
    stored = {name: shown(settings, name) for name in SETTINGS}
    assert resolve(stored, DEFAULTS) == settings


@given(st.sampled_from(list(SETTINGS)), st.text(max_size=300))
def test_any_text_is_refused_or_kept_in_its_final_form(name: str, text: str) -> None:
    stored: Mapping[str, str] = {}
    try:
        stored = change({}, name, text)
    except InvalidInput:
        pass  # as good an outcome
    assert all(change({}, kept, value) == {kept: value} for kept, value in stored.items())


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_kept_as_its_text_and_told_by_its_name(name: str) -> None:
    stored = change({}, "criteria", f" {name.upper().replace(' ', '_')} ")
    assert stored == {"criteria": PRESETS[name]}
    settings = resolve(stored, DEFAULTS)
    assert (settings.criteria, shown(settings, "criteria")) == (PRESETS[name], name)
    assert at_length(settings, "criteria") == f"{name}: {PRESETS[name]}"


def test_a_text_of_ones_own_is_told_as_it_is() -> None:
    settings = resolve(change({}, "criteria", f"{PRESETS['accuracy']} Be kind."), DEFAULTS)
    assert shown(settings, "criteria") == f"{PRESETS['accuracy']} Be kind."


def test_a_channel_that_set_nothing_has_the_defaults() -> None:
    assert resolve({}, DEFAULTS) == DEFAULTS


def test_only_what_was_changed_is_stored() -> None:
    assert change({"effort": "low"}, "paused", " ON ") == {"effort": "low", "paused": "on"}


def test_what_was_not_changed_follows_new_defaults() -> None:
    stored = change({}, "chairman", "lab/x")
    newer = replace(DEFAULTS, members=("lab/new",))
    assert resolve(stored, newer) == Settings(members=("lab/new",), chairman="lab/x")


def test_the_word_default_takes_a_change_back() -> None:
    assert change({"budget": "3"}, "budget", "default") == {}


def test_resetting_one_setting_keeps_the_others() -> None:
    assert without({"budget": "3", "effort": "low"}, "budget") == {"effort": "low"}


def test_unreadable_stored_settings_are_ignored_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, "bot.settings"):
        found = resolve({"layout": "wide", "effort": "extreme", "paused": "on"}, DEFAULTS)
    assert found == replace(DEFAULTS, paused=True)
    assert [record.getMessage() for record in caplog.records] == [
        "ignoring the stored setting 'layout': it cannot be read",
        "ignoring the stored setting 'effort': it cannot be read",
    ]


def test_an_unknown_setting_is_refused_with_the_list() -> None:
    with pytest.raises(InvalidInput, match=r"There is no setting `colour`\. Settings are: members"):
        change({}, "colour", "red")


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("effort", "extreme", "This can be `auto`, `low`, `medium` or `high`."),
        ("paused", "maybe", "This can be `on` or `off`."),
        ("mode", "zzz", "This can be `council`, `quick`, `compare`, `vote`, `debate` or `deep`."),
        ("chairman", "two models", "Name one model by its id, for example `openai/gpt-5.1`."),
        (
            "chairman",
            "person",
            "`person` stands for people who answer, too, so that no model of that name can take part: give "
            "it another one on its server.",
        ),
        ("criteria", "x" * 2001, "This may have 2,000 characters; that text has 2,001."),
        ("budget", "-1", "Give US dollars a day, for example `2.50`, or write `unlimited`."),
        ("budget", "inf", "Give US dollars a day, for example `2.50`, or write `unlimited`."),
        ("budget", "1e303", "Give US dollars a day, for example `2.50`, or write `unlimited`."),
        ("budget", "nan", "Give US dollars a day, for example `2.50`, or write `unlimited`."),
        ("members", " , ", "Name at least one model by its id, for example `openai/gpt-5.1`."),
        ("members", "m " * 21, "A council has 1 to 20 members; this would leave it with 21."),
    ],
)
def test_a_refusal_says_what_would_be_right(name: str, text: str, sentence: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        change({}, name, text)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("name", "text", "stored"),
    [
        ("budget", "$2.50", "2.5"),
        ("budget", "3 USD", "3"),
        ("budget", "0.10", "0.1"),
        ("budget", "Unlimited", "unlimited"),
        ("criteria", "clear", "none"),
        ("language", "auto", "auto"),
        ("members", "lab/a,lab/b  lab/c", "lab/a, lab/b, lab/c"),
        ("chairman", "`lab/a`", "lab/a"),
    ],
)
def test_what_people_type_is_kept_in_one_form(name: str, text: str, stored: str) -> None:
    assert change({}, name, text) == {name: stored}


def test_a_model_may_hold_two_seats() -> None:
    assert replaced(["lab/a", "lab/a", "lab/b"]) == ("lab/a", "lab/a", "lab/b")


@pytest.mark.parametrize("models", [["lab/b"], ["lab/c", "lab/b"], ["lab/d", "lab/d"]])
def test_a_second_seat_is_given_on_purpose_only(models: list[str]) -> None:
    said = rf"`{models[-1]}` has a seat already, number .*: `/council members set lab/a, lab/b,"
    with pytest.raises(InvalidInput, match=said):
        added(("lab/a", "lab/b"), models)


def test_removing_a_model_takes_one_of_its_seats() -> None:
    assert removed(("lab/a", "lab/b", "lab/a"), ["lab/a"]) == ("lab/a", "lab/b")


def test_removing_a_model_without_a_seat_names_those_that_have_one() -> None:
    with pytest.raises(InvalidInput, match=r"`lab/x` holds no seat\. Seated are: lab/a, lab/b\."):
        removed(("lab/a", "lab/b"), ["lab/x"])


def test_the_last_member_cannot_be_removed() -> None:
    with pytest.raises(InvalidInput, match="1 to 20 members; this would leave it with 0"):
        removed(("lab/a",), ["lab/a"])


def test_a_full_council_takes_no_further_member() -> None:
    with pytest.raises(InvalidInput, match="1 to 20 members; this would leave it with 21"):
        added(["lab/a"] * 20, ["lab/b"])


def test_replacing_leaves_none_of_the_old_members() -> None:
    assert replaced(["lab/x"]) == ("lab/x",)


def test_the_council_gets_what_the_channel_set() -> None:
    settings = Settings(
        members=("lab/a",),
        chairman="lab/c",
        criteria="brevity",
        instructions="be kind",
        effort="low",
        language="German",
        chairman_sees_names=True,
        audit="on",
        verify=True,
    )
    assert council_of(settings) == Council(
        members=("lab/a",),
        chairman="lab/c",
        mode="council",
        criteria="brevity",
        instructions="be kind",
        language="German",
        effort="low",
        chairman_sees_names=True,
        audit="on",
        verify=True,
    )
