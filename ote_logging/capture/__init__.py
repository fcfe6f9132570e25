"""Real clients of language models recorded, switched on in YAML, nothing in the program changed.

    filters:
      openai:
        (): ote_logging.capture.openai

Each of these filters lets every record pass; that it is made installs what records, before or after the
client is imported. Each call of a model becomes one ``llm_interaction`` of the logger
``ote_logging.capture``, in its place in the tree. What the program gets, and what it sees raised, are the
client's own objects. Nothing is recorded inside a block ``llm_interaction`` of the program, which tells of
the call itself.

LOCATION: ote_logging/capture/
DEPENDENCIES: capture.switches
TRACE POINTS: none
"""

from ote_logging.capture.switches import anthropic, httpx, litellm, openai, uninstall

__all__ = ["anthropic", "httpx", "litellm", "openai", "uninstall"]
