-- What all lines used, each counted once.
SELECT SUM(cpu_ms) AS cpu_ms, SUM(memory_growth_bytes) AS memory_growth_bytes,
  SUM(api_calls) AS api_calls, SUM(tokens_in) AS tokens_in, SUM(tokens_out) AS tokens_out,
  SUM(tokens_cached) AS tokens_cached, SUM(cost_usd) AS cost_usd, SUM(unpriced) AS unpriced,
  SUM(retries) AS retries, SUM(cache_hits) AS cache_hits, SUM(cache_misses) AS cache_misses,
  SUM(bytes) AS bytes
FROM uses
