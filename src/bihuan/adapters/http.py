"""Webhooks over HTTP: to public addresses only, to the very address that was checked, without following anything.

Whoever registers an address could otherwise make this server knock on doors that only it can reach, or name a host that
resolves to a harmless address when it is checked and to another when it is used.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address
from time import monotonic
from urllib.parse import SplitResult, urlsplit

from bihuan.desk.ports import NotDelivered, Reply

SECONDS = 10.0
PORTS = {"http": 80, "https": 443}
NAT64 = ipaddress.ip_network("64:ff9b::/96")
Address = IPv4Address | IPv6Address


class HttpPoster:
    """A ``Poster``. ``allowed``: networks that may be reached although they are private."""

    def __init__(self, allowed: Sequence[str] = (), *, seconds: float = SECONDS) -> None:
        self._allowed = [ipaddress.ip_network(one) for one in allowed]
        self._seconds = seconds

    def check(self, url: str) -> None:
        """By its form alone: what a name resolves to is asked at each delivery."""
        literal = _literal(_split(url).hostname or "")
        if literal is not None and not self._may_reach(literal):
            raise _Private(literal)

    def reach(self, url: str) -> None:
        """Also by what the name resolves to now. Raises ``ValueError``, in words."""
        parts = _split(url)
        self._resolve(parts.hostname or "", parts.port or PORTS[parts.scheme])

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        deadline = monotonic() + self._seconds
        try:
            parts = _split(url)
            address = self._resolve(parts.hostname or "", parts.port or PORTS[parts.scheme])
        except ValueError as error:
            raise NotDelivered(str(error)) from None
        connection = _Pinned(parts, address, self._seconds)
        watch = threading.Timer(max(0.1, deadline - monotonic()), connection.abort)
        watch.daemon = True
        watch.start()
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            named = {"Host": parts.netloc, "User-Agent": "bihuan-webhooks/1", "Connection": "close", **headers}
            connection.request("POST", target, body, named)
            answer = connection.getresponse()
            return Reply(answer.status, _seconds(answer.getheader("Retry-After")))
        except (OSError, http.client.HTTPException, ValueError, AttributeError) as error:
            # The last two are what ssl and http.client raise when their socket is shut down under them.
            if not connection.is_aborted and isinstance(error, AttributeError):
                raise
            raise NotDelivered(_why(error, is_late=connection.is_aborted)) from None
        finally:
            watch.cancel()
            connection.close()

    def _resolve(self, host: str, port: int) -> tuple[str, int]:
        """Where to connect: of all addresses of the name the first, and only if every one of them may be reached."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise ValueError(f"{host}: the name cannot be resolved ({error})") from None
        addresses = [str(row[4][0]).partition("%")[0] for row in found]
        for one in addresses:
            if not self._may_reach(ipaddress.ip_address(one)):
                raise _Private(ipaddress.ip_address(one))
        return addresses[0], port

    def _may_reach(self, address: Address) -> bool:
        """An address inside another (IPv4 in IPv6 in its several ways) counts as what it leads to."""
        inner = _inner(address)
        if any(inner in network or address in network for network in self._allowed):
            return not (inner.is_multicast or inner.is_unspecified)
        return address.is_global and inner.is_global and not (inner.is_multicast or inner.is_reserved)


class _Private(ValueError):
    def __init__(self, address: Address) -> None:
        super().__init__(
            f"{address} 是内部地址,不能发往那里;管理员可用 BIHUAN_WEBHOOK_ALLOW_PRIVATE 放行。 {address} is not a"
            " public address; an administrator may allow it with BIHUAN_WEBHOOK_ALLOW_PRIVATE."
        )


class _Pinned(http.client.HTTPConnection):
    """Connects to an address that was resolved and checked before; TLS is still asked for the name."""

    def __init__(self, parts: SplitResult, address: tuple[str, int], seconds: float) -> None:
        super().__init__(parts.hostname or "", address[1], timeout=seconds)
        self._address = address
        self._is_tls = parts.scheme == "https"
        self._own: socket.socket | None = None
        self.is_aborted = False

    def connect(self) -> None:
        plain = socket.create_connection(self._address, self.timeout)
        self._own = plain.dup()
        if self.is_aborted:
            self.abort()
        self.sock = (
            ssl.create_default_context().wrap_socket(plain, server_hostname=self.host) if self._is_tls else plain
        )

    def abort(self) -> None:
        """From another thread, when the time is over: a receiver that dribbles resets every timeout of a socket."""
        self.is_aborted = True
        if self._own is not None:
            with contextlib.suppress(OSError):
                self._own.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        super().close()
        if self._own is not None:
            self._own.close()
            self._own = None


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{url}: 不是地址。 It is no address ({error}).") from None
    if parts.scheme not in PORTS or not parts.hostname:
        raise ValueError(f"{url}: 只能是 http 或 https 地址。 Only http and https addresses are posted to.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise ValueError(f"{url}: 不能带用户名、口令或 #。 No user, password or fragment may be in it.")
    if len(url) > 500 or not url.isascii() or any(ch <= " " or ch == "\x7f" for ch in url) or port == 0:
        raise ValueError(f"{url[:80]}: 写法不对,或超过 500 个字符。 Malformed, or longer than 500 characters.")
    return parts


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _inner(address: Address) -> Address:
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or teredo or address


def _seconds(given: str | None) -> int:
    return int(given) if given is not None and given.isdigit() and len(given) < 7 else 0


def _why(error: Exception, *, is_late: bool) -> str:
    if is_late or isinstance(error, TimeoutError):
        return "no answer in time"
    return f"{type(error).__name__}: {error}"[:200]
