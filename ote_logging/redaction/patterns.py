"""Find secrets by their own form: provider prefixes, JWT, PEM, URLs, `Bearer`, base64 of a header.

Every function yields findings for one whole text. Each has a gate that costs less than a microsecond for a
text without secrets, and every pattern is linear: bounded or possessive repeats, none inside another.

A provider's token is a run of at least `SHORTEST_TOKEN` token characters. Such runs are found by mapping the
text to bytes (one table look-up a character) and `bytes.find`; only inside them is a pattern tried.

LOCATION: ote_logging/redaction/patterns.py
DEPENDENCIES: late (patterns)
TRACE POINTS: none
"""

import base64
import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from ote_logging.late import late_pattern


class Finding(NamedTuple):
    """Where a secret stands in a text, and which rule says so; never the secret."""

    start: int
    end: int
    rule: str


SHORTEST_TOKEN = 20
_TOKEN_BYTES = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.~"
TO_RUNS = bytes(ord("x") if code in _TOKEN_BYTES else ord(" ") for code in range(256))
RUN = b"x" * SHORTEST_TOKEN

# Rule name -> patterns, parted by blanks. Those with a fixed first letter are tried only where it stands.
_TOKENS = {
    "aws": r"A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{16} ABSK[A-Za-z0-9]{16}",
    "google": r"AIza[\w\-]{30} ya29\.[\w\-]{15} GOCSPX-[\w\-]{20} (?<=1//)0[\w\-]{30}",
    "azure": r"[\w~.]{3}\dQ~[\w~.\-]{30}",
    "alibaba": r"LTAI[A-Za-z0-9]{16}",
    "tencent": r"AKID[A-Za-z0-9]{32}",
    "cloudflare": r"v1\.0-[a-f0-9]{24}-[a-f0-9]{100}",
    "scaleway": r"SCW[A-Z0-9]{17}(?![\w/+=])",
    "yandex": r"AQVN[\w\-]{35} t1\.[\w\-]{20,200}\.[\w\-]{80}",
    "digitalocean": r"do[opr]_v1_[a-f0-9]{32}",
    "anthropic": r"sk-ant-[\w\-]{14}",
    "openai": r"sk-(?=[\w\-]{0,80}\d)[\w\-]{18}",
    "huggingface": r"hf_[A-Za-z0-9]{30} api_org_[A-Za-z0-9]{30}",
    "groq": r"gsk_[A-Za-z0-9]{30}",
    "fireworks": r"fw_(?=[a-z]*[A-Z\d])[A-Za-z0-9]{22,32}(?![\w/+=])",
    "cerebras": r"csk-[a-z0-9]{40}",
    "jina": r"jina_[a-f0-9]{32}",
    "together": r"tgp_v1_[\w\-]{40}",
    "firecrawl": r"fc-[a-f0-9]{32}(?![\w/+=])",
    "replicate": r"r8_[A-Za-z0-9]{30}",
    "perplexity": r"pplx-[A-Za-z0-9]{30}",
    "xai": r"xai-[A-Za-z0-9]{40}",
    "langsmith": r"lsv2_(?:pt|sk)_[a-f0-9]{32}",
    "nvidia": r"nvapi-[\w\-]{40}",
    "pinecone": r"pcsk_\w{40}",
    "tavily": r"tvly-[\w\-]{20}",
    "github": r"gh[pousr]_[A-Za-z0-9]{30} github_pat_\w{30}",
    "gitlab": r"gl(?:pat|dt|rt|rtr|cbt|ptt|ft|imt|agent|soat|oas|ffct)-[\w\-]{16} GR1348941[\w\-]{20}",
    "bitbucket": r"ATBB[A-Za-z0-9]{24} ATCTT3[\w\-]{40}",
    "atlassian": r"ATATT3[\w\-]{40}",
    "stripe": (r"sk_(?:live|test|prod)_[A-Za-z0-9]{12} rk_(?:live|test|prod)_[A-Za-z0-9]{12}"),
    "elevenlabs": r"sk_[a-f0-9]{40}",
    "square": r"sq0(?:atp|csp|idp)-[\w\-]{16} EAAA[\w\-]{56}",
    "razorpay": r"rzp_(?:live|test)_[A-Za-z0-9]{12}",
    "plaid": r"access-(?:sandbox|development|production)-[0-9a-f\-]{36}",
    "shopify": r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}",
    "shippo": r"shippo_(?:live|test)_[a-f0-9]{40}",
    "easypost": r"EZ[AT]K[A-Za-z0-9]{54}",
    "duffel": r"duffel_(?:live|test)_[\w\-]{40}",
    "flutterwave": r"FLWSECK(?:_TEST)?-[A-Za-z0-9]{12}",
    "paddle": r"pdl_(?:live|sdbx)_apikey_\w{26}",
    "slack": r"xox[a-z](?:\.xox[a-z])?-[\w\-]{14} xapp-\d-[\w\-]{14}",
    "discord": (
        r"M[\w\-]{23,27}\.[\w\-]{6}\.[\w\-]{27} N[\w\-]{23,27}\.[\w\-]{6}\.[\w\-]{27} "
        r"O[\w\-]{23,27}\.[\w\-]{6}\.[\w\-]{27}"
    ),
    "telegram": r"(?<=\d:)AA[\w\-]{32}",
    "facebook": r"EAAC[A-Za-z0-9]{60} EAA[A-Za-z0-9]{80}",
    "twitter": r"AAAAAAAAAAAAAAAA[\w%]{40}",
    "twilio": r"SK[0-9a-f]{32}",
    "sendgrid": r"SG\.[\w\-]{16,40}\.[\w\-]{16}",
    "mailgun": r"key-[0-9a-f]{32}",
    "mailchimp": r"[0-9a-f]{32}-us\d{1,2}(?!\w)",
    "brevo": r"xkeysib-[a-f0-9]{40}",
    "postman": r"PMAK-[a-f0-9]{24}-",
    "hubspot": r"pat-(?:na|eu|ap)\d-[0-9a-f]{8}-[0-9a-f\-]{27}",
    "launchdarkly": r"sdk-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f\-]{17}",
    "mapbox": r"sk\.eyJ[\w\-]{20,1000}+\.[\w\-]{10}",
    "dropbox": r"sl\.(?:u\.)?[\w\-]{100}",
    "resend": r"re_[A-Za-z0-9]{8}_[A-Za-z0-9]{16}",
    "npm": r"npm_[A-Za-z0-9]{30}",
    "pypi": r"pypi-[\w\-]{40}",
    "rubygems": r"rubygems_[a-f0-9]{40}",
    "clojars": r"CLOJARS_[a-z0-9]{40}",
    "octopus": r"API-[A-Z0-9]{25,26}(?![\w/+=\-])",
    "sourcegraph": r"sgp_(?:[a-f0-9]{16}_|local_)?[a-f0-9]{40}",
    "crates": r"cio[A-Za-z0-9]{32}(?![\w/+=])",
    "nuget": r"oy2[a-z0-9]{43}(?![\w/+=])",
    "docker": r"dckr_(?:pat|oat)_[\w\-]{16}",
    "artifactory": r"AKCp[A-Za-z0-9]{50}",
    "vault": r"hv[sbr]\.[\w\-]{20}",
    "terraform": r"[A-Za-z0-9]{14}\.atlasv1\.[\w\-]{40}",
    "databricks": r"dapi[a-f0-9]{32}",
    "openshift": r"sha256~[\w\-]{43}",
    "swarm": r"SWMTKN-1-[a-z0-9]{50}",
    "prefect": r"pn[ub]_[A-Za-z0-9]{36}",
    "infracost": r"ico-[A-Za-z0-9]{32}(?![\w/+=])",
    "aiven": r"AVNS_[\w\-]{15}",
    "neon": r"napi_[a-z0-9]{60}",
    "readme": r"rdme_[a-z0-9]{40}",
    "honeycomb": r"hca[il]k_\w{50}",
    "doppler": r"dp\.(?:pt|st|ct|sa|scim|audit)\.[\w.]{30}",
    "pulumi": r"pul-[a-f0-9]{40}",
    "newrelic": r"NR(?:AK|II|JS|RA)-[A-Za-z0-9\-]{20}",
    "grafana": r"glsa_[A-Za-z0-9_]{30} glc_eyJ[A-Za-z0-9]{13}",
    "sentry": r"sntryu_[A-Za-z0-9]{30} sntrys_eyJ[A-Za-z0-9]{10}",
    "linear": r"lin_(?:api|oauth)_[A-Za-z0-9]{30}",
    "notion": r"ntn_[A-Za-z0-9]{40} secret_[A-Za-z0-9]{43}",
    "figma": r"fig[dour]+_[\w\-]{30}",
    "airtable": r"pat[A-Za-z0-9]{14}\.[a-f0-9]{60}",
    "supabase": r"sbp_[a-f0-9]{40} sb_secret_[\w\-]{20}",
    "planetscale": r"pscale_(?:tkn|pw|oauth)_[\w.\-]{30}",
    "netlify": r"nfp_[A-Za-z0-9]{30}",
    "heroku": r"HRKU-[\w\-]{30}",
    "fly": r"fo1_[\w\-]{30} fm1[ar]_[\w\-]{14}",
    "dynatrace": r"dt0[a-z]\d{2}\.[A-Z0-9]{24}\.[A-Z0-9]{40}",
    "sonar": r"sq[uap]_[a-f0-9]{40}",
    "age": r"AGE-SECRET-KEY-1[A-Z0-9]{40}",
    "onepassword": (
        r"ops_eyJ[A-Za-z0-9]{13} "
        r"A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})(?:-[A-Z0-9]{5}){3}(?!\w)"
    ),
    "contentful": r"CFPAT-[\w\-]{40}",
    "typeform": r"tfp_[\w.\-]{40}",
    "tailscale": r"tskey-[a-z]{2,20}-[\w\-]{14}",
    "posthog": r"phx_\w{40}",
    "buildkite": r"bkua_[a-f0-9]{40}",
    "circleci": r"CCIPAT_\w{22}_[a-f0-9]{30}",
    "jwt": r"eyJ[\w\-]{8,1000}+\.(?:eyJ[\w\-]{6}|[\w\-]{0,1000}+\.[\w\-]{10,1000}+\.)",
}


