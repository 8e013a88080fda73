"""Ports of this machine."""

import socket
from pathlib import Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def listening_at(port: int) -> set[str]:
    """The addresses of this machine at which somebody listens to this port; Linux tells that."""
    found = set()
    for line in (
        Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
    ).splitlines():
        local, state = line.split()[1], line.split()[3]
        address, _, number = local.partition(":")
        if state == "0A" and int(number, 16) == port:
            bytes_ = bytes.fromhex(address)
            found.add(socket.inet_ntoa(bytes_[::-1]) if len(bytes_) == 4 else address)
    return found
