"""A pipeline that generates three components under the shipped kind of configuration, for tests that read it.

``todo_store`` is well, ``rate_limiter`` is healed by a second answer, ``mailer`` fails for good.
"""

import logging.config
from pathlib import Path

from written import pipeline

from ote_logging.spans import span
from ote_logging.stages import (
    code_generation,
    file_write,
    healing,
    llm_interaction,
    template_render,
    validation,
)

TODO_STORE = "class TodoStore:\n    def __init__(self):\n        self.todos = {}\n"
BROKEN = (
    "import time\n\n\nclass RateLimiter:\n"
    "    async def cleanup(self):\n    async def setup(self):\n        pass\n"
)
FIXED = BROKEN.replace("cleanup(self):\n", "cleanup(self):\n        self.started = None\n\n")
MAILER = "from nowhere_at_all import Base\n\n\nclass Mailer(Base):\n    pass\n"


def run(directory: Path, *, inline_chars: int = 65_536) -> Path:
    """Run the pipeline with its session in ``directory``; return the folder of the files it wrote."""
    configuration = pipeline(directory)
    configuration["filters"]["content"] = {
        "()": "ote_logging.content.ContentFilter",
        "directory": str(directory),
        "inline_chars": inline_chars,
        "preview_chars": 10,
    }
    configuration["handlers"]["session"]["filters"].append("content")
    logging.config.dictConfig(configuration)
    out = directory / "out"
    out.mkdir(parents=True)
    with span("generate_all"):
        generate("todo_store", [TODO_STORE], out)
        generate("rate_limiter", [BROKEN, FIXED], out)
        generate("mailer", [MAILER, MAILER.replace("import ", "import  ")], out)
    logging.getLogger().handlers[0].filters[2].store.flush()  # type: ignore[union-attr, call-arg]
    return out


def generate(component: str, answers: list[str], out: Path) -> None:
    """Ask, check, heal, render and write one component."""
    code = asked(component, f"Write {component}.", answers[0])
    error = checked(component, code)
    if error is not None:
        with healing(component, error=error, code=code, max_attempts=len(answers) - 1) as heal:
            for answer in answers[1:]:
                code = asked(component, f"{error}\n\n{code}", answer)
                error = checked(component, code)
                heal.attempt(code, error=error)
    if error is None:
        written(component, code, out)


def asked(component: str, prompt: str, answer: str) -> str:
    """Return the code in the ``answer`` to ``prompt``."""
    with llm_interaction(component, prompt=prompt, model="scripted") as call:
        response = f"Here:\n```python\n{answer}```"
        call.set(response=response, tokens_in=5, tokens_out=7, finish_reason="stop")
    with code_generation(component, source=response) as made:
        made.set(code=answer)
    return answer


def checked(component: str, code: str) -> Exception | None:
    """Return what is wrong with ``code``."""
    try:
        with validation(component, validation_type="syntax", code=code):
            compile(code, component, "exec")
            if "nowhere_at_all" in code:
                raise ModuleNotFoundError("No module named 'nowhere_at_all'")
    except (SyntaxError, ImportError) as error:
        return error
    return None


def written(component: str, code: str, out: Path) -> None:
    """Render ``code`` and write it."""
    with template_render(component, template="component.j2", variables={"code": code}) as render:
        text = f"# {component}\n{code}"
        render.set(output=text)
    target = out / f"{component}.py"
    with file_write(component, target=target, content=text):
        target.write_text(text)
