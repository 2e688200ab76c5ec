-- Keys and indexes of the platform around the orders.

ALTER TABLE schools ADD PRIMARY KEY (id);
ALTER TABLE students ADD PRIMARY KEY (id);
ALTER TABLE guardians ADD PRIMARY KEY (id);
ALTER TABLE student_guardians ADD PRIMARY KEY (student_id, guardian_id);
ALTER TABLE dietary_preferences ADD PRIMARY KEY (student_id);
ALTER TABLE menu_items ADD PRIMARY KEY (id);
ALTER TABLE menus ADD PRIMARY KEY (id);
ALTER TABLE menu_entries ADD PRIMARY KEY (menu_id, menu_item_id);
ALTER TABLE subscriptions ADD PRIMARY KEY (id);
ALTER TABLE settlements ADD PRIMARY KEY (id);
ALTER TABLE rfid_cards ADD PRIMARY KEY (id);
ALTER TABLE rfid_readers ADD PRIMARY KEY (id);
ALTER TABLE drivers ADD PRIMARY KEY (id);
ALTER TABLE delivery_routes ADD PRIMARY KEY (id);
ALTER TABLE deliveries ADD PRIMARY KEY (id);
ALTER TABLE feedback ADD PRIMARY KEY (id);
ALTER TABLE holidays ADD PRIMARY KEY (school_id, observed_on);
ALTER TABLE feature_flags ADD PRIMARY KEY (name);
CREATE INDEX students_school_idx ON students (school_id);
CREATE UNIQUE INDEX menus_school_day_key ON menus (school_id, serve_on);
CREATE UNIQUE INDEX rfid_cards_uid_key ON rfid_cards (uid);
CREATE INDEX rfid_events_card_idx ON rfid_events (card_id, read_at);
CREATE INDEX stock_levels_item_idx ON stock_levels (menu_item_id, counted_on);
