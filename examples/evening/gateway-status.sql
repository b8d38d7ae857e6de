-- How payments end, for each gateway and minute.
CREATE TABLE changes (
  op STRING,
  source ROW<`table` STRING>,
  before ROW<created_at TIMESTAMP_LTZ(3)>,
  after ROW<gateway STRING, status STRING, amount DECIMAL(10, 2),
    created_at TIMESTAMP_LTZ(3), updated_at TIMESTAMP_LTZ(3)>,
  happened_at AS COALESCE(after.updated_at, after.created_at, before.created_at),
  WATERMARK FOR happened_at AS happened_at
) WITH ('connector' = 'stdin', 'format' = 'json');

SELECT window_start, window_end, after.gateway AS gateway, after.status AS status,
  COUNT(*) AS payments,
  SUM(after.amount) AS amount
FROM TABLE(TUMBLE(TABLE changes, DESCRIPTOR(happened_at), INTERVAL '1' MINUTE))
WHERE source.`table` = 'payments' AND op = 'u'
GROUP BY window_start, window_end, after.gateway, after.status;
