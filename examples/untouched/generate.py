"""Ask a model for modules, check them, write them. Plain logging, and a few prints."""

# ruff: noqa: T201

import ast
import importlib.util
import logging
import sys
import time
from pathlib import Path

import openai

logger = logging.getLogger("generator")

COMPONENTS = ["todo_store", "rate_limiter", "mailer"]


def call_llm(client, component, messages):
    logger.debug("TRACE: generate -> call_llm | component=%s", component)
    stream = client.chat.completions.create(
        model="scripted-1", messages=messages, temperature=0.2, stream=True
    )
    text = ""
    for chunk in stream:
        text += chunk.choices[0].delta.content or ""
    print(f"{component}: {len(text)} characters")
    return text


def validate(component, code):
    try:
        tree = ast.parse(code)
    except SyntaxError as e:
        logger.error("TRACE: validate -> FAILED at %s | component=%s | error=%s", e.lineno, component, e.msg)
        return f"line {e.lineno}: {e.msg}"
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and importlib.util.find_spec(node.module) is None:
            logger.error(
                "TRACE: validate -> FAILED at %d | component=%s | error=No module named %r",
                node.lineno, component, node.module,
            )
            return f"no module named {node.module}"
    logger.debug("TRACE: validate -> ok | component=%s", component)
    return None


def generate(client, component, folder):
    start = time.time()
    messages = [{"role": "user", "content": f"Write the component {component} in Python."}]
    for attempt in range(3):
        answer = call_llm(client, component, messages)
        code = answer.partition("```python\n")[2].partition("```")[0]
        problem = validate(component, code)
        if problem is None:
            (folder / f"{component}.py").write_text(code)
            logger.info("wrote %s.py", component)
            break
        logger.debug("TRACE: generate -> heal | component=%s | attempt=%d", component, attempt + 1)
        messages.append({"role": "assistant", "content": answer})
        messages.append({"role": "user", "content": f"That is wrong: {problem}"})
    else:
        logger.error("giving up on %s", component)
    took = time.time() - start
    success = problem is None
    logger.info("EVALUATION: generate | component=%s | duration=%.3fs | success=%s", component, took, success)


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "generated")
    folder.mkdir(parents=True, exist_ok=True)
    client = openai.OpenAI()
    for component in COMPONENTS:
        generate(client, component, folder)
    print("done")


if __name__ == "__main__":
    main()
