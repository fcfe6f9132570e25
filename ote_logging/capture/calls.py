"""A captured call: one interaction with a model, with every request that was made for it.

A call is open in the context in which it was made; what is asked inside it is part of it. It ends when the
client returns or raises, or, where the answer is a stream, when that ends, is closed or is given up.

LOCATION: ote_logging/capture/calls.py
DEPENDENCIES: stages (llm_interaction), context, sites; capture: bodies, chunks, families
TRACE POINTS: Call.begin() - a call begins; Call.end() - it is logged
"""

import logging
import sys
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar, Token
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

import orjson

from ote_logging import context
from ote_logging.capture.bodies import answered, asked, error_in
from ote_logging.capture.chunks import body_of
from ote_logging.capture.families import kind_of, model_in, provider_of
from ote_logging.sites import Site, site_of
from ote_logging.stages import llm_interaction
from ote_logging.stages.errors import error_keys

P = ParamSpec("P")
R = TypeVar("R")

log: Final = logging.getLogger("ote_logging.capture")

_CLIENTS: Final = frozenset(
    {"ote_logging", "openai", "anthropic", "litellm", "httpx", "httpx2", "functools", "contextlib", "asyncio"}
)
_INSIDE: Final = "llm_interaction"
_LARGEST_BYTES: Final = 64 * 1024 * 1024


def harmless(function: Callable[P, R]) -> Callable[P, R | None]:
    """Return ``function`` such that the program never hears of what goes wrong in it; our logger does."""

    @wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R | None:
        try:
            return function(*args, **kwargs)
        except Exception:  # the clients' objects, and the filters and handlers of the program
            _tell_failure(function.__qualname__)
            return None

    return guarded


def _tell_failure(name: str) -> None:
    try:
        log.warning("%s failed; a call of a model is not recorded in full", name, exc_info=True)
    except Exception:  # what raised may be the handler that should tell of it
        return


_active: ContextVar["Call | None"] = ContextVar("ote_captured_call", default=None)


def active() -> "Call | None":
    """Return the call that is open around this point."""
    call = _active.get()
    # A task that was made inside a call goes on in a copy of its context when the call is over.
    return None if call is None or call.is_left else call


def _is_told_by_program() -> bool:
    """Whether a block of the program around this point tells of the call; one that has ended does not."""
    inside = context.current()
    return inside.operation == _INSIDE and inside.token is not None


class Call:
    """One call of a client; its methods run in the program's own thread or task."""

    def __init__(self, provider: str | None) -> None:
        """Prepare a call by the client of ``provider``, None for one that speaks to all."""
        self._provider = provider
        self._stage = llm_interaction(logger=log)
        self._requests: list[Request] = []
        self._token: Token[Call | None] | None = None
        self._is_over = False

    @staticmethod
    @harmless
    def begin(provider: str | None) -> "Call | None":
        """Begin a call, or return None where it is part of another one or nobody listens."""
        if not log.isEnabledFor(logging.INFO) or active() is not None or _is_told_by_program():
            return None
        call = Call(provider)
        call._stage.begin(log, _site())
        call._token = _active.set(call)
        return call

    @property
    def is_left(self) -> bool:
        """Whether the program goes on outside of this call."""
        return self._token is None

    def add(self, request: "Request") -> None:
        """Take a request that is sent for this call."""
        self._requests.append(request)

    def leave(self) -> None:
        """Let the program go on outside of this call, which may last as long as a stream."""
        if self._token is not None:
            _active.reset(self._token)
            self._token = None
            if self._stage.context is not None:
                context.leave(self._stage.context)

    @harmless
    def returned(self, fallback: Callable[[], Mapping[str, Any]] | None = None) -> None:
        """The client has returned; ``fallback`` gives the facts where no request was seen."""
        if self._requests and self._requests[-1].is_open:
            self.leave()
        else:
            if not self._requests and fallback is not None:
                self._stage.set(**fallback())
            self.end(None)

    @harmless
    def end(self, error: BaseException | None) -> None:
        """Log the call, once."""
        if self._is_over:
            return
        self._is_over = True
        try:
            facts = self._facts()
            if error is not None:
                facts["error"] = error
            self._stage.set(**facts)
        finally:
            self._close()

    def _close(self) -> None:
        if self._token is not None:
            _active.reset(self._token)
            self._token = None
            self._stage.end()
        else:
            outside = context.exchange(self._stage.context)
            try:
                self._stage.end()
            finally:
                context.exchange(outside)

    def _facts(self) -> dict[str, Any]:
        if not self._requests:
            return {} if self._provider is None else {"provider": self._provider}
        tries = [request.outcome(number) for number, request in enumerate(self._requests, 1)]
        return {**self._requests[-1].facts(self._provider), "attempts": tries}


