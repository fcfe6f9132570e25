"""The places of the clients at which calls pass: what is put in the place of their functions.

Each wrapper is of its original's kind, name and signature, returns the same object and raises the same
exception. An answer is read where the HTTP client has it, so no object of a client is replaced, except the
byte stream under a response, which tells what passes.

LOCATION: ote_logging/capture/doors.py
DEPENDENCIES: capture: calls, families, patches, bodies
TRACE POINTS: none
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import suppress
from fnmatch import fnmatchcase
from functools import wraps
from inspect import iscoroutinefunction
from types import ModuleType
from typing import Any, Final

import orjson

from ote_logging.capture.bodies import answered, asked
from ote_logging.capture.calls import Call, Request, active, harmless
from ote_logging.capture.families import asks_a_model
from ote_logging.capture.patches import Patch

Wrap = Callable[[Any, ModuleType], Any]


class Places:
    """Which requests are calls of their own, where no client of a provider makes them."""

    def __init__(self) -> None:
        """Begin with none."""
        self._rules: list[tuple[tuple[str, ...], tuple[str, ...]]] = []

    def add(self, hosts: tuple[str, ...], paths: tuple[str, ...]) -> None:
        """Take requests to ``hosts``, shell patterns, at ``paths``; without these at all that ask a model."""
        if (hosts, paths) not in self._rules:
            self._rules.append((hosts, paths))

    def clear(self) -> None:
        """Take none any more."""
        self._rules.clear()

    def has(self, host: str, path: str) -> bool:
        """Whether a request to ``path`` of ``host`` is a call."""
        return any(
            any(fnmatchcase(host, pattern) for pattern in hosts)
            and (any(fnmatchcase(path, pattern) for pattern in paths) if paths else asks_a_model(path))
            for hosts, paths in self._rules
        )


places: Final = Places()


class _Seen:
    """A byte stream that tells of what passes; all else is that of the client."""

    def __init__(self, stream: Any, request: Request, decoded: Callable[[bytes], bytes]) -> None:
        self._ote_stream = stream
        self._ote_request = request
        self._ote_decoded = decoded

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_ote_"):
            # A copy that was made without __init__ has no stream to ask.
            raise AttributeError(name)
        return getattr(self._ote_stream, name)

    def _ote_done(self, error: BaseException | None) -> None:
        self._ote_request.done(error, self._ote_decoded)

    def __del__(self) -> None:
        if "_ote_decoded" in self.__dict__:
            self._ote_done(None)


class _SeenStream(_Seen):
    def __iter__(self) -> Iterator[bytes]:
        try:
            for chunk in self._ote_stream:
                self._ote_request.heard(chunk)
                yield chunk
        except GeneratorExit:
            self._ote_done(None)
            raise
        except BaseException as error:
            self._ote_done(error)
            raise
        self._ote_done(None)

    def close(self) -> None:
        try:
            self._ote_stream.close()
        finally:
            self._ote_done(None)


class _SeenAsyncStream(_Seen):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._ote_stream:
                self._ote_request.heard(chunk)
                yield chunk
        except GeneratorExit:
            self._ote_done(None)
            raise
        except BaseException as error:
            self._ote_done(error)
            raise
        self._ote_done(None)

    async def aclose(self) -> None:
        try:
            await self._ote_stream.aclose()
        finally:
            self._ote_done(None)


@harmless
def _request_for(request: Any) -> Request | None:
    """Return what records ``request``, an attempt of the call around it or a call of its own, else None."""
    host, path = request.url.host, request.url.path
    call = active()
    if call is None:
        if request.method != "POST" or not places.has(host, path):
            return None
        content = _content_of(request)
        if not asked(_body(content)) or (call := Call.begin(None)) is None:
            return None
        own = Request(call, host, path, _endpoint(request), content)
        call.add(own)
        return own
    attempt = Request(call, host, path, _endpoint(request), _content_of(request))
    call.add(attempt)
    return attempt


def _content_of(request: Any) -> bytes:
    with suppress(Exception):  # what is uploaded from a stream is not there to be read
        content: bytes = request.content
        return content
    return b""


def _body(content: bytes) -> Mapping[str, Any]:
    with suppress(orjson.JSONDecodeError):
        loaded = orjson.loads(content)
        return loaded if isinstance(loaded, dict) else {}
    return {}


def _endpoint(request: Any) -> str:
    # Without the query, in which some providers take their keys, and without user and password.
    port = f":{request.url.port}" if request.url.port else ""
    return f"{request.url.scheme}://{request.url.host}{port}{request.url.path}"


class _Http:
    """The wrappers for one HTTP client; ``httpx`` and ``httpx2`` have classes of the same names."""

    def __init__(self, module: ModuleType) -> None:
        self._streams: dict[bool, Any] = {
            False: type("SeenStream", (_SeenStream, module.SyncByteStream), {}),
            True: type("SeenAsyncStream", (_SeenAsyncStream, module.AsyncByteStream), {}),
        }
        self._response: Any = module.Response

    @harmless
    def answer(self, request: Request, response: Any, is_async: bool) -> bool:
        """Note the answer; return whether all of it is there."""
        with suppress(Exception):  # what streams is not read yet
            request.read(response.status_code, response.content)
            return True
        decoded = self._decoder(response)
        seen = self._streams[is_async](response.stream, request, decoded)
        request.streams(response.status_code)
        response.stream = seen
        return False

    def _decoder(self, response: Any) -> Callable[[bytes], bytes]:
        encoding = response.headers.get("content-encoding")
        if not encoding:
            return bytes
        kind = self._response

        def decoded(raw: bytes) -> bytes:
            content: bytes = kind(200, headers={"content-encoding": encoding}, content=raw).content
            return content

        return decoded


@harmless
def _settle(request: Request, is_own: bool) -> None:
    if is_own:
        request.call.returned()


def wrap_send(original: Any, module: ModuleType) -> Any:
    """Return ``Client.send`` or ``AsyncClient.send`` of an HTTP client such that calls of models are seen."""
    http = _Http(module)

    @wraps(original)
    def send(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        is_own = active() is None
        seen = _request_for(request)
        if seen is None:
            return original(self, request, *args, **kwargs)
        try:
            response = original(self, request, *args, **kwargs)
        except BaseException as error:
            _failed(seen, error, is_own)
            raise
        http.answer(seen, response, False)
        _settle(seen, is_own)
        return response

    @wraps(original)
    async def send_async(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        is_own = active() is None
        seen = _request_for(request)
        if seen is None:
            return await original(self, request, *args, **kwargs)
        try:
            response = await original(self, request, *args, **kwargs)
        except BaseException as error:
            _failed(seen, error, is_own)
            raise
        http.answer(seen, response, True)
        _settle(seen, is_own)
        return response

    return send_async if iscoroutinefunction(original) else send


@harmless
def _failed(request: Request, error: BaseException, is_own: bool) -> None:
    request.failed(error)
    if is_own:
        request.call.end(error)


def _wrap_call(original: Any, begin: Callable[..., Call | None], fallback: Callable[..., Any]) -> Any:
    """Return a function of a client as one call, with all the requests that it makes."""

    @wraps(original)
    def called(*args: Any, **kwargs: Any) -> Any:
        call = begin(args, kwargs)
        if call is None:
            return original(*args, **kwargs)
        try:
            result = original(*args, **kwargs)
        except BaseException as error:
            call.end(error)
            raise
        call.returned(lambda: fallback(args, kwargs, result))
        return result

    @wraps(original)
    async def called_async(*args: Any, **kwargs: Any) -> Any:
        call = begin(args, kwargs)
        if call is None:
            return await original(*args, **kwargs)
        try:
            result = await original(*args, **kwargs)
        except BaseException as error:
            call.end(error)
            raise
        call.returned(lambda: fallback(args, kwargs, result))
        return result

    return called_async if iscoroutinefunction(original) else called


def wrap_request(provider: str) -> Wrap:
    """Return the wrapper for ``request`` of a client whose calls pass there with all their retries."""

    @harmless
    def begin(args: Any, kwargs: Any) -> Call | None:
        # request(self, cast_to, options, ...)
        options = kwargs["options"] if "options" in kwargs else args[2]
        return Call.begin(provider) if asks_a_model(str(options.url).partition("?")[0]) else None

    def wrap(original: Any, module: ModuleType) -> Any:
        return _wrap_call(original, begin, lambda args, kwargs, result: {})

    return wrap


def wrap_completion(original: Any, module: ModuleType) -> Any:
    """Return a function of LiteLLM as one call, whatever provider it asks; also what it answers itself."""

    @harmless
    def begin(args: Any, kwargs: Any) -> Call | None:
        # Its models are called "anthropic/claude-4"; without a provider the address tells.
        provider, slash, _ = str(args[0] if args else kwargs.get("model")).partition("/")
        return Call.begin(provider if slash else None)

    return _wrap_call(original, begin, _told_by_litellm)


def _told_by_litellm(args: Any, kwargs: Any, result: Any) -> dict[str, Any]:
    named = dict(zip(("model", "messages"), args, strict=False))
    question = {name: value for name, value in {**named, **kwargs}.items() if value is not None}
    told = result.model_dump() if hasattr(result, "model_dump") else {}
    return {"provider": "litellm", **asked(question), **answered(told)}


_HTTP: Final = ("httpx", "httpx2")
_LITELLM: Final = (
    "completion", "acompletion", "text_completion", "atext_completion", "embedding", "aembedding",
    "responses", "aresponses",
)  # fmt: skip

HTTP: Final = [
    Patch(module, owner, "send", wrap_send) for module in _HTTP for owner in ("Client", "AsyncClient")
]
OPENAI: Final = [
    Patch("openai._base_client", owner, "request", wrap_request("openai"))
    for owner in ("SyncAPIClient", "AsyncAPIClient")
]
ANTHROPIC: Final = [
    Patch("anthropic._base_client", owner, "request", wrap_request("anthropic"))
    for owner in ("SyncAPIClient", "AsyncAPIClient")
]
LITELLM: Final = [Patch("litellm", "", name, wrap_completion) for name in _LITELLM]