@cache
def _by_first_letter() -> tuple[str, tuple[str, ...]]:
    """One alternation of all patterns, one group each, sorted by first letter; and the rule of each group."""
    letters: dict[str, list[tuple[str, str]]] = {}
    for rule, patterns in _TOKENS.items():
        for pattern in patterns.split():
            letters.setdefault(pattern[0] if pattern[0].isalnum() else "", []).append((rule, pattern))
    branches = [
        letter + "(?:" + "|".join(f"({pattern[len(letter) :]})" for _, pattern in group) + ")"
        for letter, group in letters.items()
    ]
    return "|".join(branches), tuple(rule for group in letters.values() for rule, _ in group)


_BEFORE = r"(?<![A-Za-z0-9])"
# An escape ends in a letter or digit that belongs to no token: `\n`, `\u0022`, `%3D`, `ESC[31m`.
_AFTER_ESCAPE = (
    r"(?:(?<=\\)(?:[nrtfb]|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2})|(?<=%)[0-9A-Fa-f]{2}|(?<=[\[;])\d{0,2}m)"
)


@cache
def _token(lead: str) -> re.Pattern[str]:
    """The pattern of all tokens behind ``lead``; 4 ms to compile, so not before a text asks for it."""
    alternatives, _ = _by_first_letter()
    return re.compile(f"{lead}(?:{alternatives})", re.ASCII)


