"""A pipeline that lets a model write three components: one is right, one is healed, one fails for good.

It shows the four ways to a trace point: text, ``TRACE(...)``, ``span`` and ``observe``.

LOCATION: ote_logging/demo/pipeline.py
DEPENDENCIES: ote_logging, demo.model
TRACE POINTS: generate() - prompt, model, validate, heal, write
"""

import ast
import importlib.util
import logging
import tempfile
from pathlib import Path

import ote_logging as ote
from ote_logging.demo import model

log = logging.getLogger("demo.pipeline")

COMPONENTS = ("todo_store", "rate_limiter", "mailer")
MAX_ATTEMPTS = 3


class ValidationError(Exception):
    """Code that cannot be used; ``line`` is the place."""

    def __init__(self, text: str, line: int) -> None:
        super().__init__(text)
        self.line = line


@ote.observe("call_model")
def call_model(component: str, prompt: str, attempt: int) -> str:
    """Ask the model and log what was said."""
    answer = model.complete(component, prompt, attempt)
    log.info(
        ote.Event(
            "llm_interaction",
            f"{model.NAME} answered for {component}",
            component=component,
            model=model.NAME,
            attempt=attempt,
            prompt=prompt,
            response=answer.text,
            tokens_in=answer.tokens_in,
            tokens_out=answer.tokens_out,
        )
    )
    return answer.text


def extract_code(response: str) -> str:
    """Return what stands between the fences."""
    log.info("TRACE: generate -> extract (chars=%d)", len(response))
    return response.removeprefix("```python\n").removesuffix("```")


@ote.observe("validate")
def validate(code: str) -> None:
    """Check syntax, then whether the imported modules exist."""
    try:
        tree = ast.parse(code)
    except SyntaxError as error:
        raise ValidationError(f"{type(error).__name__}: {error.msg}", error.lineno or 0) from error
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and importlib.util.find_spec(node.module or "") is None:
            raise ValidationError(f"no module named {node.module!r}", node.lineno)


def generate(component: str, folder: Path) -> Path:
    """Generate one component: ask, check, heal, write."""
    prompt = f"Write the component {component} in Python."
    for attempt in range(1, MAX_ATTEMPTS + 1):
        code = extract_code(call_model(component, prompt, attempt))
        try:
            validate(code)
        except ValidationError as error:
            log.warning(ote.TRACE("generate -> validate -> heal", attempt=attempt, reason=str(error)))
            prompt = f"{prompt}\nLine {error.line} is wrong: {error}\n\n{code}"
            continue
        log.info(ote.TRACE("generate -> write", file=f"{component}.py", lines=code.count("\n")))
        target = folder / f"{component}.py"
        target.write_text(code, encoding="utf-8")
        return target
    raise RuntimeError(f"{component} is still wrong after {MAX_ATTEMPTS} attempts")


def main() -> None:
    """Generate all components; what fails is told and does not stop the others."""
    failed = []
    with tempfile.TemporaryDirectory() as folder, ote.span("generate_all", components=len(COMPONENTS)) as run:
        for component in COMPONENTS:
            try:
                with ote.bind(component=component), ote.span("generate"):
                    generate(component, Path(folder))
            except RuntimeError:
                failed.append(component)
        run.set(failed=len(failed))


if __name__ == "__main__":
    main()
