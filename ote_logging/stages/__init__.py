"""The stages of a generation pipeline: model, template, code, file, validation, healing.

An event of each for one who logs it himself, a block of each for one who wants it timed and looked at. A
name is imported when it is first asked for: most programs that log have no pipeline.

LOCATION: ote_logging/stages/
DEPENDENCIES: the modules of this folder
TRACE POINTS: none
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ote_logging.stages.blocks import code_generation, file_write, stage, template_render, validation
    from ote_logging.stages.checks import CodeCheck, CodeError, check_code
    from ote_logging.stages.events import (
        CodeGeneration,
        FileWrite,
        Healing,
        LLMInteraction,
        TemplateRender,
        Validation,
    )
    from ote_logging.stages.interactions import llm_interaction, llm_stream
    from ote_logging.stages.mending import healing

__all__ = [
    "CodeCheck",
    "CodeError",
    "CodeGeneration",
    "FileWrite",
    "Healing",
    "LLMInteraction",
    "TemplateRender",
    "Validation",
    "check_code",
    "code_generation",
    "file_write",
    "healing",
    "llm_interaction",
    "llm_stream",
    "stage",
    "template_render",
    "validation",
]

_MODULES = {
    "CodeCheck": "checks",
    "CodeError": "checks",
    "CodeGeneration": "events",
    "FileWrite": "events",
    "Healing": "events",
    "LLMInteraction": "events",
    "TemplateRender": "events",
    "Validation": "events",
    "check_code": "checks",
    "code_generation": "blocks",
    "file_write": "blocks",
    "healing": "mending",
    "llm_interaction": "interactions",
    "llm_stream": "interactions",
    "stage": "blocks",
    "template_render": "blocks",
    "validation": "blocks",
}


def __getattr__(name: str) -> Any:
    """Import a stage when it is first asked for (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    made = globals()[name] = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    return made


def __dir__() -> list[str]:
    """Return the promised names besides those that are there."""
    return sorted({*globals(), *__all__})
