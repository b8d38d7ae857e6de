-- How fast contests fill: joins of the last five minutes, each minute, for each contest. A join that is taken back
-- before its window closes does not count.
--   cdc-tail mysql://…/dream | enrich -f contest-joins.sql | es-sink --index joins-per-minute …
CREATE TABLE contest_joins (
  id BIGINT,
  contest_id INT,
  user_id BIGINT,
  amount DECIMAL(8, 2),
  created_at TIMESTAMP(3),
  WATERMARK FOR created_at AS created_at - INTERVAL '5' SECOND
) WITH ('connector' = 'stdin', 'format' = 'debezium-json');

SELECT window_start, window_end, contest_id,
  COUNT(*) AS joins,
  COUNT(DISTINCT user_id) AS players,
  SUM(amount) AS fees,
  CAST(COUNT(*) AS DOUBLE) / 5 AS joins_per_minute
FROM TABLE(HOP(TABLE contest_joins, DESCRIPTOR(created_at), INTERVAL '1' MINUTE, INTERVAL '5' MINUTE))
GROUP BY window_start, window_end, contest_id;
