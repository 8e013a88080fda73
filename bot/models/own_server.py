"""The written rule by which a server's models have seats where nobody chose any. Pure.

For Ollama, vLLM, LM Studio, llama.cpp, LiteLLM and whatever else lists ids and little besides them.
Vendors, prices and sizes of contexts, by which OpenRouter's are chosen, are seldom told there.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import cycle, islice, zip_longest

from bot.llm import ModelInfo
from bot.models.flagships import DEAREST_USD_PER_MILLION, NOT_FOR_COUNCILS, prices_of

# Parts of an id that mark a model as one that writes no answers.
_WRITES_NO_ANSWERS = re.compile(
    r"embed|rerank|whisper|moderation|diffusion|guard|shieldgemma|parakeet|kokoro|colbert|minilm"
    r"|(?<![a-z])(tts|stt|asr|ocr|bge|gte|e5|clip|siglip|dall-e|sdxl|flux|sora|veo|image|imagen"
    r"|audio|realtime|transcribe|speech|babbage|davinci|bark|piper)(?![a-z])|\*"
)
# OpenAI's list tells no prices; these cost ten times what their siblings do.
_FAR_DEARER = re.compile(r"^(o\d|gpt-[\d.]+)-pro|computer-use")
# `70b`, `8x7b`, `1.5B`, `135m`: parameters, in billions or millions.
_SIZE = re.compile(r"(?<![\d.])(?:(\d+)x)?(\d+(?:\.\d+)?)([bm])(?![a-z0-9])")


def seated(models: Iterable[ModelInfo], seats: int) -> tuple[tuple[str, ...], str] | None:
    """So many members and a chairman; `None` where no model can take a seat.

    The rule:

    1. A candidate's id does not mark it as made for something else than writing (`embed`, `rerank`,
       `whisper`, `ocr`, `guard`, ...), and it costs at most 20 USD per million completion tokens,
       where a price is told.
    2. Models made for a special purpose (`coder`, `vision`, `math`, `preview`, `base`, ...) come
       after all others. Then the largest come first, by the size in their id (`70b`), and those
       that tell none last; then the newest.
    3. Each family has a seat in turn, a family being what the name begins with (`llama` of
       `llama3.1:8b`), until the seats are full. So members differ where the list allows it.
    4. Where there are fewer models than seats, they are seated again in the same order: a server
       that lists one model fills every seat with it.
    5. The next model in order becomes chairman where it is as good by 2., its age aside; else the
       first does, beside its seat: the largest writes the verdict.
    """
    candidates = [model for model in models if _is_candidate(model)]
    if not candidates:
        return None
    order = _in_turn(_families(candidates))
    members = tuple(model.id for model in islice(cycle(order), seats))
    chairman = order[0]
    if len(order) > seats and _place(order[seats])[:2] == _place(order[0])[:2]:
        chairman = order[seats]
    return members, chairman.id


def _is_candidate(model: ModelInfo) -> bool:
    prices = prices_of(model)
    dear = prices is not None and prices[1] > DEAREST_USD_PER_MILLION
    return not dear and not _WRITES_NO_ANSWERS.search(model.id.lower())


def _families(models: Iterable[ModelInfo]) -> list[list[ModelInfo]]:
    """Each family's models, the first to be seated first, and so are the families."""
    families: dict[str, list[ModelInfo]] = {}
    # Of names alone the last is likely to be the newest: gpt-5.1 after gpt-4o.
    for model in sorted(models, key=lambda model: model.id, reverse=True):
        families.setdefault(_family(model), []).append(model)
    ordered = [sorted(family, key=_place) for __, family in sorted(families.items())]
    return sorted(ordered, key=lambda family: _place(family[0]))


def _place(model: ModelInfo) -> tuple[bool, float, int]:
    name = _name(model)
    special = NOT_FOR_COUNCILS.search(name) or _FAR_DEARER.search(name)
    return bool(special), -_size(model), -model.created


def _in_turn(families: Sequence[Sequence[ModelInfo]]) -> list[ModelInfo]:
    """The first of each family, then the second of each, and so on; special ones stay behind."""
    turns = zip_longest(*families)
    order = [model for turn in turns for model in turn if model]
    return sorted(order, key=lambda model: _place(model)[0])


def _name(model: ModelInfo) -> str:
    """Without folders and vendors: llama.cpp's ids may be paths of files."""
    return re.split(r"[/\\]", model.id)[-1].lower()


def _family(model: ModelInfo) -> str:
    name = _name(model)
    words = re.search(r"[a-z]+", name)
    return words[0] if words else name


def _size(model: ModelInfo) -> float:
    """In billions of parameters; 0 where the name does not tell."""
    sizes = (
        int(times or 1) * float(number) / (1 if unit == "b" else 1000)
        for times, number, unit in _SIZE.findall(_name(model))
    )
    return max(sizes, default=0.0)
