-- Ninety days of orders, with what was paid for them.

-- A table that is emptied in the same transaction is filled without WAL while wal_level is minimal.
TRUNCATE orders, payments, refunds;

INSERT INTO orders (id, school_id, student_id, menu_item_id, quantity, status, created_at)
SELECT n, 1 + student % 200, 1 + student, 1 + n * 7 % 400, 1 + n % 3, 'placed',
    now() - interval '90 days' * (1 - n / 205000.0)
FROM (SELECT n, (n * 7919) % 20000 AS student FROM generate_series(1, 205000) AS n) AS numbers;

-- Those of long ago and of the last two days; companions/payments.py reckons the same ones.
INSERT INTO payments (id, order_id, amount_paise, method, status, razorpay_payment_id, created_at)
SELECT id, id, 4500 * quantity, (ARRAY['upi', 'card', 'wallet'])[1 + id % 3], 'created',
    'pay_' || substr(md5(id::text), 1, 14), created_at + interval '20 seconds'
FROM orders WHERE id <= 150000 OR id BETWEEN 200444 AND 204999;

INSERT INTO refunds (payment_id, amount_paise, reason, created_at)
SELECT id, amount_paise, 'school closed', created_at + interval '1 day' FROM payments WHERE id % 100 = 0 AND id <= 150000;
