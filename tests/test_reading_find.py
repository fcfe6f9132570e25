"""Reading: conditions as users type them."""

import pytest
from reading_lines import Session

from ote_logging.reading import Condition, find

FIELDS = {
    "user_id": 7, "rate": 0.5, "is_new": True, "nothing": None, "code": "7", "status": "gift",
    "tags": ["red", "blue"], "request": {"method": "GET", "parts": [{"name": "body"}]}, "a.b": 1,
}  # fmt: skip


@pytest.fixture
def entry():
    return Session().add(
        "order_placed", level="INFO", message="Order 17\nplaced", status="ok", duration_ms=12.5,
        path=["save", "encrypt"], exception={"type": "ValueError"}, fields=FIELDS,
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "user_id=7", "user_id=7.0", "code=7", "rate=0.5", "is_new=true", "is_new=True", "nothing=null",
        "status=ok", "status_=gift", "user_id!=8", "level!=DEBUG", "message~order 17", "message~17\nPLACED",
        "user_id~7", "duration_ms>12", "duration_ms>=12.5", "duration_ms<13", "user_id<=7",
        "timestamp>2026-11",
        "path=encrypt", "tags~BLU", "request.method=GET", "request.parts.0.name=body",
        "exception.type=ValueError", "path!=load", "request~body", "a.b=1", "user_id~",
    ],
)  # fmt: skip
def test_conditions_that_hold(entry, text):
    """Numbers, truth values and texts compare as what they are; dots lead inside."""
    assert list(find([entry], [Condition.parse(text)])) == [entry]


@pytest.mark.parametrize(
    "text",
    [
        "user_id=8", "user_id=true", "is_new=1", "nothing=", "missing=7", "missing!=7", "missing~",
        "status=gift", "message=Order", "user_id>x", "request.parts.9.name=body", "request.parts.x=1",
        "path!=save", "message.x=1", "user_id!=7",
    ],
)  # fmt: skip
def test_conditions_that_do_not_hold(entry, text):
    """What is not there meets no condition, not even an unequal one."""
    assert list(find([entry], [Condition.parse(text)])) == []


@pytest.mark.parametrize("text", ["", "word", "=7", " =7", "!=", "~x"])
def test_what_is_no_condition_is_refused(text):
    """The error quotes it and shows how one is written."""
    with pytest.raises(ValueError, match="write key=value"):
        Condition.parse(text)


def test_all_conditions_must_hold():
    """Failures of one operation, and a condition beside."""
    session = Session()
    session.end("a" * 16, "save", status="error")
    session.add("log", operation="save", level="ERROR", fields={"user_id": 7})
    session.add("log", operation="load", level="ERROR", fields={"user_id": 7})
    session.end("b" * 16, "save")

    found = find(session.entries, [Condition.parse("user_id=7")], errors=True, operation="save")

    assert list(found) == [session.entries[1]]
