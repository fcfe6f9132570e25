"""``ote show``: one event with everything in it, or one stored content.

LOCATION: ote_logging/cli/show.py
DEPENDENCIES: reading.single, evidence, screen, words
TRACE POINTS: none
"""

from typing import Any, Final

from ote_logging.cli.evidence import Contents, evidence_part
from ote_logging.cli.screen import BOLD, CYAN, PLAIN, Part, Screen, print_json
from ote_logging.cli.words import shortened
from ote_logging.reading.contents import Content, content_of, shown
from ote_logging.reading.find import text_at
from ote_logging.reading.numbered import Located
from ote_logging.reading.single import find_one

_SHORT_CHARS: Final = 80


def show(session: str, id: str) -> None:
    """Print what ``id`` names, whole."""
    found = find_one(session, id)
    screen = Screen()
    contents = Contents(screen, is_full=True)
    if found.content is not None:
        contents.print([found.content])
        for record in found.records:
            told = Part(f"  {shortened(str(record.entry.message))}", PLAIN)
            screen.line(
                Part(shortened(record.entry.event), CYAN), evidence_part(record, with_file=True), told
            )
        return
    for number, record in enumerate(found.records):
        if number:
            screen.line()
        _event(screen, contents, record)


def _event(screen: Screen, contents: Contents, record: Located) -> None:
    """Print short values beside their keys, long ones below."""
    screen.line(Part(shortened(record.entry.event), BOLD), evidence_part(record, with_file=True))
    long: list[Content] = []
    for key, value in record.entry.wire.items():
        text = text_at(value)
        if len(text) <= _SHORT_CHARS and "\n" not in text:
            screen.line(Part(f"  {shortened(key)}  ", CYAN), Part(shortened(text)))
        else:
            long.append(_whole(record, key, value))
    contents.print(long)


def _whole(record: Located, key: str, value: Any) -> Content:
    # Others than what a hash names are no content of a stage, though they may be as long.
    content = content_of(record, key) if f"{key}_hash" in record.entry.wire else None
    return content if content is not None and content.text is not None else Content(key, shown(value))


def show_json(session: str, id: str) -> None:
    """Print what ``id`` names as one JSON object: ``records`` and ``content``."""
    found = find_one(session, id)
    records = [{**record.to_dict(), "entry": record.entry.wire} for record in found.records]
    print_json({"records": records, "content": found.content and found.content.to_dict()})
