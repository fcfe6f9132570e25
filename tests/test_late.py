"""Patterns that are compiled when they are first used."""

import re
from importlib import import_module

import pytest

from ote_logging.late import late_pattern


def test_a_late_pattern_finds_what_a_pattern_finds():
    """Whatever method is called first, and called again, answers as that of a compiled pattern."""
    text = "a=1, B=22"
    late = late_pattern(r"([a-z])=(\d+)", re.IGNORECASE)
    compiled = re.compile(r"([a-z])=(\d+)", re.IGNORECASE)

    for _ in range(2):
        assert late.match(text)[2] == "1"
        assert late.search(text, 3)[2] == "22"
        assert late.fullmatch(text) is None
        assert late.findall(text) == compiled.findall(text)
        assert [found.span() for found in late.finditer(text)] == [(0, 3), (5, 9)]
        assert late.sub("x", text) == compiled.sub("x", text)


def test_a_late_pattern_is_not_compiled_before_it_is_used():
    """A source that is no pattern is refused by its first use."""
    late = late_pattern("(")

    with pytest.raises(re.error):
        late.search("")


def test_a_late_pattern_has_methods_alone():
    """Asking for anything else says what there is, so that nothing takes it for a pattern by mistake."""
    with pytest.raises(AttributeError, match="has no 'groups'; it has findall"):
        _ = late_pattern("x").groups
    assert not isinstance(late_pattern("x"), re.Pattern)


@pytest.mark.parametrize("package", ["", ".handlers", ".stages", ".evaluation"])
def test_a_package_imports_its_names_when_they_are_asked_for(package: str) -> None:
    """They stand in ``dir()`` before, and nothing of the kind is there for a name that it has not."""
    module = import_module(f"ote_logging{package}")

    assert set(module.__all__) <= set(dir(module))
    with pytest.raises(AttributeError, match=f"module '{module.__name__}' has no attribute 'missing'"):
        _ = module.missing
