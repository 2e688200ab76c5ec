-- Keys of order lines and of what the platform writes besides.

ALTER TABLE order_items ADD PRIMARY KEY (order_id, line);
ALTER TABLE "Order Items Archive" ADD PRIMARY KEY (order_id, line);
ALTER TABLE idempotency_keys ADD PRIMARY KEY (key);
ALTER TABLE wallet_transactions ADD PRIMARY KEY (id);
ALTER TABLE audit_log ADD PRIMARY KEY (id);
ALTER TABLE notifications ADD PRIMARY KEY (id);
ALTER TABLE user_sessions ADD PRIMARY KEY (id);
