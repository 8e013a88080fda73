"""Which answers are the same, which are not, and which nobody can compare."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.protocol.comparing import values


def alike(*answers: str, question: str = "") -> list[set[int]]:
    """The places of the answers that are the same, by group; what cannot be compared is in none."""
    groups: dict[object, set[int]] = {}
    for place, each in values(question, dict(enumerate(answers))).items():
        groups.setdefault(each, set()).add(place)
    return list(groups.values())


def marked(answers: Sequence[str]) -> list[str]:
    return [f"Let me see.\n\nFinal answer: {answer}" for answer in answers]


@pytest.mark.parametrize(
    "answers",
    [
        ("1234", "1,234", "1 234", "1'234", "1234.0", "1.234,00", "1,234.00"),
        ("1.234.567", "1,234,567", "12,34,567", "1234567"),
        ("3.5", "3,5", "7/2", "3 1/2", "3½", "35e-1"),
        ("0.5", "1/2", "½", "0,5"),
        ("1000", "10^3", "10³", "1.0 × 10^3", "1e3"),
        ("-5", "−5", "–5", "minus 5", "negative 5"),
        ("42", "+42", "about 42", "42."),
        ("$1,200", "1200 USD", "US$1200", "$1.2K", "1200 dollars", "$1200.00", "1200"),
        ("5 million", "5,000,000", "5M", "5 Mio.", "5 Millionen", "500만", "5 millones"),
        ("5,000,000원", "500만원", "500만 원입니다", "5백만 원"),
        ("50%", "50 %", "50 percent", "50 Prozent", "50퍼센트", "50 pour cent", "50 por ciento"),
        ("5 km", "5 kilometers", "5km", "5 Kilometer", "5킬로미터", "5 kilómetros", "5キロメートル"),
        ("3 hours", "3 Stunden", "3 heures", "3시간", "3 horas", "3時間"),
        ("5 m²", "5 m^2", "5 square meters", "5 Quadratmeter", "5제곱미터"),
        ("5 km/h", "5 km per hour", "5 kilometers per hour"),
        ("5 °C", "5 degrees Celsius"),
        ("18 eggs", "18 eggs a day", "18", "18 more eggs"),
        ("$18", "$18 per day", "18 dollars a day"),
        ("15개", "15", "15입니다", "15개입니다"),
        (r"\boxed{3\frac{1}{2}}", "3.5"),
        ("1억 2천만 원", "120,000,000원", "1억2000만원", "1.2억 원"),
        ("1万5000円", "15,000円", "1万5千円", "¥15000"),
        ("１５,０００円", "15,000円"),
        (r"$6.02 \times 10^{23}$", "6.02 × 10²³", "6.02e23"),
        ("1 lakh", "100,000", "1,00,000"),
        ("5 pounds", "5 lbs"),
        ("5 pounds", "£5"),
        ("25 cents", "$0.25", "25¢"),
        ("25 Cent", "0,25 €"),
        ("2 weeks", "14 days", "14 Tage"),
        ("5 feet", "60 inches"),
        ("3 p.m.", "3 pm", "3 PM"),
        ("100 mL", "100 ml", "0.1 l"),
    ],
)  # fmt: skip
def test_one_amount_is_the_same_however_it_is_written(answers: tuple[str, ...]) -> None:
    assert alike(*marked(answers)) == [set(range(len(answers)))]


@pytest.mark.parametrize(
    "answers",
    [
        ("$1.2K", "$1.2", "$12"),
        ("5M", "5", "50"),
        ("5 Mio.", "5", "5 Mrd."),
        ("500만", "500", "500억"),
        ("3½", "3", "1/2"),
        ("10^3", "10", "13"),
        ("0,125", "125", "1250"),
        ("5 m", "5 m²", "5 m³", "5 m/s", "5 km", "5 mm"),
        ("5 °C", "5 °F"),
        ("5 degrees Celsius", "5 degrees Fahrenheit"),
        ("5 days", "5 business days", "5 weeks"),
        ("5 years", "5 light years"),
        ("5 apples", "5 oranges"),
        ("15명", "15개"),
        ("7 am", "7 pm"),
        ("$18 per day", "$18 per hour"),
        ("18$", "18€", "18 CAD"),
        ("50 %", "50 percentage points", "5 %"),
    ],
)
def test_amounts_of_different_things_are_different(answers: tuple[str, ...]) -> None:
    assert alike(*marked(answers)) == [{place} for place in range(len(answers))]


@pytest.mark.parametrize(
    "answers",
    [
        ("5% more", "5% less"),
        ("5% mehr", "5% weniger"),
        ("5% de plus", "5% de moins"),
        ("5% 증가", "5% 감소"),
        ("5%上昇", "5%下落"),
        ("5 km north", "5 km south"),
        ("40° N", "40° S"),
        ("5 years older", "5 years younger"),
        ("5 m/s", "5 m/s²", "5 m·s⁻¹"),
        ("5 N·m", "5 N"),
        ("5 MW", "5 mW"),
        ("100 Mb/s", "100 MB/s"),
        ("3 a.m.", "3 p.m."),
        ("5. März", "5. April", "5"),
        ("1990s", "1990"),
        ("030", "30"),
        ("2π", "2√3", "2"),
        ("101₂", "101"),
        ("0.3\u0305", "0.3"),
        ("5! = 120", "5"),
        ("5‰", "5%", "$5"),
        ("1 lakh", "1 crore", "1"),
        ("5 plus tax", "5"),
    ],
)
def test_no_two_of_these_say_the_same(answers: tuple[str, ...]) -> None:
    assert [group for group in alike(*marked(answers)) if len(group) > 1] == []


@pytest.mark.parametrize(
    ("number", "other"),
    [
        ("10", "10 - 20"),
        ("10", "10 – 20"),
        ("10", "10-20"),
        ("10", "10 to 20"),
        ("18", "18 (or 20 with tax)"),
        ("42", "42 at least"),
        ("42", "42 or more"),
        ("42", "42+"),
        ("42", "42 이상"),
        ("42", "42 ± 2"),
        ("0", "0xFF"),
        ("1", "50/50"),
        ("5", "5x"),
        ("12", "12:30"),
        ("1", "1/2/2024"),
        ("2", "2^10"),
    ],
)
def test_a_bound_a_range_or_a_sum_is_not_the_number_that_it_names(number: str, other: str) -> None:
    assert alike(*marked((number, number, other))) == [{0, 1}]


def test_kilometres_are_so_many_metres_but_a_bare_number_is_neither() -> None:
    assert alike(*marked(("5 km", "5000 m", "5"))) == [{0, 1}, {2}]
    assert alike(*marked(("3 hours", "180 minutes", "3"))) == [{0, 1}, {2}]


@pytest.mark.parametrize(
    ("answers", "groups"),
    [
        (("1.234", "1.234"), [{0, 1}]),
        (("1,234", "1,234", "1234"), [{0, 1, 2}]),
        (("1.234", "1,234"), []),
        (("1.234", "1234", "1234"), [{1, 2}]),
        (("1.234", "1,234", "1234"), [{1, 2}]),
        (("3.142", "3.142", "3.14"), [{0, 1}, {2}]),
    ],
)
def test_a_separator_that_may_be_either_makes_no_agreement(
    answers: tuple[str, ...], groups: list[set[int]]
) -> None:
    assert alike(*marked(answers)) == groups


def test_how_an_answer_writes_its_other_numbers_says_what_its_separator_is() -> None:
    german = "Eins kostet 0,5 Euro.\n\nFinal answer: 1.234 Euro"
    english = "One is 0.5 euros.\n\nFinal answer: 1.234 euros"

    assert alike(german, *marked(("1234 Euro", "€1,234"))) == [{0, 1, 2}]
    assert alike(english, *marked(("1234 Euro", "1.2340 €"))) == [{0, 2}, {1}]


@pytest.mark.parametrize(
    "answers",
    [
        ("Yes.", "Ja, klar.", "Oui !", "Sí.", "はい、そうです。", "네, 그렇습니다.", "예", "是的。", "**Yes** - it is."),
        ("No.", "Nein.", "Non !", "いいえ、違います。", "아니요.", "아닙니다.", "不是。", "Nope!"),
    ],
)  # fmt: skip
def test_yes_and_no_are_the_same_in_every_language(answers: tuple[str, ...]) -> None:
    assert alike(*answers) == [set(range(len(answers)))]


@pytest.mark.parametrize(
    "answers",
    [
        ("Die Antwort ist 5.", "5", "Antwort: 5", "Die Antwort lautet: 5"),
        ("La réponse est 5.", "Réponse : 5", "Réponse finale : 5"),
        ("La respuesta es 5.", "Respuesta: 5", "Respuesta final: 5"),
        ("답은 5입니다.", "정답: 5", "최종 답: 5"),
        ("答えは5です。", "答え：5", "最終的な答えは5です。"),
        ("答案是5。", "答案：5", "最终答案：5"),
    ],
)
def test_who_says_which_the_answer_is_may_say_it_in_any_language(answers: tuple[str, ...]) -> None:
    said = [f"3 + 2.\n\n{answer}" for answer in answers]
    assert alike(*said, "5") == [set(range(len(answers) + 1))]


@pytest.mark.parametrize(
    "text", ["Die Antwort ist nicht 5.", "Falls die Antwort ist: 5", "The answer is not 5."]
)
def test_what_is_not_said_agrees_with_nothing(text: str) -> None:
    assert alike("5", "5", f"3 + 2.\n\n{text}") == [{0, 1}]


@pytest.mark.parametrize(
    "answers",
    [
        ("서울", "서울입니다.", "정답은 서울입니다."),
        ("東京", "東京です。", "「東京」", "答えは東京です。"),
        ("Paris", "„Paris“", "«Paris»", "“Paris”"),
    ],
)
def test_what_is_said_around_a_name_is_no_part_of_it(answers: tuple[str, ...]) -> None:
    assert alike(*answers) == [set(range(len(answers)))]


@pytest.mark.parametrize(
    "text",
    [
        "Yes, but only if it rains.",
        "Yes, assuming that it rains.",
        "Yes, in most cases.",
        "Ja, aber nur wenn es regnet.",
        "Oui, mais seulement s'il pleut.",
        "Oui, si vous avez un visa.",
        "Sí, pero solo si llueve.",
        "네, 비가 올 때만요.",
        "はい、雨の場合だけです。",
        "はい、雨なら。",
        "是的，如果下雨。",
    ],
)
def test_a_yes_under_a_condition_is_not_the_one_without_in_any_language(text: str) -> None:
    assert alike("Yes.", "Ja.", text) == [{0, 1}]


def test_a_yes_with_its_reason_is_one() -> None:
    answers = (
        "Yes, since 97 has no divisor.",
        "Ja, denn es regnet.",
        "네, 비가 옵니다.",
        "Oui, il pleut.",
    )
    assert alike("Yes.", *answers) == [{0, 1, 2, 3, 4}]


@pytest.mark.parametrize(
    "text",
    [
        "Yes and no.",
        "Jein.",
        "Yes — no wait, no.",
        "Ja nee.",
        "Yes, but only after a backup.",
        "Yes, if it rains.",
        "Ja, wenn es regnet.",
        "It depends.",
        "네 가지 방법이 있다.",
    ],
)
def test_neither_yes_nor_no_agrees_with_none(text: str) -> None:
    assert alike("Yes.", "Yes!", "No.", text) == [{0, 1}, {2}]


@pytest.mark.parametrize(
    "question",
    [
        "Isn't 91 prime?",
        "Is 91 not prime?",
        "Ist 91 keine Primzahl?",
        "91은 소수가 아닌가요?",
        "これは動かないのですか？",
        "We have an index. Why is it slow? Does it not help?",
    ],
)
def test_yes_says_nothing_to_a_question_in_the_negative(question: str) -> None:
    assert alike("Yes.", "Yes.", question=question) == []
    assert alike("Yes.", "Yes.", question="Is 91 prime or not? I do not know.") == [{0, 1}]


@pytest.mark.parametrize(
    "text", ["B, C", "B and C", "B & C", "B/C", "B (and C)", "Both A and B", "B und C"]
)
def test_several_choices_are_none(text: str) -> None:
    question = "Which?\nA) one\nB) two\nC) three"
    assert alike("B", "(B)", f"Final answer: {text}", question=question) == [{0, 1}]


def test_a_choice_is_the_same_however_it_is_named() -> None:
    answers = (
        "B",
        "b)",
        "**B)** two",
        "정답은 B입니다.",
        "B번",
        "Antwort B",
        "B - two",
        "B, not C",
    )
    question = "Which?\nA) one\nB) two\nC) three"
    assert alike(*answers, question=question) == [set(range(len(answers)))]


@pytest.mark.parametrize(
    "answers",
    [
        ("C", "C#", "C++"),
        ("README.md", "README.txt", "README"),
        ("cd", "cd .."),
        ("git add", "git add ."),
        ("https://a.example/c?x=1", "https://a.example/c?x=2"),
        ("Node.js", "Node"),
        ("init", "__init__"),
        ("Paris", "Paris, Texas"),
    ],
)
def test_short_texts_are_read_to_their_end(answers: tuple[str, ...]) -> None:
    assert alike(*marked(answers)) == [{place} for place in range(len(answers))]


def test_output_is_the_same_in_a_fence_and_outside_of_it() -> None:
    answers = (
        "['A']",
        "```\n['A']\n```",
        "`['A']`",
        "**['A']**",
        "Answer: `['A']`",
        "The answer is `['A']`.",
        "Final answer:\n```python\n['A']\n```\nIt is a list.",
        "The output is:\n```\n['A']\n```",
    )
    assert alike(*answers) == [set(range(len(answers)))]
    assert alike("{'a': 1}", "```\n{'a': 1}\n```") == [{0, 1}]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("```\n['A']\n```", "['a']"),
        ("`Ab`", "`ab`"),
        ("`True`", "`true`"),
        ("`'42'`", "`42`"),
        ("`1.0`", "`1`"),
        ("`1,000`", "`1000`"),
    ],
)
def test_output_is_the_same_to_the_letter_alone(one: str, other: str) -> None:
    assert not any(len(group) > 1 for group in alike(one, other))


def test_an_answer_is_marked_in_every_language() -> None:
    answers = (
        "Antwort: 42",
        "Die Antwort ist 42.",
        "Réponse : 42",
        "La respuesta es 42.",
        "答え：42",
    )
    more = (
        "答案：42",
        "정답: 42",
        "답은 42입니다.",
        "最終回答: 42",
        "It prints `42`.",
        "The output is `42`.",
    )
    assert alike(*answers, *more[:4]) == [set(range(9))]
    assert alike(*more) == [set(range(6))]
    assert alike("Antwort: 42", "Antwort: 43", "答え：42") == [{0, 2}, {1}]
    question = "Wie viel?\nA) 1\nB) 2"
    assert alike("Antwort: B", "Die Antwort ist **B**.", "答えはB", question=question) == [
        {0, 1, 2}
    ]


def test_versions_are_no_decimal_numbers() -> None:
    question = "Which version of Python was the first with it?"
    assert alike(*marked(("3.10", "3.1", "3.10")), question=question) == [{0, 2}, {1}]
    question = "Which Python does it need at least?"
    assert alike(*marked(("3.10", "3.1", "3.10")), question=question) == [{0, 2}, {1}]


def test_a_number_in_the_prose_counts_with_what_it_is_of() -> None:
    assert alike("Run **3** replicas, always.", "Keep **3** backups, always.") == [{0}, {1}]


@given(st.lists(st.text("0123456789.,' kKMm%$€½²³^/+-–", max_size=12), max_size=5))
def test_any_amounts_can_be_compared_in_any_order(answers: list[str]) -> None:
    def groups(texts: Sequence[str]) -> set[frozenset[str]]:
        return {frozenset(texts[place] for place in group) for group in alike(*marked(texts))}

    distinct = list(dict.fromkeys(answers))
    assert groups(distinct) == groups(distinct[::-1])
