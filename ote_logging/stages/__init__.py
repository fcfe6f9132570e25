"""The stages of a generation pipeline: model, template, code, file, validation, healing.

An event of each for one who logs it himself, a block of each for one who wants it timed and looked at. A
name is imported when it is first asked for: most programs that log have no pipeline.

LOCATION: ote_logging/stages/
DEPENDENCIES: the modules of this folder
TRACE POINTS: none
"""

from typing import TYPE_CHECKING

from ote_logging.late import late_names

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

__getattr__, __dir__ = late_names(__name__, _MODULES)
