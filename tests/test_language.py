"""Every sentence of the bot goes through the catalogue, and comes out in the language that holds."""

import ast
import re
from collections.abc import Iterable, Iterator
from contextvars import copy_context
from datetime import date
from pathlib import Path
from string import Formatter
from symtable import SymbolTable, symtable

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po
from hypothesis import given
from hypothesis import strategies as st

from bot import language
from bot.language import (
    N_,
    _,
    day,
    days,
    either,
    language_for,
    listed,
    locale_of_process,
    n_,
    speak,
    speaking,
    spoken,
    weekday,
)
from tests.catalogue import ROOT, TEMPLATE, template

MARKS = {"_": 1, "N_": 1, "n_": 2}

# What takes words for people: the names, and where the words stand among the arguments.
SHOWN_AT = {
    "Text": 0,
    "Note": 0,
    "Heading": 0,
    "Detail": 0,
    "Table": 0,
    "InvalidInput": 0,
    "InvalidForm": 0,
    "InvalidConfiguration": 0,
    "Undeliverable": 0,
    "StoreFailed": 0,
    "StoreLocked": 0,
    "SettingsChanged": 0,
    "ModelFailed": 1,
    "tell": 0,
    "note": 0,
}
SHOWN_AS = {"label", "alt", "public", "description", "placeholder"}

# Parts of log lines and of JSON, words of commands, a style, names of tasks, what a
# model or another program reads, and what stands amid a provider's English.
NOT_SHOWN = {
    "default endpoint",
    "positional arguments",
    "this model",
    "verdict not blind",
    "Attempting a reconnect",
    "ask QUESTION",
    "answer TEXT",
    "members [add|remove|set MODEL ...]",
    "set NAME [VALUE]",
    "forget me|thread LINK|channel",
    "council doctor",
    "council forget",
    "council migrate",
    "council restore",
    "council stats",
    "Reply with the word ready.",
    "dim italic",
    "0: missed mentions cannot be looked for",
    "no list of models from the 0: 0",
    "no list of models from the 0 in time",
    "the votes on 0 cannot be read",
    "Answer this message: what it asks, or else what is to be said about it.",
    "Answer what came along: what it asks, or else what is to be said about it.",
    "attach PATH",
    "Some **text** with `code` and a [link](https://a.example).",
    "[no preview",
    "slack catch-up",
    "slack statuses",
    "fg:default noreverse bg:default",
    "@council QUESTION",
    "open A",
    "ask only B QUESTION",
    "answer: TEXT",
    "react A 👍",
    "unreact A 👍",
    "/council help",
    "audit [N|restore N]",
}

PROGRAMMERS = (
    "logger.",
    "logging.getLogger",
    "re.compile",
    "AssertionError",
    "RuntimeError",
    "ValueError",
    "forever",
    "surviving",
)

SENTENCE = re.compile(r"[^\W\d_]{2,}[,.:;]? [^\W\d_]")
SQL = re.compile(
    r"\s*(CASE WHEN|SELECT|INSERT|UPDATE|DELETE|PRAGMA|BEGIN|VACUUM|SAVEPOINT|RELEASE|ROLLBACK"
    r"|ALTER TABLE|ANALYZE|COPY|LOCK TABLE|TRUNCATE)\b"
    r"|(CREATE|DROP|COMMENT ON) (SCHEMA|TABLE) |SET [a-z_]+ = "
    r"| (>?= \?|IS NULL|IN \()|^[a-z_0]+, [a-z_, ]+$"
)

# Words that no person reads as the bot's: prompts and what models write back, patterns,
# simulated models, and what dashboards read.
NOT_OURS = (
    "bot/bench/judging.py",
    "bot/criteria.py",
    "bot/language.py",
    "bot/protocol/amounts.py",
    "bot/protocol/ballot",
    "bot/protocol/markers.py",
    "bot/protocol/masking.py",
    "bot/protocol/counting.py",
    "bot/protocol/fences.py",
    "bot/protocol/prompts.py",
    "bot/protocol/reflecting.py",
    "bot/protocol/shortening.py",
    "bot/protocol/units.py",
    "bot/protocol/values.py",
    "bot/protocol/verification.py",
    "bot/rehearsal/",
    "bot/models/lengths.py",
    "bot/models/reports.py",
    "bot/program/metrics.py",
)


def files() -> list[str]:
    found = [
        file.relative_to(ROOT).as_posix()
        for package in ("bot", "adapters")
        for file in sorted((ROOT / package).rglob("*.py"))
    ]
    assert found
    return [file for file in found if not file.startswith(NOT_OURS)]


def tree(file: str) -> ast.Module:
    return ast.parse((ROOT / file).read_text(encoding="utf-8"))


