-- Calls, outcome and durations by operation; a quantile is the lower one, no interpolation.
WITH ranked AS (
  SELECT name, duration_ms,
    ROW_NUMBER() OVER (PARTITION BY name ORDER BY duration_ms) - 1 AS place,
    COUNT(*) OVER (PARTITION BY name) - 1 AS last
  FROM calls WHERE duration_ms IS NOT NULL
), quantiles AS (
  SELECT name,
    SUM(duration_ms) AS total_ms,
    AVG(duration_ms) AS mean_ms,
    MIN(duration_ms) AS min_ms,
    MAX(CASE WHEN place = FLOOR(0.50 * last) THEN duration_ms END) AS p50_ms,
    MAX(CASE WHEN place = FLOOR(0.90 * last) THEN duration_ms END) AS p90_ms,
    MAX(CASE WHEN place = FLOOR(0.95 * last) THEN duration_ms END) AS p95_ms,
    MAX(CASE WHEN place = FLOOR(0.99 * last) THEN duration_ms END) AS p99_ms,
    MAX(duration_ms) AS max_ms
  FROM ranked GROUP BY name
), outcomes AS (
  SELECT name, COUNT(*) AS calls, SUM(failed) AS failures FROM calls GROUP BY name
)
SELECT outcomes.name, calls, failures, total_ms, mean_ms, min_ms, p50_ms, p90_ms, p95_ms, p99_ms, max_ms
FROM outcomes LEFT JOIN quantiles ON outcomes.name = quantiles.name
ORDER BY total_ms DESC NULLS LAST, outcomes.name
