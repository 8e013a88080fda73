"""The connections to all servers: one pool, whom it trusts, and why one may not come about."""

import os
import ssl
from functools import cache

import httpx
from httpx_aiohttp import HttpxAiohttpClient

from bot.errors import InvalidConfiguration, ModelFailed
from bot.language import N_, _
from bot.models.failures import WRONG_ADDRESS, failed

CONNECT_SECONDS = 10.0
# However fast the clock: a busy machine needs some of its own time to notice that it is connected.
CONNECT_SECONDS_AT_LEAST = 3.0


def unreachable(error: Exception) -> ModelFailed:
    """Nothing came of a connection; what is for the operator to mend is named."""
    if isinstance(error, httpx.InvalidURL):
        return failed("unreachable", advice=WRONG_ADDRESS)
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            reason = f" ({cause.verify_message})" if getattr(cause, "verify_message", "") else ""
            return failed("unreachable", advice=_(_UNTRUSTED, reason=reason))
        if isinstance(cause, ssl.SSLError) and "WRONG_VERSION_NUMBER" in str(cause):
            return failed("unreachable", advice=_NO_TLS)
        cause = cause.__cause__ or cause.__context__
    return failed("unreachable", retryable=True)


_UNTRUSTED = N_(
    "the provider's certificate is not trusted{reason}; if it is your own server, put its "
    "certificate, or that of its authority, into a file and set SSL_CERT_FILE to the "
    "file's path."
)
_NO_TLS = N_(
    "the provider's address begins with https but no TLS is spoken there; try it with http."
)


def pool(connect_seconds: float) -> httpx.AsyncClient:
    """A pool without limits of its own: how long and how much is asked, others decide.

    aiohttp beneath httpx costs half the CPU of httpx's own transport per streamed chunk
    (tests/bench/transports.py). To it 0 connections means no limit, and None a limit of 100.
    """
    return HttpxAiohttpClient(
        timeout=httpx.Timeout(None, connect=connect_seconds),
        limits=httpx.Limits(max_connections=0, keepalive_expiry=30),
        verify=_trust(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")),
        trust_env=True,
    )


@cache  # the authorities are 20 ms of reading
def _trust(file: str | None, folder: str | None) -> ssl.SSLContext:
    """The public authorities, and those of SSL_CERT_FILE and SSL_CERT_DIR beside them: whoever runs
    a server of their own talks to public ones as well."""
    context = httpx.create_ssl_context(trust_env=False)
    try:
        if file or folder:
            context.load_verify_locations(file or None, folder or None)
    except (OSError, ssl.SSLError) as error:
        raise InvalidConfiguration(
            [
                _(
                    "SSL_CERT_FILE or SSL_CERT_DIR holds no certificates that can be read: {error}",
                    error=error,
                )
            ]
        ) from error
    return context
