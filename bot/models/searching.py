"""The web search that OpenRouter runs for a model: how it is asked for, and what it says it found.

Addresses come from strangers, by way of a model server: those are kept that are plain ones of the web.
"""

from collections.abc import Iterator

from yarl import URL

from bot.bills import FOUND_CHARS, FOUND_PAGES
from bot.llm import Source
from bot.models.gate import as_dict, as_list, as_text

# One engine for every model: its price is known before, a model's own may be anything; and it names
# all that it found. Source: openrouter.ai/docs, "Web Search" among the server tools, pricing.
_ENGINE, SEARCH_USD = "exa", 0.007

# What is read of an address, what is kept of one, and how many are looked at in one event.
_READ_CHARS, _KEPT_CHARS, _LOOKED_AT = 2_000, 500, 100


def search_fields(searches: int) -> dict[str, object]:
    """What goes into a request that may search so often."""
    limits = {
        "engine": _ENGINE,
        "max_uses": searches,
        "max_results": FOUND_PAGES,
        "max_total_results": searches * FOUND_PAGES,
        "max_characters": FOUND_CHARS,
    }
    tool = {"type": "openrouter:web_search", "parameters": limits}
    # Without this it goes on for 30 turns, searches that are refused among them.
    return {"tools": [tool], "max_tool_calls": searches}


def sources_in(annotations: object) -> Iterator[Source]:
    """Those of a message or a piece of one, in whatever shape. Total on anything."""
    for each in map(as_dict, as_list(annotations)[:_LOOKED_AT]):
        if each.get("type") == "url_citation":
            found = as_dict(each.get("url_citation")) or each  # some write it without the frame
            content = found.get("content")
            if url := _plain(as_text(found.get("url"), _READ_CHARS)):
                yield Source(url, len(content) if isinstance(content, str) else 0)


def _plain(address: str) -> str:
    """The address as one writes it, "" for what is none. What search engines and model makers put
    behind it to count their readers says who searched."""
    if not address.isprintable() or " " in address:
        return ""
    try:
        url = URL(address)
        if url.scheme not in ("http", "https") or not url.host or url.user or url.password:
            return ""
        counted = [name for name in url.query if name.lower().startswith("utm_")]
        plain = str(url.without_query_params(*counted).with_fragment(None))
    except (ValueError, UnicodeError):
        return ""
    return plain if len(plain) <= _KEPT_CHARS and not set(plain) & set('<>`"\\ ') else ""
