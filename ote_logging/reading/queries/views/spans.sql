-- Operations that ended, each with its duration and outcome.
CREATE OR REPLACE TEMP VIEW spans AS
SELECT * FROM events WHERE event = 'span_end'
