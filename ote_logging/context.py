"""Who am I: the session, the current span and the bound fields, as one value in one ContextVar.

The only giver of ids. A context is a node that knows the one around it; entering puts it into the
ContextVar, leaving puts the outer one back only where it is still the current one. Elsewhere (a
generator closed in another task, a foreign context) leaving marks it as left, and lookups step
over it: nothing is raised, nothing leaks.

LOCATION: ote_logging/context.py
DEPENDENCIES: none
TRACE POINTS: Context.child() - a span gets its ids; current() - a record asks who it is
"""

import os
import re
from collections.abc import Callable, Container, Iterator, Mapping
from contextvars import ContextVar, Token, copy_context
from functools import wraps
from types import MappingProxyType, TracebackType
from typing import Any, Final, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

SESSION_VARIABLE: Final = "OTE_SESSION_ID"
PARENT_VARIABLE: Final = "TRACEPARENT"

_NO_FIELDS: Final[Mapping[str, Any]] = MappingProxyType({})
_ABSENT: Final = dict.fromkeys(("session_id", "trace_id", "span_id", "parent_id", "operation"), "")
_ZERO: Final = "0" * 16
_POOLED_IDS: Final = 256


class _IdPool:
    """Random hexadecimal ids, taken from the system's generator in bulk.

    One read of the system's generator costs more than 0.5 us; a slice of a large one 0.1 us.
    """

    def __init__(self) -> None:
        self._words: Iterator[str] = iter(())

    def word(self) -> str:
        """Return 16 random hex digits that are not all zero; safe in threads and signal handlers."""
        return next(self._words, None) or self._refill()

    def _refill(self) -> str:
        digits = os.urandom(8 * _POOLED_IDS).hex()
        words = [digits[start : start + 16] for start in range(0, len(digits), 16)]
        # A list iterator is shared by threads without a lock; a generator would raise in the second one.
        self._words = iter([word for word in words if word != _ZERO])
        return next(self._words)

    def clear(self) -> None:
        """Forget what is pooled: a forked child must not give its parent's next ids."""
        self._words = iter(())


_ids = _IdPool()
os.register_at_fork(after_in_child=_ids.clear)


def new_session_id() -> str:
    """Return a random UUID of version 4 (RFC 9562) as text with dashes."""
    digits = _ids.word() + _ids.word()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def parse_traceparent(text: str) -> tuple[str, str] | None:
    """Return trace id and span id of a W3C ``traceparent``, or None where it is not valid.

    Source: W3C Trace Context, Level 2, section 3.2. A higher version is read by its first 55 characters.
    """
    found = re.match(r"(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-|$)", text.strip())
    if found is None or (found[1] == "00" and found[4]):
        return None
    trace_id, span_id = found[2], found[3]
    return (trace_id, span_id) if trace_id.strip("0") and span_id.strip("0") else None


Cleared = tuple[object, Mapping[str, Any], Container[str]]
"""Who has found no secret in a context, what that one writes of its bound fields, and some clean names."""


class Context:
    """Where a record belongs: its session, its span, and the fields bound around it.

    Treat it as frozen. ``trace_id``, ``span_id``, ``parent_id`` and ``operation`` are None outside a span.
    ``keys`` is what a line says of it, absent ids left out. ``cleared`` is for who writes records.
    """

    __slots__ = (
        "cleared", "fields", "is_left", "keys", "operation", "outer",
        "parent_id", "session_id", "span_id", "token", "trace_id",
    )  # fmt: skip

    session_id: str
    trace_id: str | None
    span_id: str | None
    parent_id: str | None
    operation: str | None
    fields: Mapping[str, Any]
    token: "Token[Context | None] | None"
    keys: dict[str, str]
    cleared: "Cleared | None"

    def __init__(
        self, session_id: str, fields: Mapping[str, Any] = _NO_FIELDS, outer: "Context | None" = None
    ) -> None:
        """Make a context outside of any span."""
        self.session_id = session_id
        self.trace_id = self.span_id = self.parent_id = self.operation = None
        self.fields = fields
        self.outer = outer
        self.is_left = False
        self.token = self.cleared = None
        self.keys = {"session_id": session_id}

    def child(self, operation: str) -> "Context":
        """Return the context of a new span called ``operation`` inside this one."""
        while self.outer is not None and self.outer.is_left:
            # Spans that relieve each other, the next begun before the last has ended, would pile up.
            self.outer = self.outer.outer
        inner = _new_context(Context)
        inner.session_id = session_id = self.session_id
        inner.fields = self.fields
        inner.outer = self
        inner.is_left = False
        inner.token = None
        cleared = self.cleared
        inner.cleared = cleared if cleared is not None and operation in cleared[2] else None
        inner.operation = operation
        inner.span_id = span_id = _ids.word()
        if self.trace_id is not None:
            trace_id, parent_id = self.trace_id, self.span_id
        else:
            trace_id, parent_id = _process.remote_parent or (_ids.word() + _ids.word(), None)
        inner.trace_id, inner.parent_id = trace_id, parent_id
        inner.keys = keys = {"session_id": session_id, "trace_id": trace_id, "span_id": span_id}
        if parent_id is not None:
            keys["parent_id"] = parent_id
        keys["operation"] = operation
        return inner

    def with_fields(self, fields: Mapping[str, Any]) -> "Context":
        """Return this context with ``fields`` bound besides its own; the span stays the same."""
        inner = Context(self.session_id, MappingProxyType({**self.fields, **fields}), self)
        inner.trace_id, inner.span_id = self.trace_id, self.span_id
        inner.parent_id, inner.operation = self.parent_id, self.operation
        inner.keys = self.keys
        return inner

    def renamed(self, names: Mapping[str, str]) -> "Context":
        """Return this context with another ``session_id`` or ``operation``."""
        copy = Context(self.session_id, self.fields, self.outer)
        copy.trace_id, copy.span_id, copy.parent_id = self.trace_id, self.span_id, self.parent_id
        copy.operation = self.operation
        copy.keys = {**self.keys, **names}
        for key, name in names.items():
            setattr(copy, key, name)
        return copy

    @property
    def attributes(self) -> dict[str, str]:
        """What a record says of it: empty text for an absent id."""
        return {**_ABSENT, **self.keys}

    @property
    def operations(self) -> list[str]:
        """The operations around this point, the outermost first."""
        names: list[str] = []
        node: Context | None = self
        seen = None
        while node is not None:
            if node.span_id != seen and node.operation is not None:
                names.append(node.operation)
            seen, node = node.span_id, node.outer
        return names[::-1]

    def environ(self) -> dict[str, str]:
        """Return the environment variables by which a child process joins this session and span.

        ``subprocess.run(command, env={**os.environ, **current().environ()})``
        """
        variables = {SESSION_VARIABLE: self.session_id}
        if self.span_id is not None:
            variables[PARENT_VARIABLE] = f"00-{self.trace_id}-{self.span_id}-01"
        elif _process.remote_parent is not None:
            variables[PARENT_VARIABLE] = "00-{}-{}-01".format(*_process.remote_parent)
        return variables

    def __reduce__(self) -> tuple[Callable[..., "Context"], tuple[Any, ...]]:
        """A record may travel to another process; what is around its context stays here."""
        return _restored, (dict(self.fields), *(getattr(self, name) for name in _IDS))

    def __repr__(self) -> str:
        ids = ", ".join(f"{name}={value!r}" for name, value in self.keys.items())
        return f"Context({ids}, fields={dict(self.fields)!r})"


