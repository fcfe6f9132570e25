-- Records by logger and level.
SELECT COALESCE(logger, '') AS logger, COALESCE(level, 'None') AS level, COUNT(*) AS records
FROM events GROUP BY COALESCE(logger, ''), COALESCE(level, 'None') ORDER BY logger, level
