-- Runs of numbers that a process gave to records which are not there.
WITH numbered AS (
  SELECT DISTINCT COALESCE(session_id, '') AS session_id, pid, seq FROM events WHERE seq > 0
), following AS (
  SELECT session_id, pid, seq,
    COALESCE(LAG(seq) OVER (PARTITION BY session_id, pid ORDER BY seq), 0) AS before
  FROM numbered
)
SELECT session_id, pid, before + 1 AS first, seq - 1 AS last
FROM following WHERE seq > before + 1 ORDER BY session_id, pid, first
