"""The works, a topic a module; WORKS holds them all in the order of the table.

LOCATION: benchmarks/works/__init__.py
DEPENDENCIES: none
TRACE POINTS: none
"""

from collections.abc import Mapping

from benchmarks.contest import Work
from benchmarks.works import (
    evaluation,
    imports,
    memory,
    metrics,
    pipelines,
    reading,
    records,
    scaling,
    spans,
    threads,
    trace,
)

_TOPICS = (
    records, trace, spans, threads, reading, evaluation, imports, metrics, pipelines, scaling, memory
)  # fmt: skip

WORKS: Mapping[str, Work] = {work.name: work for topic in _TOPICS for work in topic.WORKS}
