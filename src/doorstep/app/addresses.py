"""Which addresses of the network Doorstep may open a socket to.

A merchant types shop addresses, and vendors' names lead where their owners like: neither may reach into the network
of whoever runs Doorstep. Checked on the address that is connected to, after the name was resolved.
"""

import contextlib
import functools
import ipaddress
import socket
from collections.abc import Mapping

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from django.conf import settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
UNICAST = ipaddress.IPv6Network("2000::/3")  # RFC 4291 2.4: all that IANA gives to the public internet


class PrivateAddress(OSError):
    """The name leads to a private, loopback or link-local address that the operator has not allowed."""


def permit(host: str, port: int, address: str) -> None:
    """Raises PrivateAddress unless ``address``, which ``host`` was resolved to, is public or ``host:port`` is listed in
    ``DOORSTEP_ALLOW_HOSTS``.
    """
    if not public(address) and not allowed(host, port):
        raise PrivateAddress(f"{host} leads to {address}, an address of a private network")


def dial(host: str, port: int, timeout: float) -> socket.socket:
    """A connection to the first address of a name that may be connected to and answers within ``timeout`` seconds.
    Blocks. Raises OSError, and PrivateAddress when the name has no address that is permitted.
    """
    found = [str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    usable = [one for one in found if public(one) or allowed(host, port)]
    if not usable:
        permit(host, port, found[0])
    for address in usable[:-1]:
        with contextlib.suppress(OSError):
            return socket.create_connection((address, port), timeout)
    return socket.create_connection((usable[-1], port), timeout)


def public(address: str) -> bool:
    """Whether an IP address belongs to the public internet, looking through IPv4 inside of IPv6. One that is written
    as only the system's resolver reads it (127.1, 2130706433) does not: nobody honest writes it so. Of IPv6 what is
    outside of ``UNICAST`` does not either: a network may route it inwards (RFC 8215), and Python calls it global.
    """
    try:
        ip = _inner(ipaddress.ip_address(address.partition("%")[0]))
    except ValueError:
        return False
    return ip.is_global and (ip in UNICAST if ip.version == 6 else not ip.is_multicast)


def allowed(host: str, port: int) -> bool:
    """Whether the operator listed ``host:port``, or the demo maps a vendor to it."""
    listed = {item.strip().lower() for item in settings.ALLOW_HOSTS.split(",")}
    name = f"[{host}]" if ":" in host else host.lower()
    return f"{name}:{port}" in listed or f"{name}:{port}" in host_map().values()


def host_map() -> Mapping[str, str]:
    """``DOORSTEP_HOST_MAP`` (demo only): vendor host → ``address:port`` of the sandbox, spoken to in plain HTTP."""
    return _pairs(settings.HOST_MAP)


@functools.lru_cache(maxsize=4)
def _pairs(listed: str) -> Mapping[str, str]:
    pairs = (item.partition("=") for item in listed.split(",") if item.strip())
    return {host.strip().lower(): address.strip().lower() for host, _, address in pairs}


@functools.lru_cache(maxsize=1024)
def literal(host: str) -> bool:
    """Whether a host is written as an IP address, in whatever way; aiohttp may connect to such without asking a
    resolver.
    """
    return ":" in host or host.replace(".", "").isdigit()


class Resolver(AbstractResolver):
    """The system's resolver, giving only addresses that may be connected to."""

    def __init__(self) -> None:
        self._system = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """All permitted addresses of a name. Raises PrivateAddress when it has others only."""
        found = await self._system.resolve(host, port, family)
        usable = [one for one in found if public(one["host"]) or allowed(host, port)]
        if found and not usable:
            permit(host, port, found[0]["host"])
        return usable

    async def close(self) -> None:
        """Nothing to close."""


def _inner(ip: Address) -> Address:
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in NAT64:
            return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else ip)
    return ip
