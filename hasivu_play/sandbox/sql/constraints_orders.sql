-- Keys and indexes of what orders are made of; among them one that stands twice.

ALTER TABLE orders ADD PRIMARY KEY (id);
ALTER TABLE payments ADD PRIMARY KEY (id);
ALTER TABLE refunds ADD PRIMARY KEY (id);
CREATE INDEX orders_school_created_idx ON orders (school_id, created_at);
CREATE INDEX payments_order_idx ON payments (order_id);
CREATE INDEX payments_status_idx ON payments (status);
CREATE INDEX payments_by_status ON payments (status);
-- Rows were loaded with their numbers: new ones go on from there.

SELECT setval(pg_get_serial_sequence('orders', 'id'), (SELECT max(id) FROM orders)),
    setval(pg_get_serial_sequence('payments', 'id'), (SELECT max(id) FROM payments));
