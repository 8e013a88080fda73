"""A scene on Discord as HTML: components as the client lays them out, in its dark theme.

Source of what each component shows: Discord's API documentation, "Component Reference".
"""

import html
from collections.abc import Mapping, Sequence

from tests.pictures import markdown
from tests.pictures.scenes import Json, Scene, as_image


def page(scene: Scene) -> str:
    shown, before = [], ""
    for message in scene.messages:
        who = message["author"]["name"]
        shown.append(_message(message, scene, follows=who == before and not message["private"]))
        before = who
    modal = _modal(scene.modal, scene) if scene.modal else ""
    where = html.escape(scene.where)
    top = f"<header><span class=hash>#</span><span>{where}</span></header>"
    return f"<main class=discord>{top}{''.join(shown)}{modal}</main>"


def _message(message: Json, scene: Scene, *, follows: bool) -> str:
    author = message["author"]
    names = message["names"]
    classes = [
        "message",
        *(name for name in ("private", "pings") if message[name] and author["bot"]),
    ]
    head = ""
    if not follows:
        badge = "<i>APP</i>" if author["bot"] else ""
        head = f"<div class=name>{html.escape(author['name'])}{badge}</div>"
    content = markdown.discord(message["content"], names) if message["content"] else ""
    parts = [
        head,
        f"<div class=text>{content}</div>" if content else "",
        *(_component(each, scene, names) for each in message["components"]),
        _reactions(message["reactions"]),
        "<p class=small>👁 Only you can see this · <a>Dismiss message</a></p>"
        if message["private"]
        else "",
    ]
    avatar = "" if follows else "⚖️" if author["bot"] else html.escape(author["name"][0])
    kind = "bot" if author["bot"] else "person"
    face = f"<div class='avatar {kind}'>{avatar}</div>" if avatar else "<div class=gutter></div>"
    return f"<div class='{' '.join(classes)}'>{face}<div class=body>{''.join(parts)}</div></div>"


def _reactions(reactions: Sequence[Json]) -> str:
    each = (f"<span>{r['emoji']}<b>{r['count']}</b></span>" for r in reactions)
    return f"<div class=reactions>{''.join(each)}</div>" if reactions else ""


def _component(it: Json, scene: Scene, names: Mapping[str, str]) -> str:
    def inside(name: str = "components") -> str:
        return "".join(_component(each, scene, names) for each in it[name])

    match it["type"]:
        case 17:
            colour = it.get("accent_color")
            edge = f" style='--accent:#{colour:06x}'" if colour is not None else ""
            return f"<div class=container{edge}>{inside()}</div>"
        case 10:
            return f"<div class=text>{markdown.discord(it['content'], names)}</div>"
        case 9:
            beside = _component(it["accessory"], scene, names)
            return f"<div class=section><div class=texts>{inside()}</div>{beside}</div>"
        case 1:
            return f"<div class=row>{inside()}</div>"
        case 2:
            return _button(it)
        case 3 | 5 | 6 | 7 | 8:
            return _select(it)
        case 14:
            return f"<hr class='{'' if it.get('divider', True) else 'blank'}'>"
        case 12:
            return "".join(_picture(each["media"]["url"], scene) for each in it["items"])
        case 13:
            name = it["file"]["url"].rpartition("/")[2].partition("?")[0]
            return f"<div class=file>📄 <a>{html.escape(name)}</a></div>"
        case 18:
            return _label(it, scene, names)
        case 4:
            shown = (
                it.get("value")
                or f"<span class=faint>{html.escape(it.get('placeholder') or '')}</span>"
            )
            return f"<div class='input{' tall' if it.get('style') == 2 else ''}'>{shown}</div>"
        case 21 | 22 | 23:
            options = it.get("options") or [{"label": it.get("label", "")}]
            return "".join(_choice(option) for option in options)
    raise ValueError(f"nothing draws Discord's component of type {it['type']}: {it}")


def _button(it: Json) -> str:
    emoji = (it.get("emoji") or {}).get("name") or ""
    words = html.escape(it.get("label") or "")
    disabled = " disabled" if it.get("disabled") else ""
    return f"<span class='button style{it['style']}{disabled}'>{emoji} {words}</span>"


def _select(it: Json) -> str:
    chosen = [o["label"] for o in it.get("options", ()) if o.get("default")]
    shown = ", ".join(chosen) or it.get("placeholder") or "Make a selection"
    return f"<div class=select>{html.escape(shown)}<span>⌄</span></div>"


def _choice(option: Json) -> str:
    mark = "◉" if option.get("default") else "○"
    more = option.get("description")
    small = f"<p class=small>{html.escape(more)}</p>" if more else ""
    return f"<div class=choice>{mark} {html.escape(option['label'])}{small}</div>"


def _label(it: Json, scene: Scene, names: Mapping[str, str]) -> str:
    more = it.get("description")
    small = f"<p class=small>{html.escape(more)}</p>" if more else ""
    field = _component(it["component"], scene, names)
    return f"<div class=label><b>{html.escape(it['label'])}</b>{small}{field}</div>"


def _picture(url: str, scene: Scene) -> str:
    name = url.rpartition("/")[2].partition("?")[0]
    return f"<img src='{as_image(scene.files[name])}'>"


def _modal(modal: Json, scene: Scene) -> str:
    fields = "".join(_component(each, scene, {}) for each in modal["components"])
    return (
        f"<div class=modal><h2>{html.escape(modal['title'])}</h2>{fields}"
        "<div class='row end'><span class='button style2'>Cancel</span>"
        "<span class='button style1'>Submit</span></div></div>"
    )
