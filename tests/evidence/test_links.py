"""Pages that a question links to: public ones are read, and nothing has the bot ask any other."""

import gzip
import socket
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Unreadable
from bot.evidence.addresses import Checked, is_public
from bot.evidence.links import Web
from bot.evidence.mentioned import links_in
from tests.evidence import made, sites
from tests.evidence.sites import (
    PRIVATE,
    PUBLIC,
    Internet,
    Serve,
    article,
    data,
    internet,
    leads_to,
    page,
    watched,
)


@pytest.fixture
async def world() -> AsyncIterator[Internet]:
    async with internet() as world:
        yield world


async def refused(world: Internet, link: str, seconds: float = 10.0) -> str:
    """Why it is not read, once it is sure that nothing private was reached."""
    with watched() as connected, pytest.raises(Unreadable) as caught:
        await world.reader(seconds).read(link)
    assert set(connected) <= {PUBLIC}
    assert world.private_asked == []
    return str(caught.value)


# What is read


async def test_the_words_of_a_page_are_read_without_what_is_around_them(world: Internet) -> None:
    world.pages["/page"] = page(article("Grass is green because of chlorophyll, as is moss."))
    with watched() as connected:
        read = await world.reader().read(world.url())
    assert "Grass is green because of chlorophyll" in read.text
    assert "Imprint" not in read.text
    assert world.paths() == ["/robots.txt", "/page"]
    assert set(connected) == {PUBLIC}


@pytest.mark.parametrize(
    ("serve", "text"),
    [
        (page("Just words.", "text/plain"), "Just words."),
        (page('{"a": 1}', "application/json"), '{"a": 1}'),
        (page("a,b\n1,2\n", "text/csv"), "a,b\n1,2\n"),
        (data(made.pdf("Grass is green."), "application/pdf"), "Grass is green."),
        (
            data(gzip.compress(b"Packed words."), "text/plain", Content_Encoding="gzip"),
            "Packed words.",
        ),
    ],
)
async def test_text_and_documents_are_read(world: Internet, serve: Serve, text: str) -> None:
    world.pages["/page"] = serve
    assert (await world.reader().read(world.url())).text == text


async def test_it_follows_to_another_public_page(world: Internet) -> None:
    world.pages["/page"] = leads_to("/there", 301)
    world.pages["/there"] = leads_to(world.url("/end", "other.example"), 307)
    world.pages["other.example/end"] = page("The end.", "text/plain")
    assert (await world.reader().read(world.url("/page#part"))).text == "The end."
    assert world.paths("other.example") == ["/robots.txt", "/end"]


async def test_nothing_of_one_step_is_told_to_the_next(world: Internet) -> None:
    world.pages["/page"] = page("moved", status=302, Location="/end", Set_Cookie="id=1; Path=/")
    world.pages["/end"] = page("The end.", "text/plain")
    await world.reader().read(world.url())
    for request in world.asked["site.example"]:
        assert not {"Cookie", "Referer", "Authorization"} & set(request.headers)
        assert request.headers["User-Agent"].startswith("CouncilBot/")


# Addresses that are nobody's business

PRIVATE_HOSTS = [
    "127.0.0.1",
    "127.0.0.9",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "224.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    "[fe80::1]",
    "[fe80::1%25lo]",
    "[fc00::1]",
    "[ff02::1]",
    # As some libraries still read addresses.
    "2130706433",
    "127.1",
    "0177.0.0.1",
    "１２７.0.0.1",
    "127.0.0.1.",
    "127.0.0.1..",
    "127。0。0。1",
    # Where machines in a cloud are told of themselves.
    "168.63.129.16",
    "100.100.100.200",
    "192.0.0.192",
    "[fd00:ec2::254]",
    "[::ffff:169.254.169.254]",
    "[64:ff9b:1::a9fe:a9fe]",
]


@pytest.mark.parametrize("host", PRIVATE_HOSTS)
async def test_an_address_that_is_not_public_is_not_asked(world: Internet, host: str) -> None:
    assert await refused(world, world.url(host=host))
    assert world.looked_up == []


