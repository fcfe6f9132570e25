-- Every line that is an entry; what could not be read has no event.
CREATE OR REPLACE TEMP VIEW events AS
SELECT * FROM lines WHERE event IS NOT NULL AND timestamp IS NOT NULL
