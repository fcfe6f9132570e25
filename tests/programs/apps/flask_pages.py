"""Pages of a Flask application: one that answers, one that warns, one that fails."""

from flask import Flask, abort

app = Flask(__name__)


@app.get("/item/<int:number>")
def item(number: int) -> dict[str, int]:
    """Answer; warn about every seventh item and log with extra fields."""
    app.logger.info("item %d is asked for", number, extra={"number": number})
    if number % 7 == 0:
        app.logger.warning("TRACE: item -> rare | number=%d", number)
    if number % 11 == 0:
        abort(404)
    return {"number": number, "value": 100 // (number % 13)}
