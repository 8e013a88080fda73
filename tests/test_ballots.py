"""What counts as a ballot, and how it is read."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ballots import parse_ranking
from bot.prompts import RANKING_MARKER

COMMENTS = (
    "Answer A is correct but thin. Answer C is worse than Answer A.\n"
    "Answer B covers everything that A and C miss.\n\n"
)


def places(written: str) -> tuple[tuple[str, ...], ...]:
    """`"B > A=C"` as a ranking, for the tables below."""
    return tuple(tuple(tied.split("=")) for tied in written.split(" > "))


# (id, review, expected): what a fair person would read, labels A, B, C on the table.
BALLOTS = [
    ("as asked", "FINAL RANKING:\n1. Answer B\n2. Answer A\n3. Answer C", "B > A > C"),
    ("response", "FINAL RANKING:\n1. Response B\n2. Response A\n3. Response C", "B > A > C"),
    ("bare letters", "FINAL RANKING:\n1. B\n2. A\n3. C", "B > A > C"),
    ("parentheses", "FINAL RANKING:\n1) B\n2) A\n3) C", "B > A > C"),
    ("number with colon", "FINAL RANKING:\n1: Answer B\n2: Answer A\n3: Answer C", "B > A > C"),
    ("number in parentheses", "FINAL RANKING:\n(1) B\n(2) A\n(3) C", "B > A > C"),
    ("hash numbers", "FINAL RANKING:\n#1 B\n#2 A\n#3 C", "B > A > C"),
    ("hash and colon", "FINAL RANKING:\n#1: Answer B\n#2: Answer A\n#3: Answer C", "B > A > C"),
    ("number without sign", "FINAL RANKING:\n1 B\n2 A\n3 C", "B > A > C"),
    ("escaped dot", "FINAL RANKING:\n1\\. B\n2\\. A\n3\\. C", "B > A > C"),
    ("ordinal words", "FINAL RANKING:\nFirst: B\nSecond: A\nThird: C", "B > A > C"),
    ("ordinal numbers", "FINAL RANKING:\n1st: B\n2nd: A\n3rd: C", "B > A > C"),
    ("places", "FINAL RANKING:\n1st place: B\n2nd place: A\n3rd place: C", "B > A > C"),
    ("ranks", "FINAL RANKING:\nRank 1: Answer B\nRank 2: Answer A\nRank 3: C", "B > A > C"),
    ("medals", "FINAL RANKING:\n🥇 Answer B\n🥈 Answer A\n🥉 Answer C", "B > A > C"),
    ("bold items", "FINAL RANKING:\n1. **Answer B**\n2. **Answer A**\n3. **Answer C**", "B > A > C"),
    ("bold numbers", "FINAL RANKING:\n**1.** B\n**2.** A\n**3.** C", "B > A > C"),
    ("bold marker", "**FINAL RANKING:**\n1. B\n2. A\n3. C", "B > A > C"),
    ("colon out of the bold", "**Final Ranking**:\n1. B\n2. A\n3. C", "B > A > C"),
    ("header", "## Final ranking\n\n1. B\n2. A\n3. C", "B > A > C"),
    ("numbered header", "### 4. Final Ranking\n1. B\n2. A\n3. C", "B > A > C"),
    ("header with note", "### Final Ranking (best to worst)\n1. B\n2. A\n3. C", "B > A > C"),
    ("lower case", "final ranking:\n1. answer b\n2. answer a\n3. answer c", "B > A > C"),
    ("lower bare letters", "final ranking: b > a > c", "B > A > C"),
    ("lower list", "final ranking:\n1. b\n2. a\n3. c", "B > A > C"),
    ("short marker", "Ranking:\n1. B\n2. A\n3. C", "B > A > C"),
    ("own words", "Here is my ranking of the answers, best to worst:\n1. B\n2. A\n3. C", "B > A > C"),
    ("marker in a sentence", "So my final ranking is B > A > C.", "B > A > C"),
    ("marker without colon", "FINAL RANKING B > A > C", "B > A > C"),
    ("as follows", "My final ranking is as follows:\n1. B\n2. A\n3. C", "B > A > C"),
    ("overall", "Overall ranking: B, A, C", "B > A > C"),
    ("quoted", "> FINAL RANKING:\n> 1. B\n> 2. A\n> 3. C", "B > A > C"),
    ("fenced", "FINAL RANKING:\n```\n1. B\n2. A\n3. C\n```", "B > A > C"),
    ("windows lines", "FINAL RANKING:\r\n1. B\r\n2. A\r\n3. C\r\n", "B > A > C"),
    ("full width", "ＦＩＮＡＬ ＲＡＮＫＩＮＧ：\n１．Ｂ\n２．Ａ\n３．Ｃ", "B > A > C"),
    ("bullets", "FINAL RANKING:\n- Answer B\n- Answer A\n- Answer C", "B > A > C"),
    ("star bullets", "FINAL RANKING:\n* B\n* A\n* C", "B > A > C"),
    ("a letter a line", "FINAL RANKING:\nB\nA\nC", "B > A > C"),
    ("blank lines between", "FINAL RANKING:\n\n1. B\n\n2. A\n\n3. C", "B > A > C"),
    ("chain", "FINAL RANKING: B > A > C", "B > A > C"),
    ("tight chain", "FINAL RANKING: B>A>C", "B > A > C"),
    ("chain of answers", "FINAL RANKING:\nAnswer B > Answer A > Answer C", "B > A > C"),
    ("bold chain", "**FINAL RANKING: B > A > C**", "B > A > C"),
    ("preference sign", "FINAL RANKING: B ≻ A ≻ C", "B > A > C"),
    ("arrows", "FINAL RANKING: B → A → C", "B > A > C"),
    ("ascii arrows", "FINAL RANKING: B -> A -> C", "B > A > C"),
    ("guillemets", "FINAL RANKING: B » A » C", "B > A > C"),
    ("at least as good", "FINAL RANKING: B ≥ A > C", "B > A > C"),
    ("escaped html", "FINAL RANKING: B &gt; A &gt; C", "B > A > C"),
    ("chain upside down", "FINAL RANKING: C < A < B", "B > A > C"),
    ("chain in brackets", "FINAL RANKING: [B > A > C]", "B > A > C"),
    ("chain with remarks", "FINAL RANKING: B (9/10) > A (better than C) > C (3/10)", "B > A > C"),
    ("chain with reason", "FINAL RANKING: B > A > C, because A beats C", "B > A > C"),
    ("comma list", "FINAL RANKING: B, A, C", "B > A > C"),
    ("comma list with and", "FINAL RANKING: Answer B, Answer A and Answer C.", "B > A > C"),
    ("spaces", "FINAL RANKING: B A C", "B > A > C"),
    ("then", "FINAL RANKING: B first, then A, then C", "B > A > C"),
    ("followed by", "FINAL RANKING: B is best, followed by A, then C.", "B > A > C"),
    ("numbers in one line", "FINAL RANKING: 1. B, 2. A, 3. C", "B > A > C"),
    ("numbers and spaces in one line", "FINAL RANKING: 1) Answer B 2) Answer A 3) Answer C", "B > A > C"),
    ("place behind the label", "FINAL RANKING:\nAnswer A: 2\nAnswer B: 1\nAnswer C: 3", "B > A > C"),
    ("ordinal behind the label", "FINAL RANKING:\n- A: 2nd\n- B: 1st\n- C: 3rd", "B > A > C"),
    ("place in parentheses", "FINAL RANKING: A (2), B (1), C (3)", "B > A > C"),
    ("points falling", "FINAL RANKING:\nAnswer B: 9\nAnswer A: 7\nAnswer C: 4", "B > A > C"),
    ("counting down", "FINAL RANKING:\n3. C\n2. A\n1. B", "B > A > C"),
    ("worst first", "FINAL RANKING (worst to best):\n- C\n- A\n- B", "B > A > C"),
    ("worst first, numbered", "FINAL RANKING (from worst to best):\n1. C\n2. A\n3. B", "B > A > C"),
    ("worst first, counting down", "Ranking, worst to best:\n3. C\n2. A\n1. B", "B > A > C"),
    ("tie sign", "FINAL RANKING:\n1. A = B\n2. C", "A=B > C"),
    ("tie with comma", "FINAL RANKING:\n1. A, B (tie)\n2. C", "A=B > C"),
    ("tie with and", "FINAL RANKING:\n1. Answer A and Answer B (tied)\n2. Answer C", "A=B > C"),
    ("tie with slash", "FINAL RANKING:\n1. A/B\n2. C", "A=B > C"),
    ("tie by number", "FINAL RANKING:\n1. A\n1. B\n2. C", "A=B > C"),
    ("tie by sports number", "FINAL RANKING:\n1. C\n2. A\n2. B", "C > A=B"),
    ("tie announced", "FINAL RANKING:\n1. Tie: A, B\n2. C", "A=B > C"),
    ("tie in a chain", "FINAL RANKING: C > A = B", "C > A=B"),
    ("tie by comma in a chain", "FINAL RANKING: A, B > C", "A=B > C"),
    ("tie with tilde", "FINAL RANKING: C > A ~ B", "C > A=B"),
    ("tie in a sentence", "FINAL RANKING: C, then a tie between A and B", "C > A=B"),
    ("all tied", "FINAL RANKING: A = B = C", "A=B=C"),
    ("dash and reason", "FINAL RANKING:\n1. Answer B – better than Answer A\n2. Answer A - unlike C, right\n3. Answer C: not as good as B", "B > A > C"),
    ("reason in parentheses", "FINAL RANKING:\n1. B (clearer than A)\n2. A (misses what B has)\n3. C (wrong)", "B > A > C"),
    ("reason without sign", "FINAL RANKING:\n1. Answer B because it is right where A is not\n2. Answer A has gaps\n3. Answer C is wrong", "B > A > C"),
    ("reason after a comma", "FINAL RANKING:\n1. B, A is weaker\n2. A, C is weaker\n3. C", "B > A > C"),
    ("reason on its own line", "FINAL RANKING:\n1. Answer B\n   Better than Answer A.\n2. Answer A\n   Answer C is worse.\n3. Answer C\n   No sources.", "B > A > C"),
    ("reason in bullets", "FINAL RANKING:\n1. Answer B\n   - Answer C is not as clear\n   - complete\n2. Answer A\n   - short\n3. Answer C", "B > A > C"),
    ("reason in numbers", "FINAL RANKING:\n1. Answer B\n   1. Answer C lacks this\n2. Answer A\n3. Answer C", "B > A > C"),
    ("reasons afterwards", "FINAL RANKING:\n1. B\n2. A\n3. C\n\nAnswer C came last since A and B are right.", "B > A > C"),
    ("label behind words", "FINAL RANKING:\n1. The clear winner: Answer B\n2. Good, but short: Answer A\n3. Worst (Answer C)", "B > A > C"),
    ("article and label", "FINAL RANKING:\n1. a better answer is B\n2. A\n3. C", "B > A > C"),
    ("capital article", "FINAL RANKING:\n1. A thorough one: B\n2. A\n3. C", "B > A > C"),
    ("points behind", "FINAL RANKING:\n1. Answer B - 9\n2. Answer A - 7/10\n3. Answer C: 2 errors", "B > A > C"),
    ("json list", 'FINAL RANKING:\n["B", "A", "C"]', "B > A > C"),
    ("json fence", 'FINAL RANKING:\n```json\n["B", "A", "C"]\n```', "B > A > C"),
    ("json object", '```json\n{"ranking": ["B", "A", "C"]}\n```', "B > A > C"),
    ("json key with underscore", '{"final_ranking": ["Answer B", "Answer A", "Answer C"]}', "B > A > C"),
    ("json with comments", '{"comments": {"A": "thin, but better than C in most ways", "B": "good"}, "ranking": ["B", "A", "C"]}', "B > A > C"),
    ("json tie", 'FINAL RANKING:\n{"ranking": ["C", ["A", "B"]]}', "C > A=B"),
    ("json places to labels", 'FINAL RANKING:\n{"1": "B", "2": "A", "3": "C"}', "B > A > C"),
    ("json labels to places", 'FINAL RANKING:\n{"A": 2, "B": 1, "C": 3}', "B > A > C"),
    ("json objects", 'FINAL RANKING:\n[{"rank": 2, "answer": "A", "why": "B > A"},\n {"rank": 1, "answer": "B", "why": "all"}, {"rank": 3, "answer": "C"}]', "B > A > C"),
    ("json over lines", 'FINAL RANKING:\n{\n  "ranking": [\n    "B",\n    "A",\n    "C"\n  ]\n}', "B > A > C"),
    ("json chain", '{"ranking": "B > A > C"}', "B > A > C"),
    ("python list", "FINAL RANKING: ['B', 'A', 'C']", "B > A > C"),
    ("broken json", 'FINAL RANKING:\n["B", "A", "C",]', "B > A > C"),
    ("list without quotes", "FINAL RANKING: [B, A, C]", "B > A > C"),
    ("table", "FINAL RANKING:\n| Rank | Answer | Why |\n|---|---|---|\n| 1 | B | beats A |\n| 2 | A | thin |\n| 3 | C | wrong |", "B > A > C"),
    ("table, label first", "FINAL RANKING:\n| Answer | Rank |\n|---|---|\n| A | 2 |\n| B | 1 |\n| C | 3 |", "B > A > C"),
    ("korean", "최종 순위:\n1. 답변 B\n2. 답변 A\n3. 답변 C", "B > A > C"),
    ("korean places", "최종 순위\n1위: 답변 B\n2위: 답변 A\n3위: 답변 C", "B > A > C"),
    ("korean chain", "순위: B > A > C", "B > A > C"),
    ("korean sentence", "최종 순위는 다음과 같습니다:\n1순위: B\n2순위: A\n3순위: C", "B > A > C"),
    ("chinese", "最终排名：\n1、回答B\n2、回答A\n3、回答C", "B > A > C"),
    ("japanese", "最終順位：\n1位: 回答B\n2位: 回答A\n3位: 回答C", "B > A > C"),
    ("german", "Endgültige Rangfolge:\n1. Antwort B\n2. Antwort A\n3. Antwort C", "B > A > C"),
    ("french", "**Classement final :**\n1. Réponse B\n2. Réponse A\n3. Réponse C", "B > A > C"),
    ("spanish", "Clasificación final:\n1. Respuesta B\n2. Respuesta A\n3. Respuesta C", "B > A > C"),
    ("unknown label", "FINAL RANKING:\n1. D\n2. B\n3. A\n4. Answer Z\n5. C", "B > A > C"),
    ("twice", "FINAL RANKING:\n1. B\n2. A\n3. B\n4. C", "B > A > C"),
    ("partial", "FINAL RANKING:\n1. Answer B\n2. Answer A", "B > A"),
    ("only one", "FINAL RANKING: B", "B"),
    ("only the best, in words", "FINAL RANKING: Answer B is the best.", "B"),
    ("announced early", "I will end with FINAL RANKING: best first.\n\nFINAL RANKING:\n1. B\n2. A\n3. C", "B > A > C"),
    ("format repeated", "Format: FINAL RANKING: 1. Answer A 2. Answer B 3. Answer C\n\nFINAL RANKING:\n1. B\n2. A\n3. C", "B > A > C"),
    ("two rankings", "FINAL RANKING:\n1. A\n2. B\n3. C\n\nOn reflection:\n\nFINAL RANKING:\n1. B\n2. A\n3. C", "B > A > C"),
    ("second thoughts", "FINAL RANKING:\n1. A\n2. B\n3. C\n\nOn reflection:\n1. B\n2. A\n3. C", "B > A > C"),
    ("marker spoken of afterwards", "FINAL RANKING:\n1. B\n2. A\n3. C\n\nThat is my final ranking.", "B > A > C"),
    ("rationale afterwards", "FINAL RANKING:\n1. B\n2. A\n3. C\n\nRanking rationale: C > A on style alone.", "B > A > C"),
    ("ranking in a comment", "FINAL RANKING:\n1. B - its ranking: top\n2. A\n3. C", "B > A > C"),
    ("preamble", "FINAL RANKING:\nFrom best to worst, as asked:\n1. B\n2. A\n3. C", "B > A > C"),
    ("reasons in one line", "FINAL RANKING: 1. Answer B - clear; 2. Answer A - thin; 3. Answer C - wrong", "B > A > C"),
    ("remarks in one line", "FINAL RANKING: 1. B (best), 2. A (like C), 3. C (worst)", "B > A > C"),
    ("tags", "<final_ranking>\n1. B\n2. A\n3. C\n</final_ranking>", "B > A > C"),
    ("latex", "FINAL RANKING: $B \\succ A \\succ C$", "B > A > C"),
    ("underlined", "FINAL RANKING\n=============\n1. B\n2. A\n3. C", "B > A > C"),
    ("chain in a sentence", "FINAL RANKING:\nI rank them B > A > C.", "B > A > C"),
    ("places in a sentence", "FINAL RANKING: B is the best answer, A is second and C is third.", "B > A > C"),
    ("roman numerals", "FINAL RANKING:\nI. Answer B\nII. Answer A\nIII. Answer C", "B > A > C"),
    ("lettered list", "FINAL RANKING:\na) Answer B\nb) Answer A\nc) Answer C", "B > A > C"),
    ("label and colon", "FINAL RANKING:\n1. Answer: B\n2. Answer: A\n3. Answer: C", "B > A > C"),
    ("tie with both", "FINAL RANKING:\n1. Both A and B\n2. C", "A=B > C"),
    ("tie in words", "FINAL RANKING:\n1. A and B are equally good\n2. C", "A=B > C"),
    ("article in the remark", "FINAL RANKING:\n1. Answer B: A strong one\n2. Answer A: A thin one\n3. Answer C", "B > A > C"),
    ("korean remarks", "최종 순위\n1. 답변 B가 가장 좋음 (A보다 정확)\n2. 답변 A는 보통\n3. 답변 C", "B > A > C"),
    ("condition afterwards", "Ranking: B > A > C. However, if brevity matters, A > B > C.", "B > A > C"),
    ("no marker, chain", "B > A > C", "B > A > C"),
    ("no marker, chain with words", "In short: B > A > C.", "B > A > C"),
    ("no marker, list", "1. Answer B\n2. Answer A\n3. Answer C\n", "B > A > C"),
    ("no marker, one line", "1. B 2. A 3. C", "B > A > C"),
]  # fmt: skip

NO_BALLOTS = [
    ("empty", ""),
    ("white space", " \n\t\n"),
    ("refusal", "I'm sorry, but I cannot rank these answers."),
    ("refusal behind the marker", "FINAL RANKING: I cannot rank Answer A and Answer B."),
    ("refusal below the marker", "FINAL RANKING:\nI'd rather not choose between Answer A and B."),
    ("prose", "Answer B is the best, Answer A is good, and Answer C is wrong."),
    ("praise", "A is best."),
    ("comparison", "I prefer B > A in clarity, but C is the safest."),
    ("comparison of two", "B > A"),
    ("comments in a list", "1. Answer A: correct.\n2. Answer B: thin.\n3. Answer C: wrong."),
    ("comments in bullets", "- Answer A\n- Answer B\n- Answer C"),
    ("short list", "1. Answer B\n2. Answer A"),
    ("nothing behind the marker", "FINAL RANKING:\n"),
    ("nothing behind the last marker", "Form: FINAL RANKING: A > B > C\n\n**FINAL RANKING:**\n\n"),
    ("template", "FINAL RANKING:\n1. Answer <letter>\n2. Answer <letter>\n..."),
    ("template in brackets", "FINAL RANKING:\n1. Answer [letter]\n2. Answer [letter]"),
    ("template with X", "FINAL RANKING:\n1. Answer X\n2. Answer Y\n3. Answer Z"),
    ("articles", "FINAL RANKING:\n1. a good answer\n2. A bad answer\n3. a so-so one"),
    ("comparisons only", "FINAL RANKING:\n1. better than A\n2. not as good as B"),
    ("points in no order", "FINAL RANKING:\nAnswer A: 6\nAnswer B: 9\nAnswer C: 7"),
    ("only unknown labels", "FINAL RANKING: X > Y > Z"),
    ("other letters", "FINAL RANKING:\n1. Alpha\n2. Beta\n3. Calm"),
    ("not applicable", "FINAL RANKING: N/A"),
    ("none", "FINAL RANKING:\n1. None"),
    ("verdict on all", "FINAL RANKING: All answers (A, B, C) are wrong."),
    ("verdict on a list", "FINAL RANKING:\nA, B and C are all wrong."),
    ("article behind the marker", "FINAL RANKING:\nA better answer would mention the date."),
    ("ranking as a subject", "A ranking of answers this close says little. A and B are right."),
]

AWKWARD = [pytest.param(text, expected, id=name) for name, text, expected in BALLOTS]


@pytest.mark.parametrize(("text", "expected"), AWKWARD)
def test_ballots_are_read_as_a_fair_person_would(text: str, expected: str) -> None:
    assert parse_ranking(text, "ABC") == places(expected)


@pytest.mark.parametrize(("text", "expected"), AWKWARD)
def test_comments_before_a_ranking_change_nothing(text: str, expected: str) -> None:
    assert parse_ranking(COMMENTS + text, "ABC") == places(expected)


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in NO_BALLOTS])
def test_what_is_no_ballot_is_not_counted(text: str) -> None:
    assert parse_ranking(text, "ABC") is None


def test_a_review_cut_off_within_its_ranking_is_no_ballot() -> None:
    assert parse_ranking("FINAL RANKING:\n1. B\n2. A\n3. Ans", "ABC", complete=False) is None


def test_a_review_cut_off_after_every_label_is_a_ballot() -> None:
    text = "FINAL RANKING:\n1. B - clear\n2. A - thin\n3. C - not one of its cla"
    assert parse_ranking(text, "ABC", complete=False) == (("B",), ("A",), ("C",))


def test_a_review_cut_off_after_announcing_the_format_is_no_ballot() -> None:
    text = "I will end with FINAL RANKING: and a list.\n\nAnswer A is right. Answer B"
    assert parse_ranking(text, "ABC", complete=False) is None


def test_twenty_labels_are_read() -> None:
    order = "TIASBRCQDPEOFNGMHLJK"
    text = "FINAL RANKING:\n" + "\n".join(f"{n}. {label}" for n, label in enumerate(order, 1))
    assert parse_ranking(text, "ABCDEFGHIJKLMNOPQRST") == tuple((label,) for label in order)


def test_the_label_i_is_not_the_word_i() -> None:
    text = "FINAL RANKING:\nI think so.\n1. I\n2. I would say B\n3. A"
    assert parse_ranking(text, "ABI") == (("I",), ("B",), ("A",))


FRAGMENTS = st.sampled_from(
    [
        RANKING_MARKER, "ranking:", "최종 순위", "1. ", "Answer ", "A", "b", "C", "Z", "tie", "and",
        " > ", " = ", " < ", ", ", "\n", "| ", "- ", "(", ")", '["', '"]', "{", ":", "2nd", "9/10", "*",
    ]
)  # fmt: skip
TEXTS = st.text() | st.lists(FRAGMENTS, max_size=60).map("".join)


@given(TEXTS, st.booleans())
def test_any_text_gives_a_partition_of_known_labels_or_nothing(text: str, complete: bool) -> None:
    ranking = parse_ranking(text, "ABC", complete=complete)
    listed = [label for tied in ranking or () for label in tied]
    assert ranking is None or all(ranking)
    assert ranking != ()
    assert len(listed) == len(set(listed))
    assert set(listed) <= set("ABC")


@given(TEXTS)
def test_any_ballot_of_a_cut_off_review_lists_every_label(text: str) -> None:
    ranking = parse_ranking(text, "ABC", complete=False)
    assert ranking is None or sum(map(len, ranking)) == 3


@given(st.permutations("ABCDEFGH"), st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_any_order_is_read_behind_any_text(order: list[str], comments: str) -> None:
    lines = [f"{place}. Answer {label}" for place, label in enumerate(order, start=1)]
    text = "\n".join([comments, RANKING_MARKER, *lines])
    assert parse_ranking(text, "ABCDEFGH") == tuple((label,) for label in order)


@pytest.mark.parametrize(
    "piece",
    [
        "A", "A>", "1. A\n", "1", "ranking:", "ranking: ", "FINAL RANKING:\n", "ranking ", "[", '{"a":',
        "(", "(A", "- A: 1\n", "Answer ", " ", "\n", "|", "of ", "<", "a ", "🥇", "**", "ﷺ", "x:",
        "1. better than A\n", "final ranking the best", "\u2028", "A,", "A\n", "1. A\n2. B\n",
    ],
)  # fmt: skip
def test_reading_takes_no_time_on_hostile_text(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    started_at = time.process_time()
    parse_ranking(text, "ABC")
    assert time.process_time() - started_at < 0.25