@pytest.mark.parametrize("host", PRIVATE_HOSTS)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_nor_where_a_page_leads_there(world: Internet, host: str, status: int) -> None:
    world.pages["/page"] = leads_to(world.url("/secret", host), status)
    assert await refused(world, world.url())


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["169.254.169.254"],
        [PUBLIC, "127.0.0.1"],
        ["10.0.0.1", PUBLIC],
        ["fe80::1%lo"],
        ["no address"],
    ],
)
@pytest.mark.parametrize(
    "host",
    [
        "inside.example",
        "inside.example.",
        "0x7f.1",
        "localhost",
        "localhost.",
        "0x7f000001",
        "metadata.google.internal",
        "xn--80ak6aa92e.example",
    ],
)
async def test_a_name_that_means_such_an_address_is_not_asked(
    world: Internet, addresses: list[str], host: str
) -> None:
    world.names[host] = [addresses]
    assert "not public" in await refused(world, world.url(host=host))


async def test_what_a_name_means_to_the_system_itself_is_checked() -> None:
    with watched() as connected, pytest.raises(Unreadable, match="not public"):
        await Web(seconds=10.0).read("http://localhost/")
    assert connected == []


async def test_a_name_in_any_script_is_asked_as_it_is_known(world: Internet) -> None:
    world.pages["/page"] = page("Words.", "text/plain")
    await world.reader().read(world.url(host="bücher.example"))
    assert set(world.looked_up) == {"xn--bcher-kva.example"}


async def test_a_name_that_changes_its_meaning_is_checked_at_each_connection(
    world: Internet,
) -> None:
    world.names["site.example"] = [[PUBLIC], [PRIVATE]]
    world.pages["/page"] = page("Words.", "text/plain")
    assert "not public" in await refused(world, world.url())
    assert world.looked_up == ["site.example"] * 2


async def test_a_name_that_changes_its_meaning_on_the_way_is_not_followed(world: Internet) -> None:
    world.names["site.example"] = [[PUBLIC], [PUBLIC], [PRIVATE]]
    world.pages["/page"] = leads_to("/page")
    assert "not public" in await refused(world, world.url())


async def test_robots_that_lead_inside_are_not_followed(world: Internet) -> None:
    world.pages["/robots.txt"] = leads_to(world.url("/robots.txt", PRIVATE))
    assert "not public" in await refused(world, world.url())


async def test_the_last_word_is_had_where_the_connection_is_made() -> None:
    with pytest.raises(PermissionError):
        Checked().socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80)))


@pytest.mark.parametrize(
    "link",
    [
        "http://site.example:22/",
        "http://user:password@site.example:{port}/page",
        "ftp://site.example:{port}/page",
        "file:///etc/passwd",
        "gopher://site.example:{port}/",
        "http://:{port}/",
        "http:///page",
        "http://site.example:99999999/",
        "http://[broken/",
    ],
)
async def test_what_is_no_address_of_the_web_is_not_asked(world: Internet, link: str) -> None:
    assert await refused(world, link.format(port=world.port))
    world.pages["/page"] = leads_to(link.format(port=world.port))
    assert await refused(world, world.url())
    assert set(world.paths()) == {"/robots.txt", "/page"}


async def test_a_name_that_is_not_known_is_said(world: Internet) -> None:
    assert "not known" in await refused(world, world.url(host="gone.invalid"))


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("8.8.8.8", True),
        ("2606:2800:21f:cb07::1", True),
        ("240.0.0.1", False),
        ("192.0.0.9", False),
        ("192.0.0.192", False),
        ("168.63.129.16", False),
        ("198.18.0.1", False),
        ("192.88.99.1", False),
        ("::ffff:8.8.8.8", False),
        ("2001:db8::1", False),
        ("3fff::1", False),
        ("fec0::1", False),
        ("site.example", False),
        ("", False),
    ],
)
def test_only_what_strangers_reach_is_public(address: str, public: bool) -> None:
    assert is_public(address) is public


@given(st.ip_addresses(v=4))
def test_any_address_of_version_4_within_one_of_version_6_is_refused(address: object) -> None:
    assert not is_public(f"::ffff:{address}")


# Too much, too slow, too far


