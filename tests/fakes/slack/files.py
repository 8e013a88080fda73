"""Uploads in three steps, and downloads.

Source: Slack's reference of files.getUploadURLExternal and files.completeUploadExternal.
"""

from collections.abc import Callable, Collection

from aiohttp import web

from tests.fakes.slack import payloads
from tests.fakes.slack.http import Call, Method, method
from tests.fakes.slack.refusals import Json, Refusal
from tests.fakes.slack.state import File, Message
from tests.fakes.slack.world import World

SIZE_LIMIT_BYTES = 1024**3


class Files:
    def __init__(self, world: World, bot_token: str, scopes: Callable[[], Collection[str]]) -> None:
        """`scopes` are those that the app was installed with."""
        self.world = world
        self.downloads: list[str] = []
        """The paths of files that were fetched."""
        self._scopes = scopes
        self.refused_with = 0
        """The status that the store of files answers uploads with, 0 where it takes them."""
        self._bot_token = bot_token

    def methods(self) -> tuple[Method, ...]:
        scopes = ("files:write",)
        return (
            method(
                "files.getUploadURLExternal",
                self.get_url,
                4,
                "filename length alt_txt snippet_type",
                scopes,
            ),
            method(
                "files.completeUploadExternal",
                self.complete,
                4,
                "files channel_id channels initial_comment thread_ts blocks",
                scopes,
            ),
            method("files.delete", self.delete, 3, "file", scopes),
        )

    def get_url(self, call: Call) -> Json:
        length = call.number("length", 0, 0, SIZE_LIMIT_BYTES, "invalid_arguments")
        if length == 0:
            raise Refusal("invalid_arguments", ["length must be more than 0"])
        name = call.required("filename")
        file = File(self.world.new_id("F"), name, name, length, self.world.bot)
        file.alt_text = call.text("alt_txt") or ""
        file.snippet_type = call.text("snippet_type") or ""
        self.world.files[file.id] = file
        return {"upload_url": f"{self.world.base_url}/upload/v1/{file.id}", "file_id": file.id}

    def complete(self, call: Call) -> Json:
        """Shares the files, if a conversation is named, as one message of the bot."""
        listed = call.json("files", "invalid_arguments")
        if not isinstance(listed, list) or not listed:
            raise Refusal("invalid_arguments", ["missing required field: files"])
        channel_id = call.text("channel_id") or call.text("channels")
        channel = self.world.joined(channel_id) if channel_id else None
        if channel is not None and (channel.archived or channel.restriction):
            raise Refusal(channel.restriction or "is_archived")
        files = [self._uploaded(each) for each in listed]
        if channel is not None:
            message = Message(self.world.new_ts(), channel, self.world.bot, "")
            message.text = call.text("initial_comment") or ""
            message.subtype, message.files = "file_share", files
            root = channel.messages.get(call.text("thread_ts") or "")
            message.thread_ts = root.ts if root else None
            for file in files:
                file.shared = True
            self.world.post(message)
        return {"files": [payloads.file(file, self.world.base_url) for file in files]}

    def delete(self, call: Call) -> Json:
        """The bot's own alone, wherever it was shared."""
        file = self.world.files.get(call.required("file"))
        if file is None:
            raise Refusal("file_not_found")
        if file.user != self.world.bot:
            raise Refusal("cant_delete_file")
        del self.world.files[file.id]
        for channel in self.world.channels.values():
            for message in channel.messages.values():
                message.files = [each for each in message.files if each is not file]
        self.world.changed()
        return {}

    def _uploaded(self, listed: Json) -> File:
        file = self.world.files.get(str(listed.get("id")))
        if file is None or file.content is None or file.shared:
            raise Refusal("file_not_found")
        file.title = str(listed.get("title") or file.name)
        return file

    async def upload(self, request: web.Request) -> web.StreamResponse:
        """Plain text says yes; the address is good for one file of the length announced."""
        file = self.world.files.get(request.match_info["id"])
        content = await request.read()
        if file is None or file.content is not None:
            return web.Response(status=404, text="not found")
        if self.refused_with:
            return web.Response(status=self.refused_with, text="<html>no</html>")
        if len(content) != file.length:
            return web.Response(status=400, text=f"expected {file.length} bytes")
        file.content = content
        self.world.changed()
        return web.Response(text=f"OK - {len(content)}")

    async def download(self, request: web.Request) -> web.StreamResponse:
        """Without token or scope Slack shows its login page, with status 200."""
        self.downloads.append(request.path)
        file = self.world.files.get(request.match_info["id"].rpartition("-")[2])
        if file is None or file.content is None:
            return web.Response(status=404)
        token = request.headers.get("Authorization", "")
        allowed = "files:read" in self._scopes()
        if not allowed or token != f"Bearer {self._bot_token}":
            return web.Response(
                text="<!DOCTYPE html><title>Slack</title>", content_type="text/html"
            )
        return web.Response(body=file.content, content_type=payloads.mimetype(file))