_REST = late_pattern(r"[\w~+/=\-]*+", re.ASCII)
_AFTER_JWT = late_pattern(r"[\w.~+/=\-]*+", re.ASCII)

TOKEN_RULES = tuple(_TOKENS)


def tokens(text: str, mapped: bytes) -> list[Finding]:
    """Tokens with the prefix of a known service; ``mapped`` is ``text`` through `TO_RUNS`."""
    found: list[Finding] = []
    start = mapped.find(RUN)
    while start >= 0:
        end = mapped.find(b" ", start)
        end = len(mapped) if end < 0 else end
        _collect(text, start, end, found)
        start = mapped.find(RUN, end)
    return found


def _collect(text: str, start: int, end: int, found: list[Finding]) -> None:
    """Add the tokens of one run of token characters to ``found``."""
    match = _token(_AFTER_ESCAPE).match(text, start, end) if text[start - 1] in "\\%[;" else None
    search = _token(_BEFORE).search
    match = match or search(text, start, end)
    while match:
        found.append(_whole_token(text, match))
        match = search(text, found[-1].end, end)


def _whole_token(text: str, match: re.Match[str]) -> Finding:
    """The token with all that follows without a break: a pattern asks for the least a token has."""
    _, rule_of_group = _by_first_letter()
    rule = rule_of_group[(match.lastindex or 1) - 1]
    rest = (_AFTER_JWT if rule == "jwt" else _REST).match(text, match.end())
    return Finding(match.start(), rest.end() if rest else match.end(), rule)


