"""The filters that YAML names: to make one is to have a client recorded.

LOCATION: ote_logging/capture/switches.py
DEPENDENCIES: capture: doors (what is wrapped), patches (that it is)
TRACE POINTS: none
"""

import logging
from collections.abc import Iterable
from typing import ClassVar, Final

from ote_logging.capture import doors, patches
from ote_logging.capture.patches import Patch


class _Switch(logging.Filter):
    """Lets every record pass; made, it has what it is named after recorded."""

    wanted: ClassVar[list[Patch]]

    def __init__(self) -> None:
        """Install what records; a client that is not there, or not yet, is no error."""
        super().__init__()
        for patch in (*doors.HTTP, *self.wanted):
            patches.add(patch)

    def filter(self, record: logging.LogRecord) -> bool:
        """Let ``record`` pass."""
        return True


class openai(_Switch):
    """Records every call by the package ``openai``, of OpenAI and of all who speak as it does.

    Chat and text completions, responses and embeddings; sync, async and streaming; each with its retries.
    """

    wanted = doors.OPENAI


class anthropic(_Switch):
    """Records every call of messages by the package ``anthropic``: sync, async, streaming, retries."""

    wanted = doors.ANTHROPIC


class litellm(_Switch):
    """Records every call by the package ``litellm``, whatever provider it asks, once.

    A program that copies its functions (``from litellm import completion``) must do so after this is made.
    """

    wanted = doors.LITELLM


_EVERYWHERE: Final = ("*",)


class httpx(_Switch):
    """Records calls of models over HTTP by ``httpx``, or ``httpx2``, where no client above makes them.

    Args:
        hosts: shell patterns of host names; by default all.
        paths: shell patterns of paths; by default those of the usual providers (``/v1/chat/completions``,
            ``/v1/messages``, ``...:generateContent``, ``/api/chat`` and the like).

    Raises:
        TypeError: ``hosts`` or ``paths`` is one text and no list.
    """

    wanted: ClassVar[list[Patch]] = []

    def __init__(self, hosts: Iterable[str] = _EVERYWHERE, paths: Iterable[str] = ()) -> None:
        if isinstance(hosts, str) or isinstance(paths, str):
            raise TypeError("hosts and paths are lists of patterns: hosts: ['*.example.com']")
        super().__init__()
        doors.places.add(tuple(hosts), tuple(paths))


def uninstall() -> None:
    """Put every client back as it was; calls that are open are still told."""
    patches.remove_all()
    doors.places.clear()
