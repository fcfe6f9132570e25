-- What counts as a call: ends of spans, stages under their own names, and EVALUATION markers of
-- operations that have no ends, for programs write both for one call.
CREATE OR REPLACE TEMP VIEW calls AS
SELECT
  CASE WHEN event IN ('span_end', 'evaluation') THEN COALESCE(operation, 'None') ELSE event END AS name,
  event, time_s, error_type,
  CASE WHEN status = 'error' THEN 1 ELSE 0 END AS failed,
  CASE WHEN duration_ms < 0 THEN 0.0 WHEN duration_ms < 1e18 THEN duration_ms END AS duration_ms
FROM events AS called
WHERE event IN ('span_end', 'llm_interaction', 'template_render', 'code_generation', 'file_write',
                'validation', 'healing')
   OR (event = 'evaluation' AND COALESCE(operation, 'None') NOT IN
        (SELECT DISTINCT COALESCE(operation, 'None') FROM events WHERE event = 'span_end'))
