-- Erasing an order deletes its payloads, and for each of them SQLite looks for jobs that name it: without this index it
-- looked through every job, and the one connection that writes was kept for seconds where many orders waited.
CREATE INDEX jobs_payload ON jobs (payload);

-- What may be erased, given up or delivered.
DROP INDEX orders_unerased;
CREATE INDEX orders_unerased ON orders (state, delivered_at) WHERE erased_at IS NULL;