class Request:
    """One request of a call and what came back."""

    def __init__(self, call: Call, host: str, path: str, endpoint: str, content: bytes) -> None:
        """Begin a request for ``call``; ``content`` is its body."""
        self._call = call
        self._host, self._path, self._endpoint, self._content = host, path, endpoint, content
        self._begun_ns = time.perf_counter_ns()
        self._took_ns = 0
        self._first_ns = 0
        self._size = 0
        self._chunks: list[bytes] = []
        self._outcome: dict[str, Any] = {"status": "ok"}
        self._has_body = False
        self.is_open = False

    @property
    def call(self) -> Call:
        """The call that it is part of."""
        return self._call

    def failed(self, error: BaseException) -> None:
        """No answer came."""
        self._answered()
        self._outcome = {"status": "error", **error_keys(error)}

    def read(self, status_code: int, raw: bytes) -> None:
        """The answer came in one piece."""
        self._answered()
        self._has_body = True
        self._chunks.append(raw)
        self._tell_status(status_code, raw)

    def streams(self, status_code: int) -> None:
        """The answer begins to come."""
        self._answered()
        self.is_open = True
        self._tell_status(status_code, b"")

    def _answered(self) -> None:
        self._took_ns = time.perf_counter_ns() - self._begun_ns

    def _tell_status(self, status_code: int, raw: bytes) -> None:
        self._outcome["http_status"] = status_code
        if status_code >= 400:
            said = error_in(body_of(raw)[0]) if raw else None
            self._outcome.update(status="error", error_message=said or f"HTTP {status_code}")

    def heard(self, chunk: bytes) -> None:
        """A chunk has passed; what goes beyond 64 MiB is not kept."""
        if not self._first_ns:
            self._first_ns = time.perf_counter_ns()
        self._size += len(chunk)
        if self._size <= _LARGEST_BYTES:
            self._chunks.append(chunk)

    @harmless
    def done(self, error: BaseException | None, decoded: Callable[[bytes], bytes]) -> None:
        """The stream has ended, is closed or given up; where the client has returned, so has the call."""
        if not self.is_open:
            return
        self.is_open = False
        self._chunks = [decoded(b"".join(self._chunks))]
        self._tell_status(self._outcome["http_status"], self._chunks[0])
        if error is not None:
            self._outcome.update({"status": "error", **error_keys(error)})
        if self._call.is_left:
            self._call.end(error)

    def outcome(self, number: int) -> dict[str, Any]:
        """Return how this attempt went; its time is that until the answer began."""
        return {"number": number, "duration_ms": self._took_ns / 1e6, **self._outcome}

    def facts(self, provider: str | None) -> dict[str, Any]:
        """Return what was asked and answered."""
        question = _loaded(self._content)
        facts: dict[str, Any] = {
            "provider": provider_of(self._host) or provider or self._host,
            "endpoint": self._endpoint,
            "kind": kind_of(self._path),
            "model": model_in(self._path),
            **asked(question),
        }
        return {**facts, **self._answer()}

    def _answer(self) -> dict[str, Any]:
        raw = b"".join(self._chunks)
        if not raw:
            return self._timing(False)
        body, is_complete = body_of(raw)
        facts = {**answered(body), **self._timing(is_complete)}
        said = error_in(body)
        return facts if said is None else {**facts, "error_message": said}

    def _timing(self, is_complete: bool) -> dict[str, Any]:
        if self._has_body or not self._took_ns or "http_status" not in self._outcome:
            return {}
        told = {"stream_complete": is_complete}
        if not self._first_ns:
            return told
        return {**told, "time_to_first_chunk_ms": (self._first_ns - self._begun_ns) / 1e6}


def _loaded(content: bytes) -> dict[str, Any]:
    try:
        loaded = orjson.loads(content)
    except orjson.JSONDecodeError:
        return {}
    return loaded if isinstance(loaded, dict) else {}


def _site() -> Site:
    """Return the line of the program that called the client."""
    frame = sys._getframe(1)
    while frame.f_back is not None and _is_of_client(frame.f_globals):
        frame = frame.f_back
    return site_of(frame)


def _is_of_client(module: Mapping[str, Any]) -> bool:
    return str(module.get("__name__")).partition(".")[0] in _CLIENTS
