"""Observability, traceability and evaluation inside standard-library logging.

    import logging, ote_logging as ote

    ote.configure("logging.yaml")
    log = logging.getLogger(__name__)

    with ote.span("save_preference", user_id=7):
        log.debug("TRACE: save -> validate")

What writes comes at once; what is switched on or reads comes when it is first asked for, so that a
program which only logs pays for no more.

LOCATION: ote_logging/__init__.py
DEPENDENCIES: every module whose names it promises
TRACE POINTS: none
"""

from typing import TYPE_CHECKING

from ote_logging import late
from ote_logging.context import bind, carry, current, session
from ote_logging.errors import ConfigError, MissingExtraError, OteError, ReadError
from ote_logging.events import TRACE, Event
from ote_logging.spans import observe, span

if TYPE_CHECKING:
    from ote_logging.config import configure
    from ote_logging.content import ContentFilter
    from ote_logging.evaluation.anomalies import AnomalyDetector
    from ote_logging.evaluation.comparison import ComparisonFramework
    from ote_logging.evaluation.metrics import PerformanceMetrics
    from ote_logging.filters import ContextFilter, RedactFilter
    from ote_logging.formatters import JsonFormatter, TraceFormatter
    from ote_logging.generation import GenerationLogger, OTELogger, SimpleGenerationLogger, observable
    from ote_logging.handlers import (
        AnomalyHandler,
        ArtifactHandler,
        MetricsHandler,
        ObserverHandler,
        QueueHandler,
        SessionFileHandler,
    )
    from ote_logging.stages import (
        CodeGeneration,
        FileWrite,
        Healing,
        LLMInteraction,
        TemplateRender,
        Validation,
        check_code,
        code_generation,
        file_write,
        healing,
        llm_interaction,
        llm_stream,
        stage,
        template_render,
        validation,
    )

__all__ = [
    "TRACE",
    "AnomalyDetector",
    "AnomalyHandler",
    "ArtifactHandler",
    "CodeGeneration",
    "ComparisonFramework",
    "ConfigError",
    "ContentFilter",
    "ContextFilter",
    "Event",
    "FileWrite",
    "GenerationLogger",
    "Healing",
    "JsonFormatter",
    "LLMInteraction",
    "MetricsHandler",
    "MissingExtraError",
    "OTELogger",
    "ObserverHandler",
    "OteError",
    "PerformanceMetrics",
    "QueueHandler",
    "ReadError",
    "RedactFilter",
    "SessionFileHandler",
    "SimpleGenerationLogger",
    "TemplateRender",
    "TraceFormatter",
    "Validation",
    "bind",
    "carry",
    "check_code",
    "code_generation",
    "configure",
    "current",
    "file_write",
    "healing",
    "llm_interaction",
    "llm_stream",
    "observable",
    "observe",
    "session",
    "span",
    "stage",
    "template_render",
    "validation",
]

_LATER = {
    "AnomalyDetector": "evaluation.anomalies",
    "AnomalyHandler": "handlers",
    "ArtifactHandler": "handlers",
    "CodeGeneration": "stages",
    "ComparisonFramework": "evaluation.comparison",
    "ContentFilter": "content",
    "ContextFilter": "filters",
    "FileWrite": "stages",
    "GenerationLogger": "generation",
    "Healing": "stages",
    "JsonFormatter": "formatters",
    "LLMInteraction": "stages",
    "MetricsHandler": "handlers",
    "OTELogger": "generation",
    "ObserverHandler": "handlers",
    "PerformanceMetrics": "evaluation.metrics",
    "QueueHandler": "handlers",
    "RedactFilter": "filters",
    "SessionFileHandler": "handlers",
    "SimpleGenerationLogger": "generation",
    "TemplateRender": "stages",
    "TraceFormatter": "formatters",
    "Validation": "stages",
    "check_code": "stages",
    "code_generation": "stages",
    "configure": "config",
    "file_write": "stages",
    "healing": "stages",
    "llm_interaction": "stages",
    "llm_stream": "stages",
    "observable": "generation",
    "stage": "stages",
    "template_render": "stages",
    "validation": "stages",
}

__getattr__, __dir__ = late.late_names(__name__, _LATER)
