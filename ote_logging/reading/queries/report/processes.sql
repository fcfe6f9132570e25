-- When each process wrote, and how much.
SELECT COALESCE(session_id, '') AS session_id, pid, COUNT(*) AS records,
  MIN(timestamp) AS first, MAX(timestamp) AS last
FROM events GROUP BY COALESCE(session_id, ''), pid ORDER BY first, session_id, pid
