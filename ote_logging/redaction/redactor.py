"""Replace secrets in texts by `[REDACTED:rule]`: the rules say where, this says how, cheaply and safely.

A text without secrets costs a handful of substring tests and comes back as the same object. A rule that fails
costs the text: `[REDACTED:error]` stands in its place, and the failure is counted.

LOCATION: ote_logging/redaction/redactor.py
DEPENDENCIES: errors (ConfigError), jsonable (bounds), late, redaction: keys, patterns, assignments, values
TRACE POINTS: none
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType

from ote_logging.errors import ConfigError
from ote_logging.jsonable import Limits, jsonable
from ote_logging.late import late_pattern
from ote_logging.redaction import patterns as forms
from ote_logging.redaction.assignments import Assignments
from ote_logging.redaction.keys import KeyRules, words
from ote_logging.redaction.patterns import RUN, SHORTEST_TOKEN, TO_RUNS, Finding
from ote_logging.redaction.places import OPTION, commands, sentences
from ote_logging.redaction.templates import Templates
from ote_logging.redaction.values import ATOMS, ERROR, KEY, Walk, is_blank

_NOTHING: Mapping[str, str] = MappingProxyType({})
_BOUNDED = Limits(depth=48, size=1_000_000)
_SHORT = 8  # below, only `pwd=x1` and the like hold a secret
_SHORTEST_ENVIRONMENT_VALUE = 8
# Names, statuses and paths come again and again; messages do not, and are too long to be worth a look-up.
_REMEMBERED_TEXTS = 2048
_REMEMBERED_LENGTH = 48
_RULE_NAME = late_pattern(r"[a-z][a-z0-9_\-]{0,40}")


class Redactor:
    """Hide secrets in texts and values. Usable from any thread; never raises after it was made.

    ``redactions`` counts what was replaced and ``failures`` how often a rule failed; under many threads at
    once both may fall a little short. For those who must not lose a microsecond: ``known_clean`` holds some
    short texts without secrets, ``templates[text]`` tells whether a template and arguments that are words
    (``are_words``; a text among them has up to ``longest_word`` letters and digits) make no secret.
    """

    def __init__(
        self,
        *,
        keys: Iterable[str] = (),
        patterns: Mapping[str, str] = _NOTHING,
        allow: Iterable[str] = (),
        email: bool = False,
        environ: Mapping[str, str] | None = None,
        custom: Callable[[str], str] | None = None,
    ) -> None:
        """Build the rules once.

        ``keys`` are further secret names, ``allow`` names never hidden (they win); ``patterns`` maps a rule's
        name to a regular expression; ``email`` hides addresses too; ``environ`` (default `os.environ`) gives
        values to hide literally where a variable has a secret name and at least 8 characters; ``custom`` gets
        each text after all rules and returns it, changed or not.

        Raises:
            ConfigError: with every problem of the arguments at once.
        """
        names, allowed = _listed(keys), _listed(allow)
        own, problems = _compiled(patterns)
        problems += _faults("keys", names) + _faults("allow", allowed)
        if custom is not None and not callable(custom):
            problems.append(f"redaction: custom is {type(custom).__name__}; give a callable from str to str")
        if problems:
            raise ConfigError(problems)
        self._keys = KeyRules(names, allowed)
        self._assignments = Assignments(self._keys)
        self._literals = _secret_values(os.environ if environ is None else environ, self._keys)
        self._own, self._email, self._custom = own, email, custom
        self._short = 0 if own or email or custom else _SHORT
        self._has_chosen = bool(self._literals or own or email)
        self.longest_word = self._shortest_secret_word() - 1
        self.templates = Templates(self._may_hold_secret)
        self.known_clean: set[str] = set()
        self.failures = 0
        self.redactions = 0

    def text(self, text: str) -> str:
        """``text`` with every secret replaced; the same object when there is none."""
        if text in self.known_clean:
            return text
        try:
            is_short = len(text) < self._short and "=" not in text and ":" not in text and "-" not in text
            findings = None if is_short else self._findings(text)
            if findings:
                text = self._replaced(text, findings)
            elif len(text) <= _REMEMBERED_LENGTH and not self._custom:
                self._remember(text)
            return text if self._custom is None else self._customised(text, self._custom)
        # Patterns and callable may be the program's own; whatever they raise, the raw text ends here.
        except Exception:
            return self._failed()

    def are_words(self, args: object) -> bool:
        """Whether a message's arguments are numbers and short words, which hold no secret by themselves."""
        if type(args) is not tuple:
            return False
        longest = self.longest_word
        for value in args:
            kind = type(value)
            if kind is str:
                if len(value) > longest or not value.isalnum():
                    return False
            elif kind not in ATOMS:
                return False
        return True

    def find(self, text: str) -> Iterator[Finding]:
        """Yield where secrets stand, in order and without overlaps; each has `start`, `end` and `rule`."""
        return iter(_merged(self._findings(text)))

    def is_secret_key(self, key: str) -> bool:
        """Whether values under ``key`` are hidden whole."""
        return self._keys.is_secret(key)

    def value(self, key: str, value: object) -> object:
        """``value`` with every secret replaced at any depth; the same object when there is none.

        The argument is never changed, iterators are never consumed. What must change is copied: mappings
        become `dict`, objects with fields (dataclasses, attrs, pydantic) become a `dict` of their fields.
        """
        try:
            if self._keys.is_secret(key) and not is_blank(value):
                return self.hide()
            kind = type(value)
            if kind is str:
                return self.text(value)  # type: ignore[arg-type]  # the exact type was asked for, for speed
            return value if kind in ATOMS else self._deep(value)
        # Keys and fields of the program's own objects are read here.
        except Exception:
            return self._failed()

    def hide(self) -> str:
        """The marker for a value under a secret key, counted."""
        self.redactions += 1
        return KEY

    def _shortest_secret_word(self) -> int:
        """Return how many letters and digits a secret has at least that stands by itself."""
        if self._own or self._email or self._custom:
            return 0
        # Not the length of a token: after `Bearer` fewer letters are a secret as well.
        return min(_SHORTEST_ENVIRONMENT_VALUE, forms.SHORTEST_CREDENTIAL)

    def _may_hold_secret(self, text: str) -> bool:
        """Whether the rules find anything, or are such that nothing can be said without the whole text."""
        if self._own or self._email or self._custom or any(map(_is_number, self._literals)):
            return True
        return bool(self._findings(text))

    def _failed(self) -> str:
        self.failures += 1
        return ERROR

    def _deep(self, value: object) -> object:
        walk = Walk(self)
        result = walk.inside(value)
        if walk.met_limit:
            # Nobody writes so much: what is kept of it, with the marks of what is not, is looked at whole.
            return Walk(self).inside(jsonable(value, _BOUNDED))
        # A ring in a copy would lead back to the raw original; walk again and cut it.
        return Walk(self, cut=True).inside(value) if walk.met_ring and result is not value else result

    def _findings(self, text: str) -> list[Finding]:
        found: list[Finding] = []
        if "=" in text or ":" in text:
            found += self._assignments.find(text)
            if "://" in text or ":thin:" in text:
                found += forms.urls(text)
            if "alue" in text:
                found += self._assignments.named(text)
        if "-" in text:
            if "--" in text:
                found += self._assignments.options(text)
                found += forms.pem(text)
            if " -" in text and OPTION.search(text):
                found += commands(text)
        # One letter is found, or not, thirty times as fast as a word: it goes before where it is seldom.
        if "asswor" in text or ("W" in text and "ASSWOR" in text) or ("Y" in text and "DENTIFIED BY" in text):
            found += sentences(text)
        if ("(" in text or "[" in text) and ('"' in text or "'" in text):
            found += self._assignments.pairs(text)
        if "<" in text and "</" in text:
            found += self._assignments.elements(text)
        if "earer " in text or "asic " in text:
            found += forms.schemes(text)
        if len(text) >= SHORTEST_TOKEN:
            # Latin-1 keeps the positions: one character, one byte. `find` is twice as fast as `in` for bytes.
            mapped = text.encode("latin-1", "replace").translate(TO_RUNS)
            if "_" in text and ("whsec_" in text or "fm2_" in text or "access_token$" in text):
                found += forms.encoded_tokens(text)
            if mapped.find(RUN) >= 0:
                found += self._in_runs(text, mapped)
        if self._has_chosen:
            found += self._chosen(text)
        return found

    def _in_runs(self, text: str, mapped: bytes) -> Iterator[Finding]:
        yield from forms.tokens(text, mapped)
        yield from forms.encoded_headers(text)
        yield from forms.hooks(text)
        yield from forms.putty(text)

    def _chosen(self, text: str) -> Iterator[Finding]:
        for literal in self._literals:
            if literal in text:
                yield from _occurrences(text, literal)
        for rule, pattern in self._own:
            for match in pattern.finditer(text):
                yield Finding(match.start(), match.end(), rule)
        if self._email:
            yield from forms.emails(text)

    def _replaced(self, text: str, findings: list[Finding]) -> str:
        pieces, done = [], 0
        for start, end, rule in _merged(findings):
            pieces += [text[done:start], f"[REDACTED:{rule}]"]
            done = end
            self.redactions += 1
        return "".join([*pieces, text[done:]])

    def _customised(self, text: str, custom: Callable[[str], str]) -> str:
        changed = custom(text)
        if not isinstance(changed, str):
            return self._failed()
        if changed == text:
            return text
        self.redactions += 1
        return changed

    def _remember(self, text: str) -> None:
        if len(self.known_clean) >= _REMEMBERED_TEXTS:
            self.known_clean.clear()
        self.known_clean.add(text)


