-- Calls of models.
CREATE OR REPLACE TEMP VIEW llm AS
SELECT * FROM events WHERE event = 'llm_interaction'