@pytest.mark.parametrize(
    ("serve", "why"),
    [
        (sites.endless, "larger than 5"),
        (sites.says_ten_gigabytes, "larger than 5"),
        (data(sites.gzip_bomb(), "text/plain", Content_Encoding="gzip"), "larger than 5"),
        (data(sites.deflate_bomb(), "text/html", Content_Encoding="deflate"), "larger than 5"),
        (data(b"no gzip", "text/plain", Content_Encoding="gzip"), "could not be fetched"),
        (data(b"x", "text/plain", Content_Encoding="gzip, gzip"), "neither a page nor text"),
        (page("moved", status=302, X_Long="x" * 100_000), "could not be fetched"),
        (page("<div>" * 300_000), "no text"),
        (leads_to("http://[broken"), "no address of the web"),
        (leads_to("//user:password@site.example/"), "no address of the web"),
        (data(b"x", "text/plain", Content_Encoding="br"), "neither a page nor text"),
        (data(b"\x89PNG", "image/png"), "neither a page nor text"),
        (data(b"x", "application/octet-stream"), "neither a page nor text"),
        (data(b"\x89PNG\r\n", "text/html"), "no text"),
        (data(b"GIF89a", "text/plain"), "can be read"),
        (data(b"", "text/plain"), "empty"),
        (data(b"not one", "application/pdf"), "not what its name says"),
        (page("gone", status=410), "status 410"),
        (page("oh", status=500), "status 500"),
        (leads_to("/page"), "on and on"),
        (leads_to(""), "status 302"),
    ],
)
async def test_what_cannot_be_read_is_refused_with_a_sentence(
    world: Internet, serve: Serve, why: str
) -> None:
    world.pages["/page"] = serve
    assert why in await refused(world, world.url())


@pytest.mark.parametrize("path", ["/page", "/robots.txt"])
async def test_nobody_waits_for_what_drips(world: Internet, path: str) -> None:
    world.pages[path] = sites.drip
    assert "could not be fetched" in await refused(world, world.url(), seconds=0.5)


async def test_endless_redirects_end(world: Internet) -> None:
    for n in range(20):
        world.pages[f"/page{n}"] = leads_to(f"/page{n + 1}")
    assert "on and on" in await refused(world, world.url("/page0"))
    assert len(world.paths()) == 7


# Whoever wants not to be read


async def test_robots_are_heard_before_a_page_is_asked_for(world: Internet) -> None:
    world.pages["/robots.txt"] = page("User-agent: *\nDisallow: /pa*e\n", "text/plain")
    world.pages["/page"] = page("Words.", "text/plain")
    assert "does not want" in await refused(world, world.url())
    assert world.paths() == ["/robots.txt"]


async def test_robots_of_where_a_page_leads_are_heard_too(world: Internet) -> None:
    world.pages["/page"] = leads_to(world.url("/end", "other.example"))
    world.pages["other.example/robots.txt"] = page(
        "User-agent: CouncilBot\nDisallow: /", "text/plain"
    )
    world.pages["other.example/end"] = page("Words.", "text/plain")
    assert "does not want" in await refused(world, world.url())
    assert world.paths("other.example") == ["/robots.txt"]


async def test_where_robots_cannot_be_had_nothing_is_asked_for(world: Internet) -> None:
    world.pages["/robots.txt"] = page("oh", status=503)
    world.pages["/page"] = page("Words.", "text/plain")
    assert "does not want" in await refused(world, world.url())


# Which links


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("See https://a.example/x.", ["https://a.example/x"]),
        ("(https://a.example/x)", ["https://a.example/x"]),
        ("https://a.example/x_(y), really", ["https://a.example/x_(y)"]),
        ("[label](https://a.example/x)", ["https://a.example/x"]),
        ("<https://a.example/x?y=1&z=2>", ["https://a.example/x?y=1&z=2"]),
        ("https://a.example https://a.example", ["https://a.example"]),
        ("`https://a.example`", ["https://a.example"]),
        ("ftp://a.example a.example mailto:a@b.example", []),
        ("https://" + "a" * 3_000, []),
    ],
)
def test_links_are_found_as_people_write_them(text: str, links: list[str]) -> None:
    assert links_in(text) == links


@given(st.text())
def test_any_text_has_links_or_none(text: str) -> None:
    assert all(link.lower().startswith("http") for link in links_in(text))
