-- The mean duration of each operation in each tenth of the time.
WITH bounds AS (SELECT MIN(time_s) AS first_s, MAX(time_s) AS last_s FROM events)
SELECT name,
  CAST(CASE WHEN last_s > first_s AND time_s < last_s
            THEN FLOOR((time_s - first_s) / (last_s - first_s) * 10) ELSE 9 END AS INTEGER) AS part,
  AVG(duration_ms) AS mean_ms
FROM calls CROSS JOIN bounds
WHERE duration_ms IS NOT NULL
GROUP BY name,
  CAST(CASE WHEN last_s > first_s AND time_s < last_s
            THEN FLOOR((time_s - first_s) / (last_s - first_s) * 10) ELSE 9 END AS INTEGER)
ORDER BY name, part
