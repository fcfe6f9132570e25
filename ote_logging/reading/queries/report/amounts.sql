-- What each operation used; a stage tells of it under its own name and under the operation around it.
WITH charged AS (
  SELECT CASE WHEN event IN ('span_end', 'evaluation') THEN COALESCE(operation, 'None') ELSE event END AS name,
    uses.*
  FROM uses
  UNION ALL
  SELECT operation AS name, uses.* FROM uses
  WHERE event NOT IN ('span_end', 'evaluation') AND operation IS NOT NULL
)
SELECT name, SUM(cpu_ms) AS cpu_ms, SUM(memory_growth_bytes) AS memory_growth_bytes,
  SUM(api_calls) AS api_calls, SUM(tokens_in) AS tokens_in, SUM(tokens_out) AS tokens_out,
  SUM(tokens_cached) AS tokens_cached, SUM(cost_usd) AS cost_usd, SUM(unpriced) AS unpriced,
  SUM(retries) AS retries, SUM(cache_hits) AS cache_hits, SUM(cache_misses) AS cache_misses,
  SUM(bytes) AS bytes
FROM charged GROUP BY name ORDER BY name
