"""A pipeline in which a model writes three modules: one is right, one is healed, one fails for good.

    python examples/scripted_model.py ote run examples/pipeline/generate.py FOLDER
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import jinja2
import openai

import ote_logging as ote
from ote_logging.stages import (
    CodeError,
    check_code,
    code_generation,
    file_write,
    healing,
    llm_interaction,
    template_render,
    validation,
)

COMPONENTS: Mapping[str, Sequence[str]] = {
    "todo_store": ["keeps todos by number"],
    "rate_limiter": ["has setup and cleanup", "is asynchronous"],
    "mailer": ["sends text"],
}
MODEL = "scripted-1"
MAX_HEALINGS = 2

Message = dict[str, str]

templates = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    keep_trailing_newline=True,
)


class GenerationError(Exception):
    """A component could not be made."""


def render(component: str, template: str, **variables: object) -> str:
    """Return what a template gives."""
    with template_render(component, template=template, variables=variables) as rendered:
        output = templates.get_template(template).render(component=component, **variables)
        rendered.set(output=output)
    return output


def ask(client: openai.OpenAI, component: str, messages: Sequence[Message]) -> str:
    """Return the model's answer; a refusal is tried again once."""
    parameters = {"temperature": 0.0, "max_tokens": 500}
    asked = llm_interaction(component, prompt=list(messages), model=MODEL, parameters=parameters)
    with asked as call:
        for is_last in (False, True):
            try:
                with call.attempt():
                    answer = client.chat.completions.create(model=MODEL, messages=messages, **parameters)
                break
            except openai.RateLimitError:
                if is_last:
                    raise
        text = str(answer.choices[0].message.content)
        call.set(
            response=text,
            finish_reason=answer.choices[0].finish_reason,
            tokens_in=answer.usage.prompt_tokens,
            tokens_out=answer.usage.completion_tokens,
        )
    return text


def extract(component: str, wishes: Sequence[str], response: str) -> str:
    """Return the module made of the code between the fences."""
    with code_generation(component, specification=list(wishes), source=response) as made:
        code = response.partition("```python\n")[2].partition("```")[0]
        made.set(code=code)
    return render(component, "module.py.j2", wishes=wishes, code=code)


def first_error(component: str, code: str) -> CodeError | None:
    """Return what is wrong with ``code``: its syntax, or a module that does not exist."""
    with validation(component, validation_type="syntax and imports", code=code) as checked:
        found = check_code(code)
        if found.errors:
            checked.fail(*found.errors)
    return found.errors[0] if found.errors else None


def healed(
    client: openai.OpenAI, component: str, messages: list[Message], code: str, error: CodeError
) -> str:
    """Return code that holds, for which the model is told what is wrong.

    Raises:
        GenerationError: it still does not hold.
    """
    wishes = COMPONENTS[component]
    with healing(component, error=error, code=code, max_attempts=MAX_HEALINGS) as heal:
        found: CodeError | None = error
        for _ in range(MAX_HEALINGS):
            messages.append({"role": "user", "content": f"Line {found.line_number}: {found.error_message}"})
            response = ask(client, component, messages)
            messages.append({"role": "assistant", "content": response})
            code = extract(component, wishes, response)
            found = first_error(component, code)
            heal.attempt(code, found)
            if found is None:
                return code
        heal.give_up(f"{MAX_HEALINGS} attempts, and the error is the same")
    raise GenerationError(f"{component}: {found.error_message}")


def write(component: str, target: Path, code: str) -> None:
    """Write the module."""
    with file_write(component, target=target, content=code):
        target.write_text(code, encoding="utf-8")


def generate(client: openai.OpenAI, component: str, folder: Path) -> None:
    """Make one component: prompt, answer, code, check, heal, write."""
    wishes = COMPONENTS[component]
    messages = [{"role": "user", "content": render(component, "prompt.j2", wishes=wishes)}]
    response = ask(client, component, messages)
    messages.append({"role": "assistant", "content": response})
    code = extract(component, wishes, response)
    error = first_error(component, code)
    if error is not None:
        code = healed(client, component, messages, code, error)
    write(component, folder / f"{component}.py", code)


def main(folder: Path) -> int:
    """Make all components; return how many failed."""
    failed = []
    folder.mkdir(parents=True, exist_ok=True)
    with openai.OpenAI(max_retries=0) as client, ote.span("generate_all") as run:
        for component in COMPONENTS:
            try:
                with ote.span("generate", component=component):
                    generate(client, component, folder)
            except GenerationError:
                failed.append(component)
        run.set(failed=failed)
    return len(failed)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "generated"))
