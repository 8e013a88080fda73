"""What came along with a question, and what searches found for it, in sentences. Pure."""

from collections.abc import Iterator, Sequence

from bot.cleaning import one_line, shortened
from bot.council import Evidence
from bot.language import _, n_

_NAMES_SHOWN, _NAME_LIMIT_CHARS = 3, 60
_SOURCES_SHOWN, _ADDRESS_SHOWN_CHARS = 5, 120


def files_to_read(names: Sequence[str]) -> str:
    """That these files are read before anything is asked."""
    return n_(
        "The council first reads the attached file: {files}.",
        "The council first reads the attached files: {files}.",
        len(names),
        files=_named(names),
    )


def sentences(found: Sequence[Evidence]) -> list[str]:
    """What was read along with the question, and of what not all; what could not be read is marked."""
    along = [each for each in found if each.kind in ("file", "image", "link")]
    searched = [each for each in found if each.kind == "search"]
    read = [each for each in along if each.read]
    return [
        *_read(read),
        *_seen([each for each in read if each.kind == "image"]),
        *_searched(searched),
        *(f"`{file_name(each.name)}`: {each.why}" for each in read if each.why),
        *(_unread(each) for each in along if not each.read),
    ]


def file_name(name: str) -> str:
    """What people call their files, to be shown as code."""
    return shortened(one_line(name.replace("`", "'")) or _("unnamed"), _NAME_LIMIT_CHARS)


def _read(read: Sequence[Evidence]) -> Iterator[str]:
    now = [each for each in read if not each.earlier]
    if files := [each.name for each in now if each.kind == "file"]:
        yield n_(
            "The council read the attached file along with the question: {files}.",
            "The council read the attached files along with the question: {files}.",
            len(files),
            files=_named(files),
        )
    if pages := [each.name for each in now if each.kind == "link"]:
        yield n_(
            "The council read the page that is linked to: {pages}.",
            "The council read the pages that are linked to: {pages}.",
            len(pages),
            pages=_named(pages),
        )
    if images := [each.name for each in now if each.kind == "image"]:
        yield n_(
            "The council was shown the attached image: {images}.",
            "The council was shown the attached images: {images}.",
            len(images),
            images=_named(images),
        )
    if earlier := [each.name for each in read if each.earlier]:
        names = _named(earlier)
        yield _("The council also has what came earlier in this thread: {names}.", names=names)


def _seen(images: Sequence[Evidence]) -> Iterator[str]:
    """How many members see them, where not all do, and never which: who sees is known of models, so
    that a letter would narrow down whose it is."""
    if not images or not images[0].unseen_by:
        return
    seeing, of = len(images[0].seen_by), len(images[0].seen_by) + len(images[0].unseen_by)
    if seeing:
        yield _(
            "{seeing} of {of} members can see images; the others were told that some came along.",
            seeing=seeing,
            of=of,
        )
    else:
        yield _("None of the members can see images; they were told that some came along.")


def _searched(found: Sequence[Evidence]) -> Iterator[str]:
    if addresses := [each.name for each in found if each.read]:
        yield _("Found on the web for the answers: {sources}", sources=_sources(addresses))
    yield from (each.why for each in found if each.why)


def _sources(addresses: Sequence[str]) -> str:
    """Whole, so that they can be opened, unless that takes too much of a post."""
    named = [
        f"<{address}>" if len(address) <= _ADDRESS_SHOWN_CHARS else f"`{file_name(address)}`"
        for address in addresses[:_SOURCES_SHOWN]
    ]
    return " · ".join([*named, *_more(len(addresses) - len(named))])


def _unread(found: Evidence) -> str:
    why = found.why or ""
    return "⚠ " + _("`{name}` was not read. {why}", name=file_name(found.name), why=why)


def _named(names: Sequence[str]) -> str:
    named = [f"`{file_name(name)}`" for name in names[:_NAMES_SHOWN]]
    return ", ".join([*named, *_more(len(names) - len(named))])


def _more(count: int) -> list[str]:
    return [_("{more} more", more=count)] if count else []
