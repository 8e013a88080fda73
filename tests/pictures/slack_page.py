"""A scene on Slack as HTML: Block Kit as the client lays it out, in its light theme.

Source of what each block shows: Slack's Block Kit reference.
"""

import html
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tests.pictures import markdown
from tests.pictures.scenes import Json, Scene, as_image

EMOJI = {"+1": "👍", "-1": "👎", "trophy": "🏆", "no_entry_sign": "🚫"}


class SlackPage:
    """`names` are people's, by id; folds are counted through the whole page."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._folds = itertools.count()
        self._names: Mapping[str, str] = {}

    def html(self) -> str:
        shown, before = [], ""
        for message in self._scene.messages:
            who = message["user"]["name"]
            shown.append(self._message(message, follows=who == before and not message["private"]))
            before = who
        modal = self._modal(self._scene.modal) if self._scene.modal else ""
        where = html.escape(self._scene.where)
        return f"<main class=slack><header>{where}</header>{''.join(shown)}{modal}</main>"

    def _message(self, message: Json, *, follows: bool) -> str:
        user, self._names = message["user"], message["names"]
        blocks = self._blocks(message["blocks"])
        name = user["name"].capitalize()
        badge = "<i>APP</i>" if user["bot"] else ""
        parts = [
            "" if follows else f"<div class=name>{html.escape(name)}{badge}</div>",
            blocks or f"<div>{markdown.slack_mrkdwn(message['text'], self._names)}</div>",
            *(self._file(file) for file in message["files"]),
            self._reactions(message["reactions"]),
        ]
        kind = "bot" if user["bot"] else "person"
        face = "⚖️" if user["bot"] else html.escape(name[0])
        avatar = (
            "<div class=gutter></div>" if follows else f"<div class='avatar {kind}'>{face}</div>"
        )
        alone = "<p class=alone>👁 Only visible to you</p>" if message["private"] else ""
        private = " private" if message["private"] else ""
        body = f"<div class=body>{''.join(parts)}</div>"
        return f"{alone}<div class='message{private}'>{avatar}{body}</div>"

    def _reactions(self, reactions: Sequence[Json]) -> str:
        each = (
            f"<span>{EMOJI.get(r['name'], r['name'])}<b>{r['count']}</b></span>" for r in reactions
        )
        return f"<div class=reactions>{''.join(each)}</div>" if reactions else ""

    def _file(self, file: Json) -> str:
        if png := self._scene.files.get(file["name"]):
            return (
                f"<div class=picture>{html.escape(file['title'])}<img src='{as_image(png)}'></div>"
            )
        return f"<div class=file>📄 <b>{html.escape(file['title'])}</b></div>"

    # Blocks

    def _blocks(self, blocks: Iterable[Json]) -> str:
        return "".join(self._block(block) for block in blocks)

    def _block(self, it: Json) -> str:
        match it["type"]:
            case "markdown":
                return f"<div class=markdown>{markdown.slack_markdown(it['text'])}</div>"
            case "header":
                return f"<h3>{self._text(it['text'])}</h3>"
            case "section":
                return self._section(it)
            case "context":
                shown = "".join(f"<div>{self._text(each)}</div>" for each in it["elements"])
                return f"<div class=context>{shown}</div>"
            case "divider":
                return "<hr>"
            case "actions" | "context_actions":
                return f"<div class=row>{''.join(map(self._element, it['elements']))}</div>"
            case "container":
                return self._container(it)
            case "table":
                return self._table(it)
            case "image":
                return self._image(it)
            case "rich_text":
                return "".join(self._rich(each) for each in it["elements"])
            case "input":
                return self._input(it)
        raise ValueError(f"nothing draws Slack's block of type {it['type']}: {it}")

    def _text(self, it: Json) -> str:
        if it["type"] == "plain_text":
            return html.escape(it["text"])
        return markdown.slack_mrkdwn(it["text"], self._names)

    def _section(self, it: Json) -> str:
        fields = "".join(f"<div>{self._text(each)}</div>" for each in it.get("fields", ()))
        text = self._text(it["text"]) if "text" in it else ""
        beside = self._element(it["accessory"]) if "accessory" in it else ""
        return f"<div class=section><div>{text}<div class=fields>{fields}</div></div>{beside}</div>"

    def _container(self, it: Json) -> str:
        number = next(self._folds)
        is_open = not it.get("default_collapsed") or number == self._scene.opened
        title = f"<b>{self._text(it['title'])}</b>"
        below = (
            f"<div class=subtitle>{self._text(it['subtitle'])}</div>" if "subtitle" in it else ""
        )
        inside = self._blocks(it["child_blocks"]) if is_open else ""
        arrow = "⌄" if is_open else "›"
        head = f"<div class=head><div>{title}{below}</div><span>{arrow}</span></div>"
        return f"<div class=container>{head}{inside and f'<div class=inside>{inside}</div>'}</div>"

    def _table(self, it: Json) -> str:
        aligned = [(each or {}).get("align", "left") for each in it.get("column_settings", ())]
        rows = []
        for n, row in enumerate(it["rows"]):
            tag = "td" if n else "th"
            sides = itertools.chain(aligned, itertools.repeat("left"))
            cells = (
                f"<{tag} class={side}>{self._cell(cell)}</{tag}>"
                for cell, side in zip(row, sides, strict=False)
            )
            rows.append(f"<tr>{''.join(cells)}</tr>")
        return f"<div class=table><table>{''.join(rows)}</table></div>"

    def _cell(self, cell: Json) -> str:
        if cell["type"] == "rich_text":
            return "".join(self._rich(each) for each in cell["elements"])
        return html.escape(cell["text"])

    def _image(self, it: Json) -> str:
        name = it.get("image_url", "").rpartition("/")[2].partition("?")[0]
        if png := self._scene.files.get(name):
            return f"<div class=picture><img src='{as_image(png)}'></div>"
        return f"<div class=picture>🖼 {html.escape(it['alt_text'])}</div>"

    def _rich(self, it: Json) -> str:
        match it["type"]:
            case "rich_text_section":
                return f"<div>{''.join(self._rich(each) for each in it['elements'])}</div>"
            case "rich_text_list":
                tag = "ol" if it["style"] == "ordered" else "ul"
                items = "".join(f"<li>{self._rich(each)}</li>" for each in it["elements"])
                return f"<{tag}>{items}</{tag}>"
            case "rich_text_quote" | "rich_text_preformatted":
                tag = "blockquote" if it["type"] == "rich_text_quote" else "pre"
                return f"<{tag}>{''.join(self._rich(each) for each in it['elements'])}</{tag}>"
            case "user":
                name = html.escape(self._names.get(it["user_id"], "somebody"))
                return f"<span class=mention>@{name}</span>"
            case "link":
                return f"<a>{html.escape(it.get('text') or it['url'])}</a>"
            case "emoji":
                return EMOJI.get(it["name"], f":{it['name']}:")
            case "text":
                return self._styled(it)
        raise ValueError(f"nothing draws Slack's rich text of type {it['type']}: {it}")

    def _styled(self, it: Json) -> str:
        tags = {"bold": "b", "italic": "i", "strike": "s", "code": "code"}
        shown = html.escape(it["text"]).replace("\n", "<br>")
        for style, tag in tags.items():
            if it.get("style", {}).get(style):
                shown = f"<{tag}>{shown}</{tag}>"
        return shown

    # Elements

    def _element(self, it: Json) -> str:
        match it["type"]:
            case "button":
                return f"<span class='button {it.get('style', '')}'>{self._text(it['text'])}</span>"
            case "overflow":
                return f"<span class=button>⋮</span>{self._menu(it)}"
            case "plain_text_input" | "number_input" | "email_text_input" | "url_text_input":
                return self._field(it)
            case "radio_buttons" | "checkboxes":
                return "".join(self._choices(it))
            case kind if kind.endswith("select"):
                return self._select(it)
        raise ValueError(f"nothing draws Slack's element of type {it['type']}: {it}")

    def _menu(self, it: Json) -> str:
        if self._scene.opened != "menu":
            return ""
        options = (f"<div>{self._text(option['text'])}</div>" for option in it["options"])
        return f"<div class=menu>{''.join(options)}</div>"

    def _field(self, it: Json) -> str:
        tall = " tall" if it.get("multiline") else ""
        hint = it.get("placeholder", {}).get("text", "")
        shown = (
            html.escape(it.get("initial_value", ""))
            or f"<span class=faint>{html.escape(hint)}</span>"
        )
        return f"<div class='field{tall}'>{shown}</div>"

    def _select(self, it: Json) -> str:
        chosen = it.get("initial_options") or [it.get("initial_option")]
        words = [html.escape(option["text"]["text"]) for option in chosen if option]
        if it["type"].startswith("multi"):
            words = [f"<span class=chip>{each} ×</span>" for each in words]
        hint = html.escape(it.get("placeholder", {}).get("text", "Choose"))
        return f"<div class=field>{' '.join(words) or f'<span class=faint>{hint}</span>'}<span>⌄</span></div>"

    def _choices(self, it: Json) -> Iterator[str]:
        initial: list[Any] = [*it.get("initial_options", ()), it.get("initial_option")]
        chosen = [option["value"] for option in initial if option]
        for option in it["options"]:
            mark = "◉" if option["value"] in chosen else "○"
            more = option.get("description", {}).get("text", "")
            hint = f"<p class=hint>{html.escape(more)}</p>" if more else ""
            yield f"<div class=choice>{mark} {self._text(option['text'])}{hint}</div>"

    # Modals

    def _input(self, it: Json) -> str:
        optional = " <span class=faint>(optional)</span>" if it.get("optional") else ""
        hint = f"<p class=hint>{self._text(it['hint'])}</p>" if "hint" in it else ""
        label = f"<b>{self._text(it['label'])}</b>{optional}"
        return f"<div class=label>{label}{self._element(it['element'])}{hint}</div>"

    def _modal(self, view: Json) -> str:
        close = view.get("close", {}).get("text", "Cancel")
        submit = view.get("submit")
        go = f"<span class='button primary'>{html.escape(submit['text'])}</span>" if submit else ""
        return (
            f"<div class=modal><h2>{self._text(view['title'])}</h2>{self._blocks(view['blocks'])}"
            f"<div class='row end'><span class=button>{html.escape(close)}</span>{go}</div></div>"
        )


def page(scene: Scene) -> str:
    return SlackPage(scene).html()
