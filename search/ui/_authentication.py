"""Authentication of requests to a server on loopback: a password, and no requests from pages of other origins."""

import hmac
from base64 import b64encode
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Header = tuple[bytes, bytes]

USER_NAME = "xlt"
ENTRY_PATH = "/open"
"""Redirects to an address without the password: browsers refuse the requests of a page whose address has one."""
LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")
_CONTENT_SECURITY_POLICY = (
    b"default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; form-action 'self'; base-uri 'none'"
)
"""Notes and artifacts, which others may have written, can load nothing from other hosts. Links that the user follows still work."""


class AuthenticationMiddleware:
    """ASGI middleware with HTTP basic authentication for every path of an app.

    Browsers keep basic authentication apart by port, unlike cookies. Requests that a page of another host or port makes are refused.
    """

    def __init__(self, app: App, password: str) -> None:
        self._app = app
        self._expected_header = b"Basic " + b64encode(f"{USER_NAME}:{password}".encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request; other connections are not served."""
        if scope["type"] != "http":
            return
        hosts, authorization = get_header_values(scope, b"host"), get_header_values(scope, b"authorization")
        if len(hosts) != 1 or not is_loopback(hosts[0]):
            await _send_response(send, 403, "use the address 127.0.0.1 or localhost")
        elif is_cross_origin(scope, hosts[0]):
            await _send_response(send, 403, "requests from pages of other servers are refused")
        elif len(authorization) != 1 or not hmac.compare_digest(authorization[0], self._expected_header):
            challenge = (b"www-authenticate", b'Basic realm="xlt ui", charset="UTF-8"')
            await _send_response(
                send, 401, f"the user is {USER_NAME}, the password is in the link that xlt ui printed", challenge
            )
        elif scope["path"] == ENTRY_PATH:
            await _send_response(send, 302, "", (b"location", b"http://" + hosts[0] + b"/"))
        else:
            await self._app(scope, receive, _add_security_policy(send))


def get_header_values(scope: Scope, name: bytes) -> Sequence[bytes]:
    """All values of a header."""
    return [value for key, value in scope["headers"] if key == name]


def is_loopback(host: bytes) -> bool:
    """Whether a request's ``Host`` is the loopback address, at any port: a port may be forwarded to this one."""
    try:
        parts = urlsplit(f"//{host.decode('ascii')}")
        _ = parts.port
    except ValueError:
        return False
    return (
        parts.hostname in LOOPBACK_HOSTS
        and parts.username is None
        and not (parts.path or parts.query or parts.fragment)
    )


def is_cross_origin(scope: Scope, host: bytes) -> bool:
    """Whether a page of another origin makes the request. Following a link to the start page is allowed."""
    if any(origin != b"http://" + host for origin in get_header_values(scope, b"origin")):
        return True
    if all(site in (b"same-origin", b"none") for site in get_header_values(scope, b"sec-fetch-site")):
        return False
    is_followed_link = get_header_values(scope, b"sec-fetch-mode") == [b"navigate"] and get_header_values(
        scope, b"sec-fetch-dest"
    ) == [b"document"]
    return not (is_followed_link and scope["method"] == "GET" and scope["path"] in ("/", ENTRY_PATH))


def _add_security_policy(send: Send) -> Send:
    async def send_with_policy(message: Any) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), (b"content-security-policy", _CONTENT_SECURITY_POLICY)]
        await send(message)

    return send_with_policy


async def _send_response(send: Send, status: int, text: str, *headers: Header) -> None:
    kind = (b"content-type", b"text/plain; charset=utf-8")
    await send({"type": "http.response.start", "status": status, "headers": [kind, *headers]})
    await send({"type": "http.response.body", "body": f"{text}\n".encode()})
