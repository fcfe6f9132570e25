"""Serve metrics by HTTP to a Prometheus that scrapes them (extra ``prometheus``).

LOCATION: ote_logging/handlers/exporting.py
DEPENDENCIES: handlers.forks; prometheus_client (extra ``prometheus``)
TRACE POINTS: none
"""

import socket
import threading
from collections.abc import Iterable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any, Final, Protocol

from ote_logging.handlers.forks import renew_in_children

_PATIENCE_S: Final = 2.0


class Source(Protocol):
    """What ``prometheus_client`` calls a collector."""

    def collect(self) -> Iterable[Any]:
        """Return the metrics of this moment."""


class _Server(ThreadingHTTPServer):
    """Neither asks the name service for its own name nor tells of clients that went away."""

    def server_bind(self) -> None:
        TCPServer.server_bind(self)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Do nothing: who scrapes comes again."""


class Exporter:
    """A server on one address; a later handler on that address takes it over, so that none is refused.

    ``configure()`` builds new handlers while the old ones are still in force.
    """

    def __init__(self, host: str, port: int, source: Source) -> None:
        """Begin to serve ``source``; port 0 takes any that is free.

        Raises:
            OSError: the address is taken by another program, or is none of this machine.
        """
        self.source = source
        self.is_ending = False
        self._server = _Server((host, port), _handler_of(self))
        self._thread = threading.Thread(target=self._serve, name="ote-exporter", daemon=True)
        self._thread.start()
        renew_in_children(self)

    def collect(self) -> Iterable[Any]:
        """Return the metrics of whoever is served."""
        return self.source.collect()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that are served."""
        host, port = self._server.server_address[:2]
        return str(host), int(port)

    def renew(self) -> None:
        """Leave the port to the parent: a forked child serves nothing."""
        self.is_ending = True
        self._server.socket.close()

    def close(self, source: Source) -> None:
        """Stop serving, unless another source has taken over."""
        if self.is_ending or self.source is not source:
            return
        self.is_ending = True
        # The thread waits for a request; this one wakes it.
        with suppress(OSError):
            socket.create_connection(self.address, _PATIENCE_S).close()
        self._thread.join(_PATIENCE_S)
        self._server.server_close()

    def _serve(self) -> None:
        while not self.is_ending:
            self._server.handle_request()


def _handler_of(source: Source) -> type[BaseHTTPRequestHandler]:
    from prometheus_client import CollectorRegistry, MetricsHandler

    registry = CollectorRegistry()
    registry.register(source)
    return MetricsHandler.factory(registry)


_exporters: Final[dict[tuple[str, int], Exporter]] = {}


def export(host: str, port: int, source: Source) -> Exporter:
    """Serve ``source`` on this address from now on; raises what Exporter raises."""
    known = _exporters.get((host, port))
    if known is not None and not known.is_ending:
        known.source = source
        return known
    exporter = Exporter(host, port, source)
    _exporters[exporter.address] = exporter
    return exporter
