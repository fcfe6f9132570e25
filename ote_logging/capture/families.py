"""Which requests ask a model, and who runs it: told from the address.

LOCATION: ote_logging/capture/families.py
DEPENDENCIES: none
TRACE POINTS: none
"""

import re
from typing import Final

_ASKS: Final = re.compile(
    r"/(chat/completions|completions|responses|embeddings|messages|v\d+/chat|api/(chat|generate|embed)|invoke)/?$"
    r"|:(generateContent|streamGenerateContent|rawPredict|streamRawPredict)$"
)
_MODEL: Final = re.compile(r"/(?:models?|deployments|engines)/([^/:]+)")

_PROVIDERS: Final = (
    ("api.openai.com", "openai"),
    ("openai.azure.com", "azure.ai.openai"),
    ("services.ai.azure.com", "azure.ai.inference"),
    ("anthropic.com", "anthropic"),
    ("generativelanguage.googleapis.com", "gcp.gemini"),
    ("aiplatform.googleapis.com", "gcp.vertex_ai"),
    ("amazonaws.com", "aws.bedrock"),
    ("mistral.ai", "mistral_ai"),
    ("cohere.com", "cohere"),
    ("cohere.ai", "cohere"),
    ("groq.com", "groq"),
    ("deepseek.com", "deepseek"),
    ("perplexity.ai", "perplexity"),
    ("x.ai", "x_ai"),
    ("moonshot.ai", "moonshot_ai"),
    ("ml.cloud.ibm.com", "ibm.watsonx.ai"),
    ("openrouter.ai", "openrouter"),
    ("together.xyz", "together"),
    ("fireworks.ai", "fireworks"),
)
"""Ends of host names, and OpenTelemetry's names of who is behind them."""

_KINDS: Final = (
    ("embed", "embeddings"),
    ("enerateContent", "generate_content"),
    ("/chat/completions", "chat"),
    ("completions", "text_completion"),
    ("/api/generate", "text_completion"),
)


def asks_a_model(path: str) -> bool:
    """Whether a request to ``path`` is of a kind that providers of models answer."""
    return _ASKS.search(path) is not None


def provider_of(host: str) -> str | None:
    """Return who runs the models at ``host``, in OpenTelemetry's names, None where that is unknown."""
    return next((name for end, name in _PROVIDERS if host == end or host.endswith(f".{end}")), None)


def model_in(path: str) -> str | None:
    """Return the model or deployment that ``path`` names.

    >>> model_in("/v1beta/models/gemini-2.5-pro:generateContent")
    'gemini-2.5-pro'
    """
    found = _MODEL.search(path)
    return found[1] if found else None


def kind_of(path: str) -> str:
    """Return OpenTelemetry's name of the operation at ``path``: chat, embeddings, text_completion, ..."""
    return next((kind for part, kind in _KINDS if part in path), "chat")
