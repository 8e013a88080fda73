"""What reviews count for in a world, added up beside the program, by another formula."""

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from math import isclose
from typing import Any

from tests.world.databases import Database
from tests.world.past import ASKED_HERE

UNEQUAL = "Reviews counted unequally"

_DECIMALS = re.compile(r"(?<![\w.$])\d+\.\d\d(?![\w.])")
_PERCENTS = re.compile(r"(\d+)\u00a0%")


class Weights:
    """Of each question asked in this world, as they are in the database."""

    def __init__(self, disk: Database) -> None:
        self._disk = disk
        self._first: dict[str, Any] = {}

    def changed(self, run: str) -> str:
        """What is otherwise than when a model was asked first; "" for nothing."""
        for (council,) in self._disk.rows("SELECT council FROM deliberations WHERE id = ?", run):
            weights = json.loads(council)["weights"]
            before = self._first.setdefault(run, weights)
            if weights != before:
                return f"{run} was asked with {before} and goes on with {weights}"
        return ""

    def result(self, run: str) -> Any:
        """What came of it, where its reviews counted unequally."""
        if not self._first.get(run):
            return None
        rows = self._disk.rows("SELECT result FROM deliberations WHERE id = ?", run)
        result = json.loads(rows[0][0]) if rows and rows[0][0] else None
        return result if result and is_weighted(result) else None

    def at_rest(self) -> Iterator[str]:
        """What does not add up."""
        councils = {}
        questions = {}
        results = {}
        for id, council, question, result in self._disk.rows(
            f"SELECT id, council, question, result FROM deliberations WHERE {ASKED_HERE}"
        ):
            councils[id] = json.loads(council)["weights"]
            questions[id] = json.loads(question)
            results[id] = json.loads(result) if result else None
            yield from filter(None, [self.changed(id)])
        for id, question in questions.items():
            source = (question["redo"] or {}).get("of") or question["grows"]
            if source in councils and councils[id] != councils[source]:
                yield f"{id} takes up {source} with {councils[id]}, not {councils[source]}"
        for id, result in results.items():
            if result and (said := _miscounted(result, councils[id])):
                yield f"{id}: {said}"


def is_weighted(result: Any) -> bool:
    return any(each["weighted_score"] is not None for each in result["standings"])


def weighted_numbers(result: Any, shown: str) -> set[str]:
    """Those in a text that only weights could have put there."""
    told = [each["weighted_score"] for each in result["standings"]]
    told += [review["weight"] for review in result["reviews"]]
    equal = [each["score"] for each in result["standings"]]
    equal += [1.0, result["agreement"]["kendall_w"] or 0.0]
    decimals = {f"{each:.2f}" for each in told} - {f"{each:.2f}" for each in equal}
    percents = {f"{each:.0%}" for each in told} - {f"{each:.0%}" for each in equal}
    found = {f"{n}%" for n in _PERCENTS.findall(shown)}
    return decimals & set(_DECIMALS.findall(shown)) | percents & found


def _miscounted(result: Any, weights: Any) -> str:
    """How the standings are not the weighted means of the ballots, best first; "" where they are."""
    heard = [review for review in result["reviews"] if review["counted"]]
    for review in result["reviews"]:
        due = weights[review["seat"]]["weight"] if weights else 1.0
        if review["weight"] != due:
            return f"reviewer {review['label']} counts for {review['weight']}, not {due}"
    total = sum(review["weight"] for review in heard)
    standings = result["standings"]
    if not weights or not total:
        return "weighted scores without weights" if is_weighted(result) else ""
    for each in standings:
        due = sum(_given(review, each["label"], weights) for review in heard) / total
        if not isclose(each["weighted_score"], due, abs_tol=1e-9):
            return f"{each['label']} has {each['weighted_score']}, not {due}"
    scores = [each["weighted_score"] for each in standings]
    is_ordered = all(one > other - 1e-8 for one, other in pairwise(scores))
    return "" if is_ordered else f"the order is {scores}"


def _given(review: Any, label: str, weights: Any) -> float:
    """What a ballot gives an answer: each other one that it is above, and half of each beside it."""
    place = {each: n for n, tied in enumerate(review["ranking"]) for each in tied}
    others = [each for each in review["order"] if each != label]
    mine, last = place.get(label, 99), 99
    beaten = sum((place.get(o, last) > mine) + (place.get(o, last) == mine) / 2 for o in others)
    own = weights[review["seat"]]["preference"] if review["label"] == label else 0.0
    return float(review["weight"] * (beaten / len(others) - own))
