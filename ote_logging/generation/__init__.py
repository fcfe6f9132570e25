"""Loggers with methods, for programs that were written against them.

LOCATION: ote_logging/generation/
DEPENDENCIES: the modules of this folder, spans (observe)
TRACE POINTS: none
"""

from ote_logging.generation.logger import GenerationError, GenerationLogger
from ote_logging.generation.operated import OTELogger
from ote_logging.generation.totals import GenerationEvent
from ote_logging.spans import observe

SimpleGenerationLogger = GenerationLogger
observable = observe
"""Another name of ``observe``."""

__all__ = [
    "GenerationError",
    "GenerationEvent",
    "GenerationLogger",
    "OTELogger",
    "SimpleGenerationLogger",
    "observable",
]
