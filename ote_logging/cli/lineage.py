"""``ote lineage``: a written file, followed back to the prompts that it came from.

    out/mailer.py:3    class Mailer:
      written                 :15  10:00:00.517  its line 3
      rendered                :14  10:00:00.516  its line 3
      taken out as code       :11  10:00:00.511  its line 2
      answered by the model   :10  10:00:00.511  its line 6, first here

LOCATION: ote_logging/cli/lineage.py
DEPENDENCIES: reading.lineage, evidence, screen, words
TRACE POINTS: none
"""

from ote_logging.cli.evidence import Contents, evidence_part
from ote_logging.cli.screen import BOLD, CYAN, DIM, GREEN, PLAIN, YELLOW, Part, Screen, print_json
from ote_logging.cli.words import counted, shortened
from ote_logging.reading import Reader
from ote_logging.reading.contents import content_of
from ote_logging.reading.lineage import Lineage, Origin, lineage


def show(session: str, file: str, line: int | None, *, is_full: bool) -> None:
    """Print the way of ``file`` back, the prompts at its end."""
    reader = Reader(session)
    found = lineage(reader, file, line)
    screen = Screen()
    place = found.target if line is None else f"{found.target}:{line}"
    screen.line(Part(shortened(place), BOLD))
    if found.text is not None:
        text = found.text.strip()
        screen.line(Part(f"  {shortened(text)}" if text else "  an empty line, like any other", CYAN))
    screen.line()
    for origin in found.origins:
        screen.line(*_parts(origin, found, with_file=len(reader.paths) > 1))
    _prompts(screen, found, is_full)
    screen.line()
    screen.line(Part(f"{counted(len(found.origins), 'step')} · {counted(len(found.prompts), 'prompt')}", DIM))


def _parts(origin: Origin, found: Lineage, *, with_file: bool) -> list[Part]:
    parts = [Part(f"  {origin.what:<22}"), evidence_part(origin.record, with_file=with_file)]
    if origin.link == "component":
        parts.append(Part("  by component and time, no hash", YELLOW))
    if found.text is not None:
        is_first = origin is found.first_with_line
        where = "without the line" if origin.line is None else f"its line {origin.line}"
        parts.append(Part(f"  {where}{', first here' if is_first else ''}", GREEN if is_first else PLAIN))
    elif origin.content.digest is not None:
        parts.append(Part(f"  {origin.content.digest[:12]}", DIM))
    return parts


def _prompts(screen: Screen, found: Lineage, is_full: bool) -> None:
    contents = Contents(screen, is_full=is_full)
    for origin in found.prompts:
        screen.line()
        model = shortened(str(origin.record.entry.get("model") or "the model"))
        screen.line(Part(f"  prompt to {model}", BOLD), evidence_part(origin.record, with_file=False))
        contents.print(
            content
            for content in (content_of(origin.record, name) for name in ("system", "prompt"))
            if content is not None
        )
    if not found.prompts:
        screen.line()
        screen.line(Part("  No prompt is on the way: nothing links the file to an llm_interaction.", YELLOW))
        advice = (
            "To record it: code_generation(component, source=response) and its code, then file_write(...)"
        )
        screen.line(Part(f"  {advice}", DIM))


def show_json(session: str, file: str, line: int | None) -> None:
    """Print the way back as one JSON object."""
    print_json(lineage(session, file, line).to_dict())


def split_place(place: str) -> tuple[str, int | None]:
    """Return the file and the line that ``FILE:LINE`` names; the line is None where there is none.

    >>> split_place("out/a.py:12"), split_place("out/a.py")
    (('out/a.py', 12), ('out/a.py', None))
    """
    file, colon, number = place.rpartition(":")
    return (file, int(number)) if colon and file and number.isdecimal() else (place, None)
