"""What the answers to a closed question give, such that any two can be compared: which are the same,
which are not, and which nobody can tell. Pure; how one is read is known in `bot.protocol.values`.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace
from itertools import combinations
from typing import TypeVar

from bot.protocol.units import MAY_BE, OF_OTHERS
from bot.protocol.values import Value, offered, value

K = TypeVar("K")

# Of versions 3.1 and 3.10 are two.
_OF_VERSIONS = re.compile(
    r"\bversion|\b(?:release|latest|newest|upgrade|python|node|ubuntu|debian|kernel|postgres\w*)\b"
    r"|버전|バージョン|版本",
    re.IGNORECASE,
)
# With the sign that asks, if it does.
_SENTENCE = re.compile(r"([^.?!。？！\n]+)([?？]?)")
# "Yes" says this and that to a question that is asked in the negative.
_NEGATIVE = re.compile(
    r"(?<!or )\b(?:not|cannot|never|nicht|kein\w*|ne|\w+n['’]t)\b|\bn['’]|않|없|아니(?!요|오)|아닌|안\s|못\s?하|ない|ません"
    r"|¿no\b",
    re.IGNORECASE,
)


def values(question: str, answers: Mapping[K, str]) -> dict[K, Value]:
    """What the answers give, by their labels, as far as it can be compared: all of one kind, that of
    most. Equal values are written alike. An answer that gives none is left out.

    Where the question offers choices, only these count; where it asks in the negative, yes and no are
    nothing to compare. A number without a unit stands for one with the unit that the others name, if
    that is one; what may be a share stands for no percentage, and what may be another's number, read
    otherwise, is left out."""
    choices = offered(question)
    read = {label: value(text, choices=choices) for label, text in answers.items()}
    given = {label: each for label, each in read.items() if each}
    if not given:
        return {}
    kinds = Counter(each.kind for each in given.values())
    kind = min(kinds, key=lambda kind: (-kinds[kind], kind))
    if kind == "yes_no" and _asks_in_the_negative(question):
        return {}
    given = {label: each for label, each in given.items() if each.kind == kind}
    if any(each.is_output for each in given.values()) or _OF_VERSIONS.search(question):
        given = {
            label: replace(each, form=each.letters or each.form) for label, each in given.items()
        }
    elif kind == "number":
        given = _clear(_told_apart(given))
    first: dict[Value, Value] = {}
    return {label: first.setdefault(each, each) for label, each in given.items()}


def _asks_in_the_negative(question: str) -> bool:
    return any(_NEGATIVE.search(asked[1]) for asked in _SENTENCE.finditer(question) if asked[2])


def _told_apart(given: Mapping[K, Value]) -> dict[K, Value]:
    """With what tells equal numbers apart as their unit: that, or what they count."""
    units = {each.unit for each in given.values()} - {""}
    given = {label: _meant(each, units) for label, each in given.items()}
    units = {each.unit for each in given.values()} - {""}
    found = {label: _in_units(each, units) for label, each in given.items()}
    by_number: defaultdict[Value, list[K]] = defaultdict(list)
    for label, each in found.items():
        by_number[each].append(label)
    for labels in by_number.values():
        if any(_differ(found[one], found[other]) for one, other in combinations(labels, 2)):
            found |= {label: replace(found[label], unit=_said_of(found[label])) for label in labels}
    return found


def _meant(value: Value, units: Collection[str]) -> Value:
    """With the unit of which it is so many, where others name one of those that it may be."""
    meant = [(unit, times) for unit, times in MAY_BE.get(value.unit, {}).items() if unit in units]
    if len(meant) != 1 or value.amount is None:
        return value
    ((unit, times),) = meant
    number = value.amount.number * times
    return replace(value, unit=unit, form=number, amount=replace(value.amount, number=number))


def _in_units(value: Value, units: Collection[str]) -> Value:
    """Its unit only where others have another one, and then that of which they are so many.

    Beside percentages 0.5 may be a half, and beside units what is counted is none of them."""
    amount = value.amount
    if amount is None:
        return value
    if amount.of and units and not value.unit:
        return replace(value, unit=_said_of(value))
    if len(units) < 2:
        is_share = "%" in units and not value.unit and 0 < abs(amount.number) <= 1
        return replace(value, unit="share" if is_share else "")
    unit, times = OF_OTHERS.get(value.unit, (value.unit, 1))
    return replace(value, unit=unit, form=amount.number * times)


def _said_of(value: Value) -> str:
    amount = value.amount
    return " ".join(filter(None, (value.unit, amount.of, amount.rate))) if amount else value.unit


def _differ(one: Value, other: Value) -> bool:
    """Whether they count different things, or for each of different ones."""
    a, b = one.amount, other.amount
    if a is None or b is None:
        return False
    counted, also = set(a.of.split()), set(b.of.split())
    is_same = counted <= also or also <= counted
    return not is_same or bool(a.rate and b.rate and a.rate != b.rate)


def _clear(given: Mapping[K, Value]) -> dict[K, Value]:
    """Without what, with its separator read otherwise, would be the same as another; unless it is the
    same as one that can be read in one way only."""
    every = set(given.values())
    certain = {each for each in given.values() if _otherwise(each) is None}
    return {
        label: each
        for label, each in given.items()
        if each in certain or _otherwise(each) not in every
    }


def _otherwise(value: Value) -> Value | None:
    other = value.amount.otherwise if value.amount else None
    return None if other is None else replace(value, form=other)
