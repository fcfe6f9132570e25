"""The stages of a generation pipeline as events: messages for any logger, whole and typed.

    log.info(LLMInteraction("todo_store", prompt=prompt, response=text, model="gpt-4", tokens_in=450))

``component`` is the name of what is generated. Whatever a stage knows of its outcome may be among the
fields: ``status``, ``duration_ms``, ``error`` (an exception or a text), ``error_type``, ``error_message``,
``line_number``, ``code_context``, ``traceback``; they become keys of the line. Other fields stand beside.

LOCATION: ote_logging/stages/events.py
DEPENDENCIES: stages: base, checks, diffs, errors, templates
TRACE POINTS: none
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from ote_logging.jsonable import text_of
from ote_logging.stages.base import OUTCOME, StageEvent, text_or_none
from ote_logging.stages.checks import check_code, context_at
from ote_logging.stages.diffs import diff_of, indentation_of
from ote_logging.stages.errors import error_fingerprint
from ote_logging.stages.templates import template_error, template_fields

_PYTHON: Final = (".py", ".pyi")

Messages = str | Sequence[Mapping[str, Any]]
"""What a model was told: text, or messages with roles and parts."""


class LLMInteraction(StageEvent):
    """A model was asked: what it was told, what it answered, what that took."""

    __slots__ = ()

    event = "llm_interaction"

    def __init__(
        self,
        /,
        component: str | None = None,
        *,
        prompt: Messages | None = None,
        system: str | None = None,
        model: str | None = None,
        provider: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        response: str | None = None,
        tokens_in: int | None = None,
        tokens_out: int | None = None,
        tokens_cached: int | None = None,
        finish_reason: str | None = None,
        time_to_first_chunk_ms: float | None = None,
        attempts: Sequence[Mapping[str, Any]] | None = None,
        tool_calls: Sequence[Mapping[str, Any]] | None = None,
        cost_usd: float | None = None,
        cache_hit: bool | None = None,
        **fields: Any,
    ) -> None:
        """Keep what is known.

        Args:
            component: what is generated.
            prompt: exactly what was sent: text, or messages as ``{"role": ..., "content": text or parts}``.
            system: the system instructions.
            model: the model that was asked for.
            provider: who runs it.
            parameters: temperature and the like, all that were sent.
            response: the answer, whole.
            tokens_in: tokens of the request, cached ones included.
            tokens_out: tokens of the answer.
            tokens_cached: those of ``tokens_in`` that came from the provider's cache.
            finish_reason: why the model ended.
            time_to_first_chunk_ms: from the request to the first chunk of a stream.
            attempts: each try with its own outcome, as ``llm_interaction.attempt()`` records them.
            tool_calls: each call of a tool: ``{"name": ..., "arguments": ..., "result": ...}``.
            cost_usd: what it cost.
            cache_hit: whether the answer came from the program's own cache.
            **fields: the outcome, and fields of the program.
        """
        self._fill(
            {
                "component": component, "model": model, "provider": provider, "parameters": parameters,
                "system": system, "prompt": prompt, "response": response, "tokens_in": tokens_in,
                "tokens_out": tokens_out, "tokens_cached": tokens_cached, "finish_reason": finish_reason,
                "time_to_first_chunk_ms": time_to_first_chunk_ms, "attempts": attempts,
                "tool_calls": tool_calls, "cost_usd": cost_usd, "cache_hit": cache_hit, **fields,
            }
        )  # fmt: skip

    def _look(self, given: dict[str, Any], outcome: dict[str, Any]) -> None:
        if given.get("attempts"):
            given.setdefault("retries", len(given["attempts"]) - 1)

    def _facts(self, given: Mapping[str, Any]) -> list[str]:
        facts = [text_of(given["model"])] if "model" in given else []
        facts += [f"{text_of(given[name])} {name}" for name in ("tokens_in", "tokens_out") if name in given]
        return [*facts, f"{given['retries']} retries"] if given.get("retries") else facts


class TemplateRender(StageEvent):
    """A template was rendered; its errors carry the template's line."""

    __slots__ = ()

    event = "template_render"

    def __init__(
        self,
        /,
        component: str | None = None,
        *,
        template: object = None,
        variables: Mapping[str, Any] | None = None,
        before: str | None = None,
        output: str | None = None,
        **fields: Any,
    ) -> None:
        """Keep what is known.

        Args:
            component: what is generated.
            template: its name or path, or a template that has ``name`` and ``filename``.
            variables: what was passed to it.
            before: the text that the render replaces or extends, for the diff.
            output: what came out.
            **fields: the outcome, and fields of the program.
        """
        self._fill(
            {"component": component, "template": template, "variables": variables, "before": before,
             "output": output, **fields}
        )  # fmt: skip

    def _place_of(self, error: BaseException) -> Mapping[str, Any]:
        place = template_error(error)
        line = place.get("line_number")
        return place if line is None else {**place, "template_line": line}

    def _look(self, given: dict[str, Any], outcome: dict[str, Any]) -> None:
        if "template" in given:
            given.update(template_fields(given["template"]))
        before, output = text_or_none(given.get("before")), text_or_none(given.get("output"))
        if output is not None:
            given.setdefault("indentation", indentation_of(output))
        if before is not None and output is not None:
            given.setdefault("diff", diff_of(before, output))

    def _facts(self, given: Mapping[str, Any]) -> list[str]:
        return [text_of(given["template"])] if "template" in given else []


