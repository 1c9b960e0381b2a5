"""The guard of a server on this machine: who is let through, and who is not."""

import asyncio
from base64 import b64encode

import pytest

from search.ui import ENTRY_PATH, USER_NAME
from search.ui._authentication import AuthenticationMiddleware

PASSWORD = "made-for-this-test"
HOST = b"127.0.0.1:5000"
RIGHT = b"Basic " + b64encode(f"{USER_NAME}:{PASSWORD}".encode())


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-app", b"1")]})
    await send({"type": "http.response.body", "body": b"the app's"})


def asked(*headers, path="/ajax-api/2.0/mlflow/runs/search", method="GET", host=HOST, password=RIGHT, kind="http"):
    """The status and the headers of the answer to a request; None if there was none."""
    named = [(b"host", host)] * (host is not None) + [(b"authorization", password)] * (password is not None)
    scope = {"type": kind, "path": path, "method": method, "headers": [*named, *headers]}
    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(AuthenticationMiddleware(app, PASSWORD)(scope, None, send))
    assert (b"the app's" in [message.get("body") for message in sent]) == (bool(sent) and sent[0]["status"] == 200)
    return (sent[0]["status"], dict(sent[0]["headers"])) if sent else None


@pytest.mark.parametrize(
    "password",
    [
        None,
        b"",
        b"Basic",
        b"Basic ",
        b"Basic " + b64encode(b"admin:password1234"),
        b"Basic " + b64encode(f"{USER_NAME}:".encode()),
        b"Basic " + b64encode(f"{USER_NAME}:{PASSWORD} ".encode()),
        b"Basic " + b64encode(f"root:{PASSWORD}".encode()),
        b"Basic \xff\xff",
        b"Bearer " + PASSWORD.encode(),
        RIGHT + b"=",
        RIGHT.lower(),
        b"basic" + RIGHT[5:] + b", " + RIGHT,
    ],
)
@pytest.mark.parametrize("path", ["/", "/health", "/version", "/graphql", "/static-files/x.js", ENTRY_PATH, "//health"])
def test_who_has_not_the_password_sees_nothing_of_any_path(password, path):
    status, headers = asked(path=path, password=password)
    assert status == 401
    assert headers[b"www-authenticate"].startswith(b"Basic ")


def test_two_passwords_are_none():
    assert asked((b"authorization", b"Basic x"))[0] == 401


@pytest.mark.parametrize(
    "host",
    [
        None,
        b"",
        b"evil.example",
        b"evil.example:5000",
        b"127.0.0.1.evil.example",
        b"localhost.evil.example:5000",
        b"10.evil.example",
        b"192.168.1.7:5000",
        b"0.0.0.0:5000",
        b"127.0.0.1:5000@evil.example",
        b"evil.example@127.0.0.1:5000",
        b"evil.example#127.0.0.1",
        b"127.0.0.1/evil.example",
        b"127.0.0.1:x",
        b"[::1",
        b"\xff",
    ],
)
@pytest.mark.parametrize("password", [RIGHT, None])
def test_a_name_that_is_not_this_machines_is_refused(host, password):
    assert asked(host=host, password=password)[0] == 403


@pytest.mark.parametrize("host", [HOST, b"127.0.0.1", b"localhost:8888", b"LOCALHOST", b"[::1]:5000"])
def test_this_machine_may_be_asked_by_its_names_and_forwarded_ports(host):
    status, headers = asked(host=host)
    assert status == 200
    assert headers[b"x-app"] == b"1"
    assert headers[b"content-security-policy"].startswith(b"default-src 'self' ")


@pytest.mark.parametrize(
    "headers",
    [
        [(b"origin", b"http://evil.example")],
        [(b"origin", b"null")],
        [(b"origin", b"http://127.0.0.1:6000")],
        [(b"origin", b"http://localhost:5000")],
        [(b"origin", b"https://127.0.0.1:5000")],
        [(b"origin", b"http://127.0.0.1:5000"), (b"origin", b"http://evil.example")],
        [(b"sec-fetch-site", b"cross-site")],
        [(b"sec-fetch-site", b"same-site")],
        [(b"sec-fetch-site", b"cross-site"), (b"sec-fetch-mode", b"no-cors"), (b"sec-fetch-dest", b"image")],
        [(b"sec-fetch-site", b"cross-site"), (b"sec-fetch-mode", b"navigate"), (b"sec-fetch-dest", b"iframe")],
        [(b"sec-fetch-site", b"cross-site"), (b"sec-fetch-mode", b"navigate"), (b"sec-fetch-dest", b"document")],
        [(b"sec-fetch-site", b"same-origin"), (b"sec-fetch-site", b"cross-site")],
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "DELETE"])
def test_a_page_of_another_server_asks_nothing_with_the_users_password(headers, method):
    assert asked(*headers, method=method)[0] == 403


def test_the_servers_own_pages_ask():
    own = [(b"origin", b"http://" + HOST), (b"sec-fetch-site", b"same-origin")]
    assert asked(*own, method="POST")[0] == 200
    assert asked((b"sec-fetch-site", b"none"))[0] == 200


@pytest.mark.parametrize(("path", "status"), [("/", 200), (ENTRY_PATH, 302), ("/get-artifact", 403)])
def test_a_link_to_the_page_may_be_followed_from_anywhere(path, status):
    followed = [(b"sec-fetch-site", b"cross-site"), (b"sec-fetch-mode", b"navigate"), (b"sec-fetch-dest", b"document")]
    assert asked(*followed, path=path)[0] == status
    assert asked(*followed, path=path, method="POST")[0] == 403


def test_the_entrance_leads_to_an_address_without_the_password():
    status, headers = asked(path=ENTRY_PATH)
    assert (status, headers[b"location"]) == (302, b"http://127.0.0.1:5000/")


@pytest.mark.parametrize("kind", ["websocket", "lifespan"])
def test_connections_of_other_kinds_are_not_served(kind):
    assert asked(kind=kind) is None
