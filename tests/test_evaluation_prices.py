"""Cost per operation: dated prices by pattern, and what has no price is not free."""

import sys
from typing import Any

import pytest
import yaml

from ote_logging.errors import ConfigError, MissingExtraError
from ote_logging.evaluation.metrics import PerformanceMetrics
from ote_logging.evaluation.prices import GenaiPrices, PriceSources, PriceTable

TABLE = """
- {model: "gpt-4o-mini*", since: 2024-07-18, input: 0.15, output: 0.60, cached: 0.075}
- {model: "gpt-4o-mini*", since: 2026-01-01, input: 0.10, output: 0.50}
- {model: "local/*", input: 0, output: 0}
"""


@pytest.fixture
def table() -> PriceTable:
    """A table as a user's YAML gives it."""
    return PriceTable.from_config(yaml.safe_load(TABLE))


@pytest.mark.parametrize(
    ("model", "on", "tokens", "cost"),
    [
        ("gpt-4o-mini", "2025-03-01T10:00:00.000000Z", (450, 320, 0), 0.0002595),
        ("gpt-4o-mini-2024-07-18", "2025-03-01", (1_000_000, 0, 400_000), 0.12),
        ("GPT-4o-mini", "2026-03-01", (1_000_000, 1_000_000, 0), 0.60),
        ("gpt-4o-mini", None, (1_000_000, 0, 0), 0.10),
        ("gpt-4o-mini", "2026-03-01", (1_000_000, 0, 1_000_000), 0.10),
        ("local/llama", "2026-03-01", (9_000, 9_000, 0), 0.0),
        ("gpt-4o-mini", "2020-01-01", (450, 320, 0), None),
        ("claude", "2026-03-01", (450, 320, 0), None),
    ],
    ids=["dated", "cached", "later price", "today", "no cached price", "free", "before the first", "unknown"],
)
def test_the_price_in_force_counts(
    table: PriceTable, model: str, on: str | None, tokens: tuple[int, int, int], cost: float | None
) -> None:
    """Model pattern, day and kind of token decide; None where no price fits."""
    tokens_in, tokens_out, cached = tokens

    found = table.cost_usd(model, tokens_in=tokens_in, tokens_out=tokens_out, tokens_cached=cached, on=on)

    assert found == pytest.approx(cost)


def test_the_fold_prices_what_carries_no_cost(table: PriceTable) -> None:
    """Known models add to the cost, an unknown one to unpriced, and a cost on the line itself stands."""
    fold = PerformanceMetrics(prices=table)
    call: dict[str, Any] = {"event": "llm_interaction", "tokens_in": 450, "tokens_out": 320}
    day = {"timestamp": "2025-03-01T10:00:00.000000Z"}
    for more in ({"model": "gpt-4o-mini"}, {"model": "mine"}, {"model": "mine", "cost_usd": 0.5}):
        fold.add_line({**call, **day, **more})

    shown = fold.report()["llm_interaction"]

    assert (shown["cost_usd"], shown["unpriced"]) == (pytest.approx(0.5002595), 1)


def test_sources_are_asked_in_turn_and_count_the_unknown(table: PriceTable) -> None:
    """The first that knows the model answers; a model that none knows is counted by name."""
    sources = PriceSources(PriceTable([]), table)

    assert sources.cost_usd("local/llama", tokens_in=5) == 0.0
    assert sources.cost_usd("mine", tokens_in=5) is None
    assert sources.unknown == {"mine": 1}


def test_genai_prices_knows_a_common_model() -> None:
    """The package's price of 450 and 320 tokens of gpt-4o-mini is that of the provider."""
    cost = GenaiPrices().cost_usd("gpt-4o-mini", tokens_in=450, tokens_out=320, on="2025-03-01T10:00:00Z")

    assert cost == pytest.approx(0.0002595)


def test_genai_prices_does_not_know_every_model() -> None:
    """A model that the package does not know costs None."""
    assert GenaiPrices().cost_usd("my-own-model", tokens_in=450) is None


@pytest.mark.parametrize(
    "source",
    [GenaiPrices, lambda: PriceTable.from_config([{"model": "*", "input": 1, "output": 2}])],
    ids=["package", "table"],
)
@pytest.mark.parametrize(
    "counts", [{"tokens_in": -1}, {"tokens_out": -1}, {"tokens_in": 5, "tokens_cached": -1}]
)
def test_a_count_below_0_has_no_price(source: Any, counts: dict[str, int]) -> None:
    """An interface that says -1 for "not known" costs None: neither less than nothing, nor an error."""
    assert source().cost_usd("gpt-4o-mini", **counts) is None


def test_a_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without genai-prices the error says which extra cures it."""
    monkeypatch.setitem(sys.modules, "genai_prices", None)

    with pytest.raises(MissingExtraError, match=r"ote-logging\[cost\]"):
        GenaiPrices()


def test_every_problem_of_a_table_is_told() -> None:
    """A wrong table is refused with all its problems, each with its place."""
    rows = [{"model": 7, "input": -1, "output": True, "since": "soon", "price": 3}, "gpt"]

    with pytest.raises(ConfigError) as caught:
        PriceTable.from_config(rows)

    assert [problem.split(" is ")[0] for problem in caught.value.problems] == [
        "prices[0]: unknown key 'price'; known: cached, input, model, output, since",
        "prices[0]: model",
        "prices[0]: input",
        "prices[0]: output",
        "prices[0]: since",
        "prices[1]: a price",
    ]


def test_a_table_is_a_list() -> None:
    """A mapping where the list belongs is refused."""
    with pytest.raises(ConfigError, match="a list of prices is expected, met dict"):
        PriceTable.from_config({"model": "x"})
