"""The lines of an input, as they come.

Without a thread: one that waits in `readline` for a person cannot be ended, so Ctrl-C would wait
for a line, too. And without making the input non-blocking: a terminal's output is the same file.
"""

import asyncio
import os

_CHUNK_BYTES = 65_536


class Lines:
    """Reads a file descriptor that nobody else reads."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._rest = b""
        self._ended = False

    async def next(self) -> str | None:
        """The next line without its end, `None` after the last. Bytes that are no UTF-8 are replaced."""
        while b"\n" not in self._rest and not self._ended:
            await self._readable()
            chunk = os.read(self._descriptor, _CHUNK_BYTES)
            self._ended = not chunk
            self._rest += chunk
        if not self._rest:
            return None
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode(errors="replace")

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        try:
            loop.add_reader(self._descriptor, ready.set)
        except PermissionError:
            return  # an ordinary file, which never blocks and which epoll does not take
        try:
            await ready.wait()
        finally:
            loop.remove_reader(self._descriptor)
