-- Schools, people, menus, cards and deliveries: the platform around the orders.

-- A table that is emptied in the same transaction is filled without WAL while wal_level is minimal.
TRUNCATE schools, students, guardians, student_guardians, dietary_preferences, menu_items, menus, menu_entries,
    subscriptions, settlements, rfid_cards, rfid_readers, rfid_events, drivers, delivery_routes, deliveries,
    stock_levels, feedback, holidays, feature_flags;

INSERT INTO schools (name, city, contact_email)
SELECT 'Government School ' || n, (ARRAY['Bengaluru', 'Mysuru', 'Hubballi', 'Mangaluru'])[1 + n % 4],
    'office' || n || '@school.hasivu.test'
FROM generate_series(1, 200) AS n;

INSERT INTO students (school_id, name, grade, admission_number)
SELECT 1 + n % 200, 'Student ' || n, 1 + n % 12, 'A' || lpad(n::text, 6, '0') FROM generate_series(0, 19999) AS n;

-- Every 800th telephone number stands twice: a unique index over them cannot be built.
INSERT INTO guardians (name, phone, email, consent_given_at)
SELECT 'Guardian ' || n, '+9190000' || lpad((n - (n % 800 = 0)::integer)::text, 5, '0'),
    'guardian' || n || '@mail.hasivu.test', now() - interval '200 days'
FROM generate_series(1, 16000) AS n;

INSERT INTO student_guardians SELECT n, 1 + n % 16000, 'parent' FROM generate_series(1, 20000) AS n;

INSERT INTO dietary_preferences
SELECT n, (ARRAY['vegetarian', 'jain', 'eggetarian', 'any'])[1 + n % 4],
    CASE n % 25 WHEN 0 THEN '{peanut}' ELSE '{}' END::text[]
FROM generate_series(1, 20000, 2) AS n;

INSERT INTO menu_items (name, category, vegetarian, calories, price_paise)
SELECT 'Dish ' || n, (ARRAY['rice', 'bread', 'curry', 'fruit'])[1 + n % 4], n % 7 <> 0, 200 + n, 1500 + 10 * n
FROM generate_series(1, 400) AS n;

INSERT INTO menus (school_id, serve_on)
SELECT school, current_date + day FROM generate_series(1, 200) AS school, generate_series(-20, 7) AS day;

INSERT INTO menu_entries SELECT menu, 1 + (menu * 3 + dish) % 400, 80
FROM generate_series(1, 5600) AS menu, generate_series(1, 3) AS dish;

INSERT INTO subscriptions (student_id, plan, starts_on, ends_on)
SELECT n, (ARRAY['monthly', 'term', 'year'])[1 + n % 3], current_date - 30, current_date + 60
FROM generate_series(1, 20000, 4) AS n;

INSERT INTO settlements (school_id, settled_on, amount_paise)
SELECT school, current_date - day, 900000 + school * day
FROM generate_series(1, 200) AS school, generate_series(1, 90) AS day;

INSERT INTO rfid_cards (student_id, uid, last_seen_at)
SELECT 1 + n % 20000, upper(substr(md5(n::text), 1, 8)), now() - interval '3 days' FROM generate_series(0, 23999) AS n;

INSERT INTO rfid_readers (school_id, location, firmware)
SELECT 1 + n % 200, (ARRAY['canteen', 'gate'])[1 + n % 2], '4.2.' || n % 5 FROM generate_series(1, 400) AS n;

INSERT INTO rfid_events (card_id, reader_id, accepted, read_at)
SELECT 1 + n * 7919 % 24000, 1 + n % 400, n % 50 <> 0, now() - interval '75 days' * (1 - n / 90000.0)
FROM generate_series(1, 90000) AS n;

INSERT INTO drivers (name, licence_number) SELECT 'Driver ' || n, 'KA01' || 2000000 + n
FROM generate_series(1, 60) AS n;

INSERT INTO delivery_routes (driver_id, name) SELECT 1 + n % 60, 'Route ' || n FROM generate_series(1, 120) AS n;

INSERT INTO deliveries (route_id, school_id, deliver_on, status)
SELECT 1 + n % 120, 1 + n % 200, current_date - n % 90, 'planned' FROM generate_series(1, 45000) AS n;

INSERT INTO stock_levels
SELECT 'kitchen-' || n % 12, 1 + n % 400, current_date - n % 90, n % 500 FROM generate_series(1, 48000) AS n;

INSERT INTO feedback (order_id, rating, comment)
SELECT n * 5, 1 + n % 5, repeat('Good food. ', 1 + n % 4) FROM generate_series(1, 40000) AS n;

INSERT INTO holidays SELECT school, current_date + 30, 'Republic Day' FROM generate_series(1, 200) AS school;

INSERT INTO feature_flags (name, enabled) SELECT 'flag-' || n, n % 2 = 0 FROM generate_series(1, 40) AS n;
