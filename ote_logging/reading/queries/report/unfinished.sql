-- Spans that began and did not end.
SELECT operation, timestamp, session_id, pid, trace_id, span_id, file, line
FROM events AS began
WHERE event = 'span_start' AND span_id IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM spans WHERE spans.span_id = began.span_id)
ORDER BY timestamp
