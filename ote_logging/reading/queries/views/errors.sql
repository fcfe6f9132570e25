-- Every line that tells of a failure, with the place where it happened.
CREATE OR REPLACE TEMP VIEW errors AS
SELECT *,
  CASE WHEN raised_file IS NOT NULL THEN raised_file ELSE file END AS where_file,
  CASE WHEN raised_file IS NOT NULL THEN raised_line
       WHEN event <> 'validation' AND line_number IS NOT NULL THEN line_number
       ELSE line END AS where_line
FROM events
WHERE error_type IS NOT NULL OR status = 'error' OR level IN ('ERROR', 'CRITICAL')
