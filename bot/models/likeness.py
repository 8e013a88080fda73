"""Which model somebody may have meant by what they typed. Pure."""

from difflib import SequenceMatcher

# From here on, from 0 to 1, somebody may have meant a model; so much of what was typed is looked at.
ALIKE = 0.6
_TYPED_CHARS = 100


class Likeness:
    """Of models to what was typed. The vendor may be missing or wrong, so the part after it counts
    alone, too."""

    def __init__(self, typed: str) -> None:
        typed = typed.lower()[:_TYPED_CHARS]
        tail = typed.rpartition("/")[2]
        self._pairs = {tail[at : at + 2] for at in range(len(tail) - 1)}
        self._whole, self._tail = SequenceMatcher(), SequenceMatcher()
        self._whole.set_seq2(typed)
        self._tail.set_seq2(tail)

    def guess(self, model: str) -> int:
        """A cheap guess of it: how many pairs of characters both have."""
        model = model.lower()
        return sum(pair in model for pair in self._pairs)

    def to(self, model: str) -> float:
        """From 0 to 1; 0 for whatever is not alike."""
        model = model.lower()
        self._whole.set_seq1(model)
        self._tail.set_seq1(model.rpartition("/")[2])
        # A little less than one, so that of two models with the same tail the right vendor's wins.
        return max(_ratio(self._whole), 0.99 * _ratio(self._tail))


def _ratio(matcher: SequenceMatcher[str]) -> float:
    # Both are bounds from above, and far cheaper.
    if matcher.real_quick_ratio() < ALIKE or matcher.quick_ratio() < ALIKE:
        return 0.0
    return matcher.ratio()
