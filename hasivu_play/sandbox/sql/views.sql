-- What the menu planners look at.

CREATE MATERIALIZED VIEW mv_daily_menu_stats AS
SELECT created_at::date AS day, menu_item_id, count(*) AS orders, sum(quantity) AS portions
FROM orders GROUP BY 1, 2;
CREATE UNIQUE INDEX mv_daily_menu_stats_key ON mv_daily_menu_stats (day, menu_item_id);