def _phases(word: bytes) -> tuple[str, ...]:
    """The three forms in which base64 can contain ``word``, without the characters its neighbours decide."""
    return tuple(
        base64.b64encode(b"\0" * shift + word + b"\0\0").decode()[(0, 2, 3)[shift] :].rstrip("=")[: len(word)]
        for shift in range(3)
    )


_BASE64_OF_HEADER = _phases(b"uthorization")
_BASE64 = late_pattern(r"[A-Za-z0-9+/_\-]{20,}+={0,2}")
# Their bodies have `+`, `/` or `$` at any place, which part the runs.
_ENCODED = {"whsec_": "stripe", "fm2_": "fly", "access_token$": "braintree"}
_ENCODED_BODY = late_pattern(r"[A-Za-z0-9+/_$\-]{20,}+={0,2}", re.ASCII)
_HOOKS = late_pattern(
    r"hooks\.slack\.com/(?:services|workflows|triggers)/[\w/+\-]{20,200}"
    r"|/api/(?:v\d{1,2}/)?webhooks/\d{5,25}/[\w\-]{20,200}"
    r"|webhook\.office\.com/webhookb2/[\w@/\-]{30,300}",
    re.ASCII,
)


def encoded_tokens(text: str) -> Iterator[Finding]:
    """Yield tokens whose bodies are no run of token characters."""
    for prefix, rule in _ENCODED.items():
        start = text.find(prefix)
        while start >= 0:
            body = _ENCODED_BODY.match(text, start + len(prefix))
            end = body.end() if body else start + len(prefix)
            if body:
                yield Finding(start, end, rule)
            start = text.find(prefix, end)


def encoded_headers(text: str) -> Iterator[Finding]:
    """Yield base64 that holds an `Authorization` header, whichever way it falls on the four characters."""
    first, second, third = _BASE64_OF_HEADER
    if first in text or second in text or third in text:
        for match in _BASE64.finditer(text):
            if any(form in match[0] for form in _BASE64_OF_HEADER):
                yield Finding(match.start(), match.end(), "base64")


def hooks(text: str) -> Iterator[Finding]:
    """Yield webhook addresses of chat services: who has the address may write."""
    if "hook" in text:
        for match in _HOOKS.finditer(text):
            yield Finding(match.start(), match.end(), "webhook")


PLACEHOLDER = late_pattern(
    r"\[REDACTED(?::[\w\-]{1,64})?\]|[*•.x#\-_?]+|\$\{.{0,80}\}?|\$[A-Z_][A-Z0-9_]*"
    r"|\{{1,2} ?[A-Za-z_.]{0,60} ?\}{0,2}|%(?:\(\w*\))?[sdr]|<[\w \-.]{0,60}>",
    re.DOTALL,
)
"""What stands for a secret: stars, a marker, a variable, a field of a template."""
_USERINFO = late_pattern(r"://(?:[^\s/?#\"'<>@:]{0,256}:([^\s/?#\"'<>]{1,1024})|([\w\-.~%]{20,256}))@")
# A database's password may have `/` and `@` in it; a web address may have an `@` in its path.
_DATABASE = late_pattern(
    r"(?<![Hh]ttp)(?<!https)(?<!wss)(?<!ws)://[^\s/?#\"'<>@:]{0,256}:(?!\d{1,5}/)([^\s\"'<>]{1,512})@(?=[\w.\-\[])"
)


