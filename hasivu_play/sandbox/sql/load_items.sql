-- Order lines, their archive, and what the platform writes besides.

-- A table that is emptied in the same transaction is filled without WAL while wal_level is minimal.
TRUNCATE order_items, "Order Items Archive", idempotency_keys, wallet_transactions, audit_log, notifications,
    user_sessions;

INSERT INTO order_items (order_id, line, menu_item_id, quantity, price_paise)
SELECT n, 1, 1 + n * 7 % 400, 1 + n % 3, 4500 FROM generate_series(1, 205000) AS n;

INSERT INTO order_items (order_id, line, menu_item_id, quantity, price_paise)
SELECT n, 2, 1 + n * 11 % 400, 1, 1500 FROM generate_series(5, 205000, 5) AS n;

INSERT INTO "Order Items Archive"
SELECT -n, 1, 1 + n % 400, 1, 4200, current_date - 365 + n / 200 FROM generate_series(1, 50000) AS n;

INSERT INTO idempotency_keys (key, order_id, created_at)
SELECT md5(n::text), 175000 + n, now() - interval '12 days' * (1 - n / 30000.0) FROM generate_series(1, 30000) AS n;

INSERT INTO wallet_transactions (guardian_id, amount_paise, created_at)
SELECT 1 + n % 16000, CASE WHEN n <= 16000 THEN 50000 ELSE -4500 END, now() - interval '90 days' * (1 - n / 45000.0)
FROM generate_series(1, 45000) AS n;

INSERT INTO audit_log (actor, action, subject, at)
SELECT 'user:' || n % 900, (ARRAY['login', 'menu.publish', 'order.refund', 'student.update'])[1 + n % 4],
    'school:' || n % 200, now() - interval '90 days' * (1 - n / 60000.0)
FROM generate_series(1, 60000) AS n;

INSERT INTO notifications (guardian_id, channel, body, sent_at)
SELECT 1 + n % 16000, (ARRAY['sms', 'push', 'email'])[1 + n % 3], 'Order ' || n || ' was delivered.',
    now() - interval '90 days' * (1 - n / 50000.0)
FROM generate_series(1, 50000) AS n;

INSERT INTO user_sessions (id, guardian_id, expires_at, seen_at)
SELECT gen_random_uuid(), 1 + n % 16000, now() + interval '7 days', now() - interval '1 hour'
FROM generate_series(1, 40000) AS n;
