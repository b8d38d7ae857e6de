-- Entries into contests, each minute of the evening. A player who leaves again stays counted: what is counted are the
-- rows inserted, whatever becomes of them.
CREATE TABLE changes (
  op STRING,
  source ROW<`table` STRING>,
  before ROW<created_at TIMESTAMP_LTZ(3)>,
  after ROW<user_id BIGINT, amount DECIMAL(8, 2), created_at TIMESTAMP_LTZ(3), updated_at TIMESTAMP_LTZ(3)>,
  -- The changes of all tables tell how late it is.
  happened_at AS COALESCE(after.updated_at, after.created_at, before.created_at),
  WATERMARK FOR happened_at AS happened_at
) WITH ('connector' = 'stdin', 'format' = 'json');

SELECT window_start, window_end,
  COUNT(*) AS joins,
  COUNT(DISTINCT after.user_id) AS players,
  SUM(after.amount) AS fees
FROM TABLE(TUMBLE(TABLE changes, DESCRIPTOR(happened_at), INTERVAL '1' MINUTE))
WHERE source.`table` = 'contest_joins' AND op = 'c'
GROUP BY window_start, window_end;