def _merged(findings: list[Finding]) -> list[Finding]:
    """``findings`` in order, those that overlap joined under the rule of the first."""
    merged: list[Finding] = []
    for finding in sorted(findings):
        if finding.start == finding.end:
            continue
        if merged and finding.start < merged[-1].end:
            merged[-1] = merged[-1]._replace(end=max(finding.end, merged[-1].end))
        else:
            merged.append(finding)
    return merged


def _occurrences(text: str, literal: str) -> Iterator[Finding]:
    start = text.find(literal)
    while start >= 0:
        yield Finding(start, start + len(literal), "env")
        start = text.find(literal, start + len(literal))


def _secret_values(environ: Mapping[str, str], keys: KeyRules) -> tuple[str, ...]:
    """Values to hide literally; `PWD` and `OLDPWD` are folders, and a number or path hides too much."""
    return tuple(
        sorted(
            {
                value
                for name, value in environ.items()
                if len(value) >= _SHORTEST_ENVIRONMENT_VALUE
                and not value.startswith("/")
                and keys.is_secret(name)
            }
        )
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _listed(names: Iterable[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _faults(option: str, names: list[str]) -> list[str]:
    return [
        f"redaction: {option} has {name!r}; give names with at least one letter"
        for name in names
        if not isinstance(name, str) or not words(name)
    ]


def _compiled(patterns: Mapping[str, str]) -> tuple[list[tuple[str, re.Pattern[str]]], list[str]]:
    own: list[tuple[str, re.Pattern[str]]] = []
    problems: list[str] = []
    for rule, source in patterns.items():
        try:
            own.append((rule, _pattern(rule, source)))
        except (re.error, TypeError, ValueError, OverflowError, RecursionError) as error:
            problems.append(f"redaction: pattern {rule!r}: {error}")
    return own, problems


def _pattern(rule: str, source: str) -> re.Pattern[str]:
    if not isinstance(rule, str) or not _RULE_NAME.fullmatch(rule):
        raise ValueError("the name becomes part of the marker; use a-z, 0-9, _ and -")
    pattern = re.compile(source)
    if pattern.match(""):
        raise ValueError("it matches the empty text, so it would match everywhere")
    # Only a program with patterns of its own pays for this.
    from ote_logging.redaction.trial import slow_text

    slow = slow_text(pattern)
    if slow:
        raise ValueError(
            f"it takes {slow[0] * 1000:.0f} ms for {slow[1]} characters made against it, and would hang the "
            "program at a longer text; bound its repeats, as in {1,64}, or let one not take what the next may"
        )
    return pattern
