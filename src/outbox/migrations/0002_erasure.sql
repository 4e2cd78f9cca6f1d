-- Erasing an order deletes its payloads, and SQLite then looks for jobs that name them: without these indexes both looked
-- through every row, and the one connection that writes was kept for seconds where many orders waited.
CREATE INDEX payloads_order ON payloads (order_row);
CREATE INDEX jobs_payload ON jobs (payload);

-- What may be erased, given up or delivered.
DROP INDEX orders_unerased;
CREATE INDEX orders_unerased ON orders (state, delivered_at) WHERE erased_at IS NULL;
