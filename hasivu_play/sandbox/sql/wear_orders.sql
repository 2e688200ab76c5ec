-- A week of orders without maintenance. Nothing may read the table after this, or it would prune what it finds dead.

UPDATE orders SET status = 'delivered', delivered_at = created_at + interval '4 hours' WHERE id % 4 = 0;

-- Made only now, or the update would have to keep them. orders_school_created_idx covers the first; nobody uses the
-- second.
CREATE INDEX orders_school_idx ON orders (school_id);
CREATE INDEX orders_quantity_idx ON orders (quantity);
CREATE INDEX orders_student_idx ON orders (student_id);