class CodeGeneration(StageEvent):
    """Code was made; it is parsed as Python, and modules that it imports and that do not exist are named."""

    __slots__ = ()

    event = "code_generation"

    def __init__(
        self,
        /,
        component: str | None = None,
        *,
        specification: object = None,
        source: str | None = None,
        code: str | None = None,
        language: str | None = None,
        known_modules: Collection[str] | None = None,
        **fields: Any,
    ) -> None:
        """Keep what is known.

        Args:
            component: what is generated.
            specification: what was asked for.
            source: the text that the code was taken from, such as a model's response.
            code: the code, whole.
            language: another one than ``python`` is not looked at.
            known_modules: modules that will exist though they cannot be found now.
            **fields: the outcome, and fields of the program.
        """
        self._fill(
            {"component": component, "specification": specification, "source": source, "code": code,
             "language": language, "known_modules": known_modules, **fields}
        )  # fmt: skip

    def _look(self, given: dict[str, Any], outcome: dict[str, Any]) -> None:
        known, code = given.pop("known_modules", ()), text_or_none(given.get("code"))
        if code is None or given.get("language", "python") != "python":
            return
        check = check_code(code, known=known)
        if check is None:
            return
        for name, value in check.fields().items():
            given.setdefault(name, value)
        if check.errors and "error_message" not in outcome:
            outcome.update({**check.errors[0].keys(), **outcome})

    def _facts(self, given: Mapping[str, Any]) -> list[str]:
        return [f"{given['code_lines']} lines"] if "code_lines" in given else []


class FileWrite(StageEvent):
    """A file was written; ``files.file_before`` and ``files.file_after`` tell what stands there.

    For a ``.py`` file ``syntax_ok`` tells whether the content parses; that it does not is no failed write.
    """

    __slots__ = ()

    event = "file_write"

    def __init__(
        self,
        /,
        component: str | None = None,
        *,
        target: object = None,
        content: str | bytes | None = None,
        before: str | None = None,
        size_bytes: int | None = None,
        sha256: str | None = None,
        verified: bool | None = None,
        replaced: bool | None = None,
        writable: bool | None = None,
        mode: str | None = None,
        owner: str | None = None,
        **fields: Any,
    ) -> None:
        """Keep what is known.

        Args:
            component: what is generated.
            target: the path.
            content: what was to be written, whole.
            before: the text that stood there.
            size_bytes: the size on the disk afterwards.
            sha256: 64 hex digits of what was read back.
            verified: whether what was read back is the content.
            replaced: whether a file was there before.
            writable: whether the target could be written, asked before.
            mode: the permissions as four octal digits.
            owner: name of the user whose file it is.
            **fields: the outcome, and fields of the program.
        """
        self._fill(
            {"component": component, "target": target, "content": content, "before": before,
             "size_bytes": size_bytes, "sha256": sha256, "verified": verified, "replaced": replaced,
             "writable": writable, "mode": mode, "owner": owner, **fields}
        )  # fmt: skip

    def _look(self, given: dict[str, Any], outcome: dict[str, Any]) -> None:
        if "target" in given:
            given["target"] = text_of(given["target"])
        before, content = text_or_none(given.get("before")), text_or_none(given.get("content"))
        if before is not None and content is not None:
            given.setdefault("diff", diff_of(before, content))
        if content is not None and str(given.get("target", "")).endswith(_PYTHON):
            check = check_code(content, imports=False)
            if check is not None:
                given.setdefault("syntax_ok", check.syntax_ok)

    def _facts(self, given: Mapping[str, Any]) -> list[str]:
        size = [f"{given['size_bytes']} bytes"] if "size_bytes" in given else []
        return [*([text_of(given["target"])] if "target" in given else []), *size]


