"""The stages of a generation pipeline: model, template, code, file, validation, healing.

An event of each for one who logs it himself, a block of each for one who wants it timed and looked at.

LOCATION: ote_logging/stages/
DEPENDENCIES: the modules of this folder
TRACE POINTS: none
"""

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