_CODE_OF_LOGIN = late_pattern(r"[?&]code=([\w\-./%~]{16,2048})")
_ORACLE = late_pattern(r":thin:[^\s/@\"']{1,128}/([^\s@\"']{1,128})@")


def urls(text: str) -> Iterator[Finding]:
    """Yield the password of `scheme://user:password@host`, a token in the user's place, a login's code."""
    if "@" in text:
        for pattern in (_USERINFO, _DATABASE):
            for match in pattern.finditer(text):
                start, end = match.span(match.lastindex or 0)
                is_marker = text.startswith("[REDACTED", match.start() + len("://"))
                if not is_marker and not PLACEHOLDER.fullmatch(text, start, end):
                    yield Finding(start, end, "url")
    for gate, pattern in (("code=", _CODE_OF_LOGIN), (":thin:", _ORACLE)):
        if gate in text:
            for match in pattern.finditer(text):
                yield Finding(match.start(1), match.end(1), "url")


SHORTEST_CREDENTIAL = 8
_SCHEME = late_pattern(
    r"(?<![A-Za-z])(?i:(?P<bearer>bearer)|(?P<basic>basic)) {1,4}"
    rf"(?P<value>[\w.~+/=\-]{{{SHORTEST_CREDENTIAL},}})"
)
_PARAMETER = late_pattern(r"[A-Za-z_]{2,40}=[^=]")
_WORDLIKE = late_pattern(r"[A-Za-z][a-z]{0,30}(?:[-/][A-Za-z]?[a-z]{1,30}){0,4}[.]?\Z")


def schemes(text: str) -> Iterator[Finding]:
    """Yield what follows `Bearer` or `Basic` and is no word of a sentence."""
    for match in _SCHEME.finditer(text):
        if not _WORDLIKE.match(match["value"]) and not _PARAMETER.match(match["value"]):
            yield Finding(match.start("value"), match.end(), "bearer" if match["bearer"] else "basic")


_PEM = late_pattern(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    r"[^\"'<>{}]*?(?:-----END [A-Z0-9 ]{0,60}-----|(?=[\"'<>{}])|\Z)"
)
_PEM_END = late_pattern(r"-----(?:KCOLB )?YEK ETAVIRP[A-Z0-9 ]{0,40} DNE-----[A-Za-z0-9+/=\\\s]*+")


def pem(text: str) -> Iterator[Finding]:
    """Yield private keys in PEM form, also when cut at either end."""
    if "PRIVATE KEY" in text:
        for match in _PEM.finditer(text):
            yield Finding(match.start(), match.end(), "pem")
        for match in _PEM_END.finditer(text[::-1]):
            yield Finding(len(text) - match.end(), len(text) - match.start(), "pem")


_PUTTY = late_pattern(r"Private-Lines: \d{1,4}[\s\\rn]{1,8}([A-Za-z0-9+/=\s\\]++)")


def putty(text: str) -> Iterator[Finding]:
    """Yield private keys in PuTTY's form: base64 up to the next name, whose first word goes with them."""
    if "Private-Lines" in text:
        for match in _PUTTY.finditer(text):
            yield Finding(match.start(1), match.end(1), "putty")


_EMAIL = late_pattern(r"(?<![\w.+\-])[\w.+\-]{1,64}@[A-Za-z0-9\-]{1,63}(?:\.[A-Za-z0-9\-]{1,63}){1,8}")


def emails(text: str) -> Iterator[Finding]:
    """Yield e-mail addresses; used only when asked for."""
    if "@" in text:
        for match in _EMAIL.finditer(text):
            yield Finding(match.start(), match.end(), "email")
