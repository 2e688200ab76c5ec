-- The tables that need nothing. TRUNCATE FALSE leaves feedback the free space of its deleted rows: bloat.
VACUUM (ANALYZE, TRUNCATE FALSE) schools, students, guardians, student_guardians, dietary_preferences, menu_items,
    menus, menu_entries, subscriptions, refunds, rfid_readers, drivers, delivery_routes, feedback, holidays,
    feature_flags;
