"""Which addresses of the network are everybody's, and the connection to them alone.

Whatever goes wrong, "public": nothing that a link says has the bot ask a machine that strangers do
not reach.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from aiohappyeyeballs import AddrInfoType
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.errors import Unreadable
from bot.language import N_, _

# Global unicast is here, and in no other range; of it these lead to whatever IPv4 address is written
# in them, or nowhere. Source: IANA, IPv6 Special-Purpose Address Registry.
_UNICAST = IPv6Network("2000::/3")
# Source: IANA, IPv4 Special-Purpose Address Registry, of which older versions of Python know not all.
_SPECIAL = (
    IPv4Network("192.0.0.0/24"),  # a cloud's machines are told of themselves there
    IPv4Network("192.88.99.0/24"),  # deprecated, and leads to 6to4
    # Theirs in Azure, though it looks public. Source: learn.microsoft.com, "What is IP address
    # 168.63.129.16".
    IPv4Network("168.63.129.16/32"),
)
_LEADS_ELSEWHERE = (
    IPv6Network("2001::/23"),
    IPv6Network("2001:db8::/32"),
    IPv6Network("2002::/16"),
    IPv6Network("3fff::/20"),
)

_PRIVATE = N_("It leads to an address that is not public.")
_UNKNOWN = N_("Its server is not known.")

# The addresses of a host, however often it is asked.
Resolve = Callable[[str], Awaitable[Sequence[str]]]


def is_public(address: str) -> bool:
    """Whether strangers reach it. False for what is no address, and for whatever is special."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv4Address):
        special = any(found in network for network in _SPECIAL)
        return found.is_global and not (special or found.is_multicast or found.is_reserved)
    return _is_public_ipv6(found)


def _is_public_ipv6(found: IPv6Address) -> bool:
    if found.scope_id or found not in _UNICAST:
        return False
    return found.is_global and not any(found in network for network in _LEADS_ELSEWHERE)


async def resolve(host: str) -> list[str]:
    """As the system does. Raises `OSError`."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for _, _, _, _, address in found))


@dataclass(slots=True)
class Checked(AbstractResolver):
    """Gives addresses that were checked, to whoever connects to them then and there: a name that means
    another address a moment later is asked for, and checked, again."""

    names: Resolve = resolve
    allows: Callable[[str], bool] = is_public

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Raises `Unreadable` where any of them is not public."""
        try:
            addresses = await self.names(host)
        except (OSError, UnicodeError):
            addresses = ()
        if not addresses:
            raise Unreadable(_(_UNKNOWN))
        if not all(map(self.allows, addresses)):
            raise Unreadable(_(_PRIVATE))
        return [_result(host, address, port) for address in addresses]

    def check(self, host: str) -> None:
        """A host that is an address, or that libraries take for one, is asked of no resolver. Raises
        `Unreadable`."""
        is_address = ":" in host or host.replace(".", "").isdigit()
        if is_address and not self.allows(host):
            raise Unreadable(_(_PRIVATE))

    def socket(self, to: AddrInfoType) -> socket.socket:
        """For a connection that is made next: the last word, whatever led there. Raises `OSError`."""
        family, kind, protocol, _, address = to
        if not self.allows(str(address[0])):
            raise PermissionError
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        return made

    async def close(self) -> None:
        pass


def _result(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(
        hostname=host,
        host=address,
        port=port,
        family=family,
        proto=socket.IPPROTO_TCP,
        flags=socket.AI_NUMERICHOST,
    )
