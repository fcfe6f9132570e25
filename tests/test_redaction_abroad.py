"""The rules against a corpus they were not made from: what they miss, what they hide too much, what it costs.

LOCATION: tests/test_redaction_abroad.py
DEPENDENCIES: ote_logging.redaction, tests/secrets_abroad.py
TRACE POINTS: none
"""

import time
from collections.abc import Callable, Iterator

import pytest
import secrets_abroad as corpus

from ote_logging.redaction import Redactor

SEEDS = range(3)
Made = Callable[[int], Iterator[corpus.Fake]]


@pytest.fixture
def redactor() -> Redactor:
    return Redactor(environ={})


def leaks(redactor: Redactor, make: Made, seed: int) -> list[tuple[str, str]]:
    """Kind and place of each fake of which a part is left."""
    return [
        (fake.kind, fake.place) for fake in make(seed) if corpus.leaked(fake.secret, redactor.text(fake.text))
    ]


def test_the_corpus_is_large_and_varied() -> None:
    """More than 300 kinds of secrets in 20 to 30 carriers stand against 500 look-alikes."""
    assert len(corpus.TOKENS) + len(corpus.NAMES) + len(corpus.PLACED) >= 300
    assert len(corpus.IN_TEXT) + len(corpus.UNDER_NAMES) >= 30
    assert len(list(corpus.harmless(0))) >= 500


def test_a_leak_is_seen() -> None:
    """Ten characters from the middle of a secret are a leak; its public prefix is none."""
    secret = "ghx_" + "a1B2c3D4e5" * 4

    assert corpus.leaked(secret, "x" + secret[15:25] + "y")
    assert not corpus.leaked(secret, "ghx_ [REDACTED:github]")


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("make", [corpus.tokens, corpus.placed], ids=["tokens", "places"])
def test_no_secret_leaks_that_its_form_or_place_tells(redactor: Redactor, make: Made, seed: int) -> None:
    """Every token of every issuer, private key, URL, header and command is hidden in every carrier."""
    assert leaks(redactor, make, seed) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_hardly_a_value_leaks_under_a_telling_name(redactor: Redactor, seed: int) -> None:
    """Of 1,377 values under secret names, in 17 ways to write a pair, 99.5 % are hidden."""
    assert len(leaks(redactor, corpus.named, seed)) <= 0.005 * len(list(corpus.named(seed)))


@pytest.mark.parametrize("seed", SEEDS)
def test_hardly_a_look_alike_is_hidden(redactor: Redactor, seed: int) -> None:
    """Ids, hashes, sentences and code in many languages stay as they are; one of 200 may not."""
    texts = [fake.text for fake in corpus.harmless(seed)]

    assert len([text for text in texts if redactor.text(text) != text]) <= 0.005 * len(texts)


def test_what_is_redacted_stays_so(redactor: Redactor) -> None:
    """The text with its markers has no secret any more: a second pass changes nothing."""
    cleaned = [
        redactor.text(fake.text) for make in (corpus.tokens, corpus.named, corpus.placed) for fake in make(0)
    ]

    assert [text for text in cleaned if redactor.text(text) != text] == []


HOSTILE = {
    "curl": "curl -",
    "curls": "curl ",
    "zips": "zip ",
    "ldap names": "ldap",
    "mysqls": "mysql",
    "logins": "login ",
    "curl -u": "curl x -u ",
    "curl -u a:": "curl -u a:b ",
    "docker login": " login a -p",
    "mysql": "mysql x -p",
    "mysql quotes": "mysql -p'",
    "redis-cli": "redis-cli -a ",
    "ldap": "ldapsearch -w ",
    "ldaps": "ldapaaaaaaaaaaaaaaaaaaaa -",
    "htpasswd": "htpasswd -b a ",
    "htpasswd options": "htpasswd -bbbbbbbbbbbbbbbb ",
    "zip": "zip -P",
    "openssl": "openssl -pass pass:",
    "password": "password ",
    "password is": "password is aaaaaaaA",
    "password quote": "user password '",
    "identified": "identified with a by '",
    "passwordpassword": "password",
    "netrc": "login a password ",
    "login": "login password ",
    "encoded": "whsec_",
    "encoded bodies": "fm2_aaaaaaaaaaaaaaaaaaaaaa/",
    "braintree": "access_token$",
    "code": "://?code=a@",
    "oracle": "://:thin:a/b",
    "oracle open": ":thin:",
    "putty": "Private-Lines: 1\n",
    "yaml": "name: a\nvalue: ",
    "yaml names": "name: token\n",
    "google": "1//0",
    "mapbox": "sk.eyJ",
    "onepassword": "A3-ABCDEF-",
    "yandex": "t1.aaaaaaaaaaaaaaaaaaaaaa.",
    "sourcegraph": "sgp_",
    "hubspot": "pat-na1-",
    "names": "aA.bB_",
}


@pytest.mark.parametrize("seed", HOSTILE.values(), ids=HOSTILE)
def test_hostile_texts_take_linear_time(redactor: Redactor, seed: str) -> None:
    """400,000 characters made against one pattern take under half a second of processor time."""
    text = " -u asswor alue whsec_ " + seed * (400_000 // len(seed))

    # Three tries: a machine that is busy with something else is no failure.
    assert any(_seconds(lambda: redactor.text(text)) < 0.5 for _ in range(3))
    assert redactor.failures == 0


def _seconds(act: Callable[[], object]) -> float:
    start = time.process_time()
    act()
    return time.process_time() - start
