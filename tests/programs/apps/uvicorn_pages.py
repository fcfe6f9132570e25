"""Routes of a FastAPI application: one in the event loop, one in its thread pool, one that fails."""

import logging

from fastapi import FastAPI

log = logging.getLogger("pages")
app = FastAPI()


@app.get("/async/{number}")
async def in_the_loop(number: int) -> dict[str, int]:
    """Answer from the event loop."""
    log.debug("TRACE: in_the_loop -> answer (number=%d)", number)
    return {"number": number}


@app.get("/thread/{number}")
def in_a_thread(number: int) -> dict[str, int]:
    """Answer from a thread; every thirteenth call divides by zero."""
    log.info("thread answers %d", number, extra={"number": number})
    return {"value": 100 // (number % 13)}
