-- A week without maintenance on everything else; most feedback was deleted long ago.

UPDATE payments SET status = 'captured' WHERE id % 4 = 0;
UPDATE rfid_cards SET last_seen_at = now() WHERE id % 10 < 7;
UPDATE deliveries SET status = 'delivered', updated_at = now() WHERE id % 5 < 2;
UPDATE stock_levels SET portions = portions - 1 WHERE portions % 3 = 0;
UPDATE user_sessions SET seen_at = now() WHERE guardian_id % 5 < 2;
DELETE FROM notifications WHERE id % 3 = 0;
DELETE FROM "Order Items Archive" WHERE order_id % 3 = 0;
DELETE FROM feedback WHERE id % 4 <> 0;