def name(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


def marked(call: ast.Call) -> list[ast.expr]:
    """The messages of a call that marks some."""
    return call.args[: MARKS.get(name(call), 0)]


def literal(node: ast.AST) -> str | None:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(
                str(part.value) if isinstance(part, ast.Constant) else "0" for part in parts
            )
    return None


def strings(node: ast.AST) -> Iterator[ast.expr]:
    """The literals below a node, without documentation, types, what is compared, what only
    programmers read, and what is a message."""
    match node:
        case ast.JoinedStr(values=parts):
            yield node
            for part in parts:
                if isinstance(part, ast.FormattedValue):
                    yield from strings(part.value)
            return
        case ast.Constant(value=str()):
            yield node
            return
        case ast.Expr(value=ast.Constant()) | ast.Compare() | ast.Assert():
            return
        case ast.Call() if ast.unparse(node.func).startswith(PROGRAMMERS):
            return
        case ast.Call():
            skipped = {id(each) for each in marked(node)}
        case ast.AnnAssign():
            skipped = {id(node.annotation)}
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            skipped = {id(node.args), id(node.returns)}
        case ast.Subscript():
            skipped = {id(node.slice)}
        case _:
            skipped = set()
    for child in ast.iter_child_nodes(node):
        if id(child) not in skipped:
            yield from strings(child)


def shown(call: ast.Call) -> Iterator[ast.expr]:
    """What a call puts before people, as it is written there."""
    at = SHOWN_AT.get(name(call))
    given = [] if at is None else call.args[at : at + 1]
    given += [keyword.value for keyword in call.keywords if keyword.arg in SHOWN_AS]
    for each in given:
        yield from [each] if literal(each) is not None else parts(each)


def parts(node: ast.expr) -> Iterable[ast.expr]:
    match node:
        case ast.Tuple(elts=each) | ast.List(elts=each):
            return each
        case ast.Dict(values=each):
            return each
        case ast.IfExp(body=body, orelse=orelse):
            return (body, orelse)
        case ast.BinOp(left=left, right=right):
            return (left, right)
    return ()


def without_code(text: str) -> str:
    """Code is the same in every language."""
    return re.sub(r"`[^`]*`", "", text)


def words(text: str) -> bool:
    return bool(re.search(r"[^\W\d_]{2}", without_code(text)))


def bare(file: str) -> list[str]:
    """The words for people in a file that go past the catalogue, each with its line."""
    found: dict[tuple[int, int], str | None] = {}
    for node in strings(tree(file)):
        text = literal(node) or ""
        if text not in NOT_SHOWN and SENTENCE.search(without_code(text)) and not SQL.search(text):
            found[node.lineno, node.col_offset] = text
    for call in ast.walk(tree(file)):
        for each in shown(call) if isinstance(call, ast.Call) else ():
            if words(literal(each) or ""):
                found[each.lineno, each.col_offset] = literal(each)
    return [f"{file}:{line}: {text}" for (line, _column), text in sorted(found.items())]


def calls(file: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in MARKS:
            yield node


def fields(message: str) -> set[str]:
    return {field for _text, field, _spec, _as in Formatter().parse(message) if field is not None}


def scopes(scope: SymbolTable) -> Iterator[SymbolTable]:
    yield scope
    for child in scope.get_children():
        yield from scopes(child)


@pytest.mark.parametrize("file", files())
def test_every_sentence_is_a_message(file: str) -> None:
    assert bare(file) == []


def test_the_list_for_translators_holds_the_messages_of_today() -> None:
    assert TEMPLATE.read_text(encoding="utf-8") == template()


@pytest.mark.parametrize("file", files())
def test_every_placeholder_has_its_value(file: str) -> None:
    for call in calls(file):
        given = {str(keyword.arg) for keyword in call.keywords} | (
            {"n"} if name(call) == "n_" else set()
        )
        for each in marked(call):
            assert not isinstance(each, ast.JoinedStr | ast.BinOp), ast.unparse(call)
            if (text := literal(each)) is None:
                continue
            wanted = fields(text)
            assert all(field.isidentifier() for field in wanted), text
            if name(call) == "_":
                assert wanted == given, text
            elif name(call) == "n_":
                assert wanted <= given, text


@pytest.mark.parametrize("file", files())
def test_no_variable_hides_the_catalogue(file: str) -> None:
    """`for _ in ...` makes `_` a variable for the whole function."""
    for scope in scopes(symtable((ROOT / file).read_text(encoding="utf-8"), file, "exec")):
        if "_" in scope.get_identifiers() and scope.get_type() == "function":
            used = scope.lookup("_")
            hidden = used.is_free() or (used.is_local() and used.is_referenced())
            assert not hidden, f"{file}:{scope.get_lineno()}: {scope.get_name()}"


@pytest.fixture
def korean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    catalogue = Catalog(locale="ko")
    catalogue.add("Ask {who} again.", "{who}에게 다시 물어보세요.")
    catalogue.add(("{n} answer", "{n} answers"), ("답변 {n}개",))
    folder = tmp_path / "ko" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "council.po").open("wb") as file:
        write_po(file, catalogue)
    monkeypatch.setattr(language, "LOCALE", tmp_path)
    language._catalogue.cache_clear()
    yield
    language._catalogue.cache_clear()


@pytest.mark.usefixtures("korean")
def test_a_sentence_is_made_in_the_language_of_where_it_is_made() -> None:
    with speaking("ko"):
        assert _("Ask {who} again.", who="A") == "A에게 다시 물어보세요."
        assert n_("{n} answer", "{n} answers", 2) == "답변 2개"
        assert _("No translation.") == "No translation."
    assert _("Ask {who} again.", who="A") == "Ask A again."
    assert [n_("{n} answer", "{n} answers", n) for n in (1, 2)] == ["1 answer", "2 answers"]


@pytest.mark.usefixtures("korean")
def test_a_constant_is_looked_up_where_it_is_shown() -> None:
    again = N_("Ask {who} again.")
    with speaking("ko"):
        assert _(again, who="A") == "A에게 다시 물어보세요."
    assert _(again, who="A") == "Ask A again."
    answer = N_("No translation.")
    assert f"{answer}" == str(answer) == "No translation."


@pytest.mark.usefixtures("korean")
def test_a_language_without_a_catalogue_is_english() -> None:
    with speaking("tlh"):
        assert _("Ask {who} again.", who="A") == "Ask A again."


def test_braces_in_a_value_mean_nothing() -> None:
    assert _("Ask {who} again.", who="{n} {0.__class__}") == "Ask {n} {0.__class__} again."


def test_what_a_task_speaks_is_spoken_in_what_it_begins_and_nowhere_else() -> None:
    def said() -> str:
        speak("ko")
        return copy_context().run(spoken)

    assert copy_context().run(said) == "ko"
    assert spoken() == "en"


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("ko", "ko"),
        ("ko-KR", "ko"),
        ("ko_KR.UTF-8", "ko"),
        ("ko_KR@euc", "ko"),
        ("en-US", "en"),
        ("fr", "en"),
        ("C.UTF-8", "en"),
        ("POSIX", "en"),
        ("kok-IN", "en"),
    ],
)
def test_the_language_is_that_of_the_locale_or_else_english(locale: str, language: str) -> None:
    with speaking("ko"):  # which is of no account where a locale is known
        assert language_for(locale) == language


