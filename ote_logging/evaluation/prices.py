"""What a call of a model costs, by a dated price table; an unknown model costs None, never 0.

A table is a list of mappings, as YAML gives it; dollars per million tokens::

    - {model: "gpt-4o-mini*", since: 2024-07-18, input: 0.15, output: 0.60, cached: 0.075}
    - {model: "local/*", input: 0, output: 0}

Of the prices whose pattern fits, the latest that was in force on the day of the call counts; among
equals the first in the table. Tokens in include the cached ones, which cost ``cached`` where it is given.
A count below 0, by which some interfaces say that they do not know, has no price.

LOCATION: ote_logging/evaluation/prices.py
DEPENDENCIES: errors; genai-prices (extra ``cost``), only for GenaiPrices
TRACE POINTS: none
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from fnmatch import fnmatchcase
from math import isfinite
from typing import Any, Final, NamedTuple, Protocol

from ote_logging.errors import ConfigError, MissingExtraError

_MILLION: Final = 1_000_000
_ALWAYS: Final = "0001-01-01"
_KEYS: Final = frozenset({"model", "since", "input", "output", "cached"})
_MOST_UNKNOWN: Final = 100


class PriceSource(Protocol):
    """Whoever can say what a call costs."""

    def cost_usd(
        self,
        model: str,
        *,
        tokens_in: int = 0,
        tokens_out: int = 0,
        tokens_cached: int = 0,
        on: str | None = None,
    ) -> float | None:
        """Return dollars, None where ``model`` is unknown; ``on`` is an RFC 3339 time, None for now."""


class Price(NamedTuple):
    """Dollars per million tokens of the models that fit a shell pattern, from a day on (ISO date)."""

    model: str
    since: str
    input: float
    output: float
    cached: float

    def fits(self, model: str, day: str | None) -> bool:
        """Tell whether ``model`` has this price on ``day``."""
        return fnmatchcase(model.lower(), self.model.lower()) and (day is None or self.since <= day)

    def cost_usd(self, tokens_in: int, tokens_out: int, tokens_cached: int) -> float:
        """Return the dollars for so many tokens; ``tokens_in`` includes ``tokens_cached``."""
        cached = min(tokens_cached, tokens_in)
        fresh = (tokens_in - cached) * self.input
        return (fresh + cached * self.cached + tokens_out * self.output) / _MILLION


class PriceTable:
    """The user's own prices."""

    def __init__(self, prices: Iterable[Price]) -> None:
        """Keep ``prices``."""
        self._prices = sorted(prices, key=lambda price: price.since, reverse=True)

    @classmethod
    def from_config(cls, rows: object) -> "PriceTable":
        """Make the table from a list of mappings.

        Raises:
            ConfigError: with every row that is no price.
        """
        if not isinstance(rows, list):
            raise ConfigError([f"prices: a list of prices is expected, met {type(rows).__name__}"])
        problems = [problem for n, row in enumerate(rows) for problem in _problems(f"prices[{n}]", row)]
        if problems:
            raise ConfigError(problems)
        return cls(map(_price, rows))

    def cost_usd(
        self,
        model: str,
        *,
        tokens_in: int = 0,
        tokens_out: int = 0,
        tokens_cached: int = 0,
        on: str | None = None,
    ) -> float | None:
        """Return what the call costs in dollars, None where no price fits."""
        if min(tokens_in, tokens_out, tokens_cached) < 0:
            return None
        day = on[:10] if isinstance(on, str) else None
        price = next((price for price in self._prices if price.fits(model, day)), None)
        return None if price is None else price.cost_usd(tokens_in, tokens_out, tokens_cached)


class GenaiPrices:
    """The prices that come inside the package ``genai-prices``; nothing is fetched."""

    def __init__(self) -> None:
        """Load the package (0.8 s).

        Raises:
            MissingExtraError: it is not installed; the extra ``cost`` brings it.
        """
        try:
            import genai_prices
        except ImportError as error:
            raise MissingExtraError("genai-prices", "cost") from error
        self._package = genai_prices

    def cost_usd(
        self,
        model: str,
        *,
        tokens_in: int = 0,
        tokens_out: int = 0,
        tokens_cached: int = 0,
        on: str | None = None,
    ) -> float | None:
        """Return what the call costs in dollars, None where the package does not know ``model``."""
        if min(tokens_in, tokens_out, tokens_cached) < 0:
            return None
        usage = self._package.Usage(
            input_tokens=tokens_in, output_tokens=tokens_out, cache_read_tokens=min(tokens_cached, tokens_in)
        )
        try:
            found = self._package.calc_price(usage, model, genai_request_timestamp=_moment(on))
        except LookupError:
            return None
        return float(found.total_price)


class PriceSources:
    """Several sources, asked in turn; the models that none of them knew are counted."""

    def __init__(self, *sources: PriceSource) -> None:
        """Ask ``sources`` in this order."""
        self._sources = sources
        self.unknown: dict[str, int] = {}
        """Calls by model that had no price; the first 100 models, the rest under ``__other__``."""

    def cost_usd(
        self,
        model: str,
        *,
        tokens_in: int = 0,
        tokens_out: int = 0,
        tokens_cached: int = 0,
        on: str | None = None,
    ) -> float | None:
        """Return what the first source says that knows ``model``, else None."""
        for source in self._sources:
            cost = source.cost_usd(
                model, tokens_in=tokens_in, tokens_out=tokens_out, tokens_cached=tokens_cached, on=on
            )
            if cost is not None:
                return cost
        key = model if model in self.unknown or len(self.unknown) < _MOST_UNKNOWN else "__other__"
        self.unknown[key] = self.unknown.get(key, 0) + 1
        return None


def _problems(place: str, row: object) -> list[str]:
    """Return what is wrong with one row of a table, in the user's words."""
    if not isinstance(row, Mapping):
        return [f"{place}: a price is a mapping; met {row!r}"]
    found = [
        f"{place}: unknown key {key!r}; known: {', '.join(sorted(_KEYS))}" for key in row if key not in _KEYS
    ]
    if not isinstance(row.get("model"), str):
        found.append(
            f"{place}: model is a text, a name or a pattern such as gpt-4o*; met {row.get('model')!r}"
        )
    for key in ("input", "output", "cached"):
        if not _is_price(row.get(key, 0 if key == "cached" else None)):
            found.append(f"{place}: {key} is dollars per million tokens, 0 or more; met {row.get(key)!r}")
    if not _is_day(row.get("since", _ALWAYS)):
        found.append(f"{place}: since is a date such as 2026-01-31; met {row.get('since')!r}")
    return found


def _is_price(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value) and value >= 0


def _is_day(value: object) -> bool:
    try:
        date.fromisoformat(str(value)[:10])
    except ValueError:
        return False
    return True


def _price(row: Mapping[str, Any]) -> Price:
    since = str(row.get("since", _ALWAYS))[:10]
    return Price(row["model"], since, row["input"], row["output"], row.get("cached", row["input"]))


def _moment(on: str | None) -> datetime | None:
    """Return ``on`` as a time; None, meaning now, where it is none."""
    try:
        return None if on is None else datetime.fromisoformat(on)
    except (TypeError, ValueError):
        return None
