-- Failures by type and place; one that several operations pass on is told by the innermost.
-- Those of no type are told apart by their words: digits do not matter, the reader drops other details.
WITH told AS (
  SELECT * FROM errors AS outer_one
  WHERE error_type IS NULL
     OR (event = 'span_end' AND has_exception)
     OR NOT EXISTS (
       SELECT 1 FROM errors AS inner_one
       WHERE inner_one.event = 'span_end'
         AND inner_one.parent_id = outer_one.span_id
         AND inner_one.error_type = outer_one.error_type
         AND COALESCE(inner_one.error_message, '') = COALESCE(outer_one.error_message, '')
     )
), texts AS (
  SELECT *, COALESCE(error_message, message, '') AS text FROM told
)
SELECT error_type AS type, where_file, where_line, MIN(timestamp) AS first, COUNT(*) AS count,
  MIN_BY(text, timestamp) AS message
FROM texts
GROUP BY error_type, where_file, where_line,
  CASE WHEN error_type IS NULL THEN TRANSLATE(text, '0123456789', '##########') ELSE '' END
ORDER BY count DESC, first
