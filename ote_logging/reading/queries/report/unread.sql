-- Lines that are no entry, and records that their writer reported as lost.
SELECT SUM(CASE WHEN event IS NULL OR timestamp IS NULL THEN 1 ELSE 0 END) AS unreadable,
  SUM(CASE WHEN event = 'records_lost' THEN COALESCE(lost, 1) ELSE 0 END) AS lost
FROM lines
