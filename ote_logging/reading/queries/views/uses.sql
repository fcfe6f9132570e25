-- What each line used: tokens, dollars, bytes ...; null where it does not say.
CREATE OR REPLACE TEMP VIEW uses AS
SELECT event, operation, cpu_ms, memory_growth_bytes, tokens_in, tokens_out, tokens_cached, cost_usd, retries,
  CASE WHEN api_calls IS NULL AND event = 'llm_interaction' THEN 1 ELSE api_calls END AS api_calls,
  CASE WHEN cost_usd IS NULL AND (tokens_in IS NOT NULL OR tokens_out IS NOT NULL) THEN 1 END AS unpriced,
  CASE WHEN cache_hits IS NULL AND cache_hit THEN 1 ELSE cache_hits END AS cache_hits,
  CASE WHEN cache_misses IS NULL AND NOT cache_hit THEN 1 ELSE cache_misses END AS cache_misses,
  COALESCE(bytes, size_bytes) AS bytes
FROM events
WHERE event IN ('span_end', 'evaluation', 'llm_interaction', 'template_render', 'code_generation',
                'file_write', 'validation', 'healing')