class Validation(StageEvent):
    """Something that was generated was checked; it holds where no error is given."""

    __slots__ = ()

    event = "validation"

    def __init__(
        self,
        /,
        component: str | None = None,
        *,
        validation_type: str | None = None,
        code: str | None = None,
        errors: Sequence[Mapping[str, Any]] | None = None,
        **fields: Any,
    ) -> None:
        """Keep what is known.

        Args:
            component: what was generated.
            validation_type: ``syntax``, ``import``, ``logic`` or one of the program's own.
            code: what was checked, whole.
            errors: all errors found, each with ``error_type``, ``error_message``, ``line_number``.
            **fields: the outcome, and fields of the program.
        """
        self._fill(
            {"component": component, "validation_type": validation_type, "code": code, "errors": errors,
             **fields}
        )  # fmt: skip

    def _look(self, given: dict[str, Any], outcome: dict[str, Any]) -> None:
        for error in given.get("errors") or ():
            outcome.update({**{name: error[name] for name in OUTCOME if name in error}, **outcome})
            break
        code = text_or_none(given.get("code"))
        if code is not None and isinstance(outcome.get("line_number"), int):
            context = context_at(code.splitlines(), outcome["line_number"])
            if context is not None:
                outcome.setdefault("code_context", context)
        if "error_message" in outcome:
            found = error_fingerprint(outcome.get("error_type"), outcome["error_message"])
            given.setdefault("error_fingerprint", found)

    def _facts(self, given: Mapping[str, Any]) -> list[str]:
        return [text_of(given["validation_type"])] if "validation_type" in given else []


class Healing(StageEvent):
    """What did not validate was mended, or not: each attempt with what it changed and what came of it."""

    __slots__ = ()

    event = "healing"

    def __init__(
        self,
        /,
        component: str | None = None,
        *,
        attempts: Sequence[Mapping[str, Any]] | None = None,
        verdict: str | None = None,
        reason: str | None = None,
        before: str | None = None,
        code: str | None = None,
        **fields: Any,
    ) -> None:
        """Keep what is known.

        Args:
            component: what was generated.
            attempts: each with ``number``, ``diff``, ``verdict`` and its error, as ``healing.attempt()``
                records them.
            verdict: that of the last attempt: ``fixed``, ``same_error`` or ``new_error``.
            reason: why it ended.
            before: the code as it was before the first attempt.
            code: the code as it is now.
            **fields: the outcome, and fields of the program.
        """
        self._fill(
            {"component": component, "attempts": attempts, "verdict": verdict, "reason": reason,
             "before": before, "code": code, **fields}
        )  # fmt: skip

    def _look(self, given: dict[str, Any], outcome: dict[str, Any]) -> None:
        before, code = text_or_none(given.get("before")), text_or_none(given.get("code"))
        if before is not None and code is not None:
            given.setdefault("diff", diff_of(before, code))
        if given.get("verdict", "fixed") != "fixed":
            outcome.setdefault("status", "error")

    def _facts(self, given: Mapping[str, Any]) -> list[str]:
        count = [f"{len(given['attempts'])} attempts"] if given.get("attempts") else []
        return [*count, *([text_of(given["reason"])] if "reason" in given else [])]