_new_context: Final = Context.__new__
_IDS: Final = ("session_id", "trace_id", "span_id", "parent_id", "operation", "keys")


def _restored(fields: dict[str, Any], session_id: str, *others: Any) -> Context:
    context = Context(session_id, MappingProxyType(fields))
    for name, value in zip(_IDS[1:], others, strict=True):
        setattr(context, name, value)
    return context


class _Process:
    """What the process was given by its environment: a session and the span that started it."""

    def __init__(self) -> None:
        self.root = Context(os.environ.get(SESSION_VARIABLE) or new_session_id())
        parent = os.environ.get(PARENT_VARIABLE)
        # Not asked about nothing: the pattern takes 0.2 ms to compile at every start.
        self.remote_parent = parse_traceparent(parent) if parent else None


_current: ContextVar[Context | None] = ContextVar("ote_context", default=None)
_process = _Process()


def current() -> Context:
    """Return the context of this thread or task; outside of everything that of the process."""
    node = _current.get()
    while node is not None and node.is_left:
        node = node.outer
    return _process.root if node is None else node


entered: Final = _current.get
"""Return the context that was entered last, None outside of everything; it may have been left."""


def set_process_session(session_id: str) -> None:
    """Name the session of records outside of ``session()``; scopes that are open keep theirs."""
    _process.root = Context(session_id)


def enter(context: Context) -> None:
    """Make ``context`` the current one, here."""
    context.token = _current.set(context)


def leave(context: Context) -> None:
    """End ``context``, wherever this is called; the one around it becomes current where it was current."""
    token, context.token = context.token, None
    if _current.get() is not context:
        context.is_left = True
    elif token is None:
        _current.set(context.outer)
    else:
        _reset(context, token)


def _reset(context: Context, token: Token[Context | None]) -> None:
    try:
        _current.reset(token)
    except ValueError:
        # This task began with a copy of the context in which it was entered, and where it still is current.
        _current.set(context.outer)
        context.is_left = True


def exchange(context: Context | None) -> Context | None:
    """Make ``context`` the current one and return what was: for code that runs in steps, as generators do."""
    outside = _current.get()
    _current.set(context)
    return outside


class _Scope:
    """A block whose records carry another context; entered again it makes a new one."""

    def __init__(self, make: Callable[[], Context]) -> None:
        self._make = make
        self._entered: list[Context] = []

    def __enter__(self) -> Context:
        context = self._make()
        self._entered.append(context)
        enter(context)
        return context

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        leave(self._entered.pop())


class session(_Scope):
    """A run of its own: ``with session("nightly", user="ann") as context: ...``.

    Records inside carry ``id`` (a new UUID where it is None) and ``fields``; no span of the outside is
    around them. A process has a session anyway: this is for a program that serves several.
    """

    def __init__(self, id: str | None = None, /, **fields: Any) -> None:
        """Prepare a session; it begins with the block."""

        def make() -> Context:
            outer = current()
            bound = MappingProxyType({**outer.fields, **fields})
            return Context(id or new_session_id(), bound, outer)

        super().__init__(make)


class bind(_Scope):
    """Fields on every record of a block, of every library: ``with bind(user_id=7): ...``."""

    def __init__(self, /, **fields: Any) -> None:
        """Prepare to bind ``fields``; an inner binding of a name hides an outer one."""
        super().__init__(lambda: current().with_fields(fields))


def carry(function: Callable[P, R]) -> Callable[P, R]:
    """Return ``function`` bound to the context of this moment, for a thread or an executor.

    ``executor.submit(carry(work), item)``: threads begin with an empty context. All context variables
    are carried, not only ours; each call runs in a copy, so several may run at once.
    """
    snapshot = copy_context()

    @wraps(function)
    def carried(*args: P.args, **kwargs: P.kwargs) -> R:
        return snapshot.copy().run(function, *args, **kwargs)

    return carried
