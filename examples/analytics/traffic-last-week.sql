-- The traffic of each hour beside that of the same hour a week ago. An hour without a week-old one has none to compare
-- with. Input: an application's log, one JSON object for each request.
CREATE TABLE requests (
  path STRING,
  status INT,
  `time` TIMESTAMP(3),
  WATERMARK FOR `time` AS `time` - INTERVAL '10' SECOND
) WITH ('connector' = 'stdin', 'format' = 'json');

CREATE VIEW hours AS
SELECT window_start, window_time AS happened_at, COUNT(*) AS requests,
  COUNT(*) FILTER (WHERE status >= 500) AS errors
FROM TABLE(TUMBLE(TABLE requests, DESCRIPTOR(`time`), INTERVAL '1' HOUR))
GROUP BY window_start, window_end, window_time;

SELECT h.window_start AS `hour`, h.requests, h.errors, w.requests AS last_week,
  CAST(h.requests AS DOUBLE) / w.requests AS ratio
FROM hours AS h
LEFT JOIN hours AS w ON h.happened_at = w.happened_at + INTERVAL '7' DAY;
