"""When a second request is worth being sent: the rule alone."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.protocol.hedging import (
    HEDGE_SHARE,
    PROBABLY,
    Heard,
    Usual,
    chance,
    seconds_left,
    share,
    usual,
)
from bot.records import Tempo

SECONDS = st.floats(0.01, 500)
TEMPOS = st.lists(
    st.builds(Tempo, SECONDS, SECONDS, st.integers(1, 20_000), st.just(True)),
    min_size=20,
    max_size=60,
)


@st.composite
def heards(draw: st.DrawFn) -> Heard:
    sent = draw(SECONDS)
    match draw(st.sampled_from(["nothing", "thoughts", "text"])):
        case "nothing":
            return Heard(sent)
        case "thoughts":
            return Heard(sent, draw(st.floats(0, sent)))
        case _:
            text = draw(st.floats(0, sent))
            return Heard(sent, draw(st.floats(0, text)), text, draw(st.integers(1, 30_000)))


def known(tempos: list[Tempo]) -> Usual:
    found = usual(tempos)
    assert found is not None
    return found


# A model that begins after 0.6 to 2.5 seconds and writes 2,000 to 3,900 characters at about 200 a second.
_RANDOM = Random(7)
STEADY = known(
    [
        Tempo(_RANDOM.uniform(0.6, 2.5), n * 100 / _RANDOM.uniform(180, 220), n * 100, True)
        for n in range(20, 40)
    ]
)


@given(TEMPOS, heards())
def test_it_is_a_probability(tempos: list[Tempo], heard: Heard) -> None:
    assert 0 <= chance(heard, known(tempos)) <= 1


@given(TEMPOS, heards())
def test_a_silence_without_an_end_makes_it_certain(tempos: list[Tempo], heard: Heard) -> None:
    later = 1e9
    silent = replace(
        heard,
        sent=heard.sent + later,
        sign=None if heard.sign is None else heard.sign + later,
        text=None if heard.text is None else heard.text + later,
    )

    assert chance(silent, known(tempos)) == 1


@given(TEMPOS, heards(), st.floats(0.1, 100))
def test_a_text_that_stops_is_waited_for_the_less_the_longer_it_stops(
    tempos: list[Tempo], heard: Heard, seconds: float
) -> None:
    assume(heard.text is not None and heard.sign is not None)
    assert heard.text is not None
    assert heard.sign is not None
    silent = Heard(heard.sent + seconds, heard.sign + seconds, heard.text + seconds, heard.chars)

    assert chance(silent, known(tempos)) >= chance(heard, known(tempos))


@given(TEMPOS, heards(), st.sampled_from([0.25, 0.5, 2.0, 4.0]))
def test_it_is_the_same_in_whatever_unit_of_time(
    tempos: list[Tempo], heard: Heard, factor: float
) -> None:
    scaled = [
        replace(t, first_seconds=t.first_seconds * factor, seconds=t.seconds * factor)
        for t in tempos
    ]
    later = Heard(
        heard.sent * factor,
        None if heard.sign is None else heard.sign * factor,
        None if heard.text is None else heard.text * factor,
        heard.chars,
    )

    assert chance(later, known(scaled)) == pytest.approx(chance(heard, known(tempos)))


@given(TEMPOS, st.randoms(use_true_random=False))
def test_the_order_of_the_samples_says_nothing(tempos: list[Tempo], random: Random) -> None:
    mixed = random.sample(tempos, len(tempos))

    assert usual(mixed) is not None
    assert known(mixed).lengths == known(tempos).lengths


@given(TEMPOS, st.floats(0, 1))
def test_one_that_goes_as_every_request_did_so_far_is_never_worth_a_second(
    tempos: list[Tempo], part: float
) -> None:
    tempo = tempos[0]
    chars = round(part * tempo.chars)
    assume(chars >= 1)
    ago = tempo.seconds * chars / tempo.chars

    assert chance(Heard(tempo.first_seconds + ago, 0, ago, chars), known([tempo] * 20)) == 0


@given(TEMPOS, SECONDS)
def test_of_what_is_longer_than_all_texts_so_far_nothing_is_left(
    tempos: list[Tempo], wrote: float
) -> None:
    longest = max(tempo.chars for tempo in tempos)

    assert chance(Heard(wrote, 0, wrote, longest + 1), known(tempos)) == 0


@pytest.mark.parametrize("samples", [0, 9])
def test_few_samples_say_nothing(samples: int) -> None:
    assert usual([Tempo(1, 1, 1, True)] * samples + [Tempo(1, 1, 1, False)] * 20) is None


@pytest.mark.parametrize(
    ("heard", "is_worth_it"),
    [
        (Heard(1.0), False),
        (Heard(2.0), False),
        (Heard(9.0), True),
        (Heard(9.0, 0.1), False),
        (Heard(40.0, 30.0), True),
        (Heard(5.0, 0.0, 4.0, 800), False),
        (Heard(5.0, 0.0, 4.0, 80), True),
        (Heard(22.0, 0.0, 20.0, 2_000), False),
        (Heard(40.0, 0.0, 38.0, 3_800), False),
        (Heard(16.0, 1.0, 14.0, 2_600), False),
        (Heard(36.0, 20.0, 34.0, 2_800), True),
    ],
    ids=[
        "nothing yet",
        "nothing when most have begun",
        "nothing when all others had begun",
        "thoughts",
        "thoughts that stopped",
        "text at the usual pace",
        "text at a tenth of it",
        "text at half of it, and most is there",
        "slow text, and little is left",
        "a short pause",
        "a long one",
    ],
)
def test_when_a_second_request_is_worth_it(heard: Heard, is_worth_it: bool) -> None:
    assert (chance(heard, STEADY) >= PROBABLY) is is_worth_it


def test_half_of_how_late_a_text_is_belongs_to_its_question() -> None:
    """One that is waited for four times as long as usual: the next is expected to begin twice as late."""
    model = known([Tempo(5, 10, 2_000, True)] * 20)

    assert model.seconds(2_000, waited=20) == [20] * 20
    assert model.seconds(2_000, waited=1) == [15] * 20


def test_what_is_left_goes_by_the_pace_so_far() -> None:
    """1,000 of 2,000 characters in 20 seconds: 20 more, whatever the model's pace usually is."""
    model = known([Tempo(1, 10, 2_000, True)] * 20)

    left = seconds_left(Heard(21, 0, 20, 1_000), model, 2_000)

    assert left == pytest.approx([20] * 20, rel=0.05)


def test_the_surer_it_is_the_more_of_the_spending_it_may_take() -> None:
    shares = [share(n / 100) for n in range(101)]

    assert shares == sorted(shares)
    assert (shares[50], shares[100], max(shares)) == (0, HEDGE_SHARE, HEDGE_SHARE)
