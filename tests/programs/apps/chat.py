"""Ask a language model on this machine through the openai client: in threads, in tasks, in a stream."""

import asyncio
import os
import sys
from concurrent.futures import ThreadPoolExecutor

from openai import AsyncOpenAI, InternalServerError, OpenAI

ADDRESS = f"http://127.0.0.1:{os.environ['PROOF_PORT']}/v1"
QUESTION = {"model": "scripted", "messages": [{"role": "user", "content": "Say something."}]}
SECRET = "sk-" + "a1B2" * 12


def ask(client: OpenAI, number: int) -> str:
    """Return the answer of one call."""
    answer = client.chat.completions.create(**QUESTION, seed=number)
    return str(answer.choices[0].message.content)


async def ask_all(count: int) -> list[str]:
    """Return the answers of concurrent calls."""
    async with AsyncOpenAI(base_url=ADDRESS, api_key=SECRET) as client:
        calls = [client.chat.completions.create(**QUESTION, seed=number) for number in range(count)]
        return [str(answer.choices[0].message.content) for answer in await asyncio.gather(*calls)]


with OpenAI(base_url=ADDRESS, api_key=SECRET, max_retries=1) as client:
    with ThreadPoolExecutor(4) as threads:
        answers = set(threads.map(lambda number: ask(client, number), range(24)))
    try:
        client.chat.completions.create(**QUESTION, seed=500)
    except InternalServerError as error:
        sys.stdout.write(f"refused with {error.status_code}\n")
answers.update(asyncio.run(ask_all(12)))
sys.stdout.write(f"{len(answers)} answers\n")
