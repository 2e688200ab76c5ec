-- feedback.order_id and deliveries.route_id refer to other tables and have no index, which index health should find.

ALTER TABLE students ADD FOREIGN KEY (school_id) REFERENCES schools;
ALTER TABLE payments ADD FOREIGN KEY (order_id) REFERENCES orders;
ALTER TABLE order_items ADD FOREIGN KEY (order_id) REFERENCES orders;
ALTER TABLE feedback ADD FOREIGN KEY (order_id) REFERENCES orders;
ALTER TABLE deliveries ADD FOREIGN KEY (route_id) REFERENCES delivery_routes;
