"""Events and interactions as signed HTTP requests to the app's address, instead of Socket Mode.

Source: Slack's "Verifying requests from Slack" and "The Events API"; the signature is slack_sdk's.
"""

import json
import time
from urllib.parse import urlencode

import aiohttp
from slack_sdk.signature import SignatureVerifier

from tests.fakes.slack.delivery import Acknowledged, Failed, Kind, Outcome, Retry
from tests.fakes.slack.refusals import Json


class SignedHttp:
    """`url` is the app's one address for everything."""

    def __init__(self, url: str, signing_secret: str) -> None:
        self.url = url
        self._signing_secret = signing_secret
        self._session = aiohttp.ClientSession(auto_decompress=False)

    async def close(self) -> None:
        await self._session.close()

    async def verify(self) -> bool:
        """What Slack does when the address is entered: the challenge must come back."""
        body = {"type": "url_verification", "token": "verification-token", "challenge": "3eZbrw1a"}
        status, text = await self.post(json.dumps(body), "application/json")
        return status == 200 and "3eZbrw1a" in text

    async def post(
        self,
        body: str,
        content_type: str,
        *,
        headers: dict[str, str] | None = None,
        signing_secret: str | None = None,
        age_seconds: float = 0.0,
    ) -> tuple[int, str]:
        """A request of any content, signed with another secret or long ago if so wished."""
        sent = self._headers(body, content_type, signing_secret, age_seconds) | (headers or {})
        async with self._session.post(
            self.url, data=body.encode(), headers=sent, allow_redirects=False
        ) as response:
            return response.status, await response.text()

    async def send(
        self, kind: Kind, body: Json, retry: Retry, *, wants_answer: bool, seconds: float
    ) -> Outcome:
        content, content_type = _encoded(kind, body)
        headers = self._headers(content, content_type, None, 0.0)
        if retry.number:
            headers |= {"X-Slack-Retry-Num": str(retry.number)}
            headers |= {"X-Slack-Retry-Reason": retry.reason}
        started = time.monotonic()
        try:
            async with self._session.post(
                self.url,
                data=content.encode(),
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=seconds),
            ) as response:
                text = await response.text()
        except TimeoutError:
            return Failed("http_timeout")
        except aiohttp.ClientError:
            return Failed("connection_failed")
        if response.status != 200:
            return Failed("http_error", retry="X-Slack-No-Retry" not in response.headers)
        return Acknowledged(time.monotonic() - started, _answer(text) if wants_answer else None)

    def _headers(
        self, body: str, content_type: str, secret: str | None, age_seconds: float
    ) -> dict[str, str]:
        stamp = str(int(time.time() - age_seconds))
        verifier = SignatureVerifier(secret or self._signing_secret)
        signature = verifier.generate_signature(timestamp=stamp, body=body)
        assert signature is not None
        return {
            "Content-Type": content_type,
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": signature,
        }


def _encoded(kind: Kind, body: Json) -> tuple[str, str]:
    form = "application/x-www-form-urlencoded"
    match kind:
        case "events_api":
            return json.dumps(body), "application/json"
        case "slash_commands":
            return urlencode(body), form
        case "interactive":
            return urlencode({"payload": json.dumps(body)}), form


def _answer(text: str) -> Json | None:
    if not text:
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return {"text": text}
    return found if isinstance(found, dict) else {"text": text}