def test_of_whom_no_locale_is_known_is_spoken_to_as_everybody() -> None:
    with speaking("ko"):
        assert language_for("") == "ko"
    assert language_for("") == "en"


@pytest.mark.parametrize(
    ("environment", "locale"),
    [
        ({"LANG": "ko_KR.UTF-8"}, "ko_KR.UTF-8"),
        ({"LANG": "ko_KR.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, "en_GB.UTF-8"),
        ({"LANG": "ko_KR.UTF-8", "LC_MESSAGES": "en_GB.UTF-8", "LC_ALL": "C"}, "C"),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": ""}, "ko_KR.UTF-8"),
        ({}, ""),
    ],
)
def test_the_locale_of_the_process_is_the_one_for_messages(
    environment: dict[str, str], locale: str
) -> None:
    assert locale_of_process(environment) == locale


@pytest.mark.parametrize(
    ("value", "spec", "written"),
    [
        (1234567, ",", "1.234.567"),
        (1234.5, ",.2f", "1.234,50"),
        (0.125, ".2f", "0,12"),
        (-3.0, "+.1f", "-3,0"),
        (3.0, "+.1f", "+3,0"),
        (0.42, ".0%", "42%"),
        (7, "", "7"),
        (1e-9, ".3g", "1e-09"),
        (float("nan"), ".1f", "nan"),
    ],
)
def test_a_number_has_the_marks_of_its_language_and_the_digits_of_its_format(
    value: float, spec: str, written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(language, "_REGIONS", {"en": "en_GB", "de": "de_DE"})
    with speaking("de"):
        assert language.number(value, spec) == written
        assert language._filled(f"{{v:{spec}}}", {"v": value}) == written
    assert language.number(value, spec) == format(value, spec)


@given(st.floats(-1e12, 1e12), st.sampled_from([",", ".0f", ".1f", ",.2f", ".4f", "+.2f", ".1%"]))
def test_any_number_is_the_same_in_korean_as_in_english(value: float, spec: str) -> None:
    value = round(value) if spec == "," else value
    with speaking("ko"):
        assert language.number(value, spec) == format(value, spec)


def test_lists_dates_and_days_are_written_as_the_language_does() -> None:
    first, last = date(2026, 3, 1), date(2026, 5, 9)
    assert (listed(["a"]), listed("ab"), listed("abc")) == ("a", "a and b", "a, b and c")
    assert either("abc") == "a, b or c"
    assert (day(last), weekday(last)) == ("9 May 2026", "Saturday")
    assert days(first, last) == "1 Mar\u2009–\u20099 May 2026"
    with speaking("ko"):
        assert listed("abc") == "a, b 및 c"
        assert either("ab") == "a 또는 b"
        assert (day(last), weekday(last)) == ("2026년 5월 9일", "토요일")
        assert days(first, last) == "2026년 3월 1일~5월 9일"
