-- How often each operation failed with what.
SELECT name, COALESCE(error_type, 'unknown') AS error_type, COUNT(*) AS times
FROM calls WHERE failed = 1 GROUP BY name, COALESCE(error_type, 'unknown') ORDER BY name, times DESC, error_type
