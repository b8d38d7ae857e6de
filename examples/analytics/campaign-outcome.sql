-- What became of each message of a campaign: the first contest that its reader joined within a day, or nothing. The
-- outcome of a message is known when the day has passed; it is counted in the hour in which it was sent.
CREATE TABLE changes (
  op STRING,
  source ROW<`table` STRING>,
  after ROW<id BIGINT, campaign_id INT, user_id BIGINT, amount DECIMAL(8, 2),
    sent_at TIMESTAMP(3), created_at TIMESTAMP(3)>,
  happened_at AS COALESCE(after.sent_at, after.created_at),
  WATERMARK FOR happened_at AS happened_at - INTERVAL '1' MINUTE
) WITH ('connector' = 'stdin', 'format' = 'json');

CREATE VIEW messages AS
SELECT after.id AS id, after.campaign_id AS campaign_id, after.user_id AS user_id, happened_at
FROM changes WHERE source.`table` = 'campaign_messages' AND op = 'c';

CREATE VIEW joins AS
SELECT after.user_id AS user_id, after.amount AS amount, happened_at
FROM changes WHERE source.`table` = 'contest_joins' AND op = 'c';

CREATE VIEW outcomes AS
SELECT m.id, m.campaign_id, m.user_id, m.happened_at, j.amount
FROM messages AS m
LEFT JOIN joins AS j ON j.user_id = m.user_id
  AND j.happened_at BETWEEN m.happened_at AND m.happened_at + INTERVAL '1' DAY;

SELECT window_start, campaign_id,
  COUNT(DISTINCT id) AS messages,
  COUNT(DISTINCT id) FILTER (WHERE amount IS NOT NULL) AS answered,
  COUNT(amount) AS joins,
  COALESCE(SUM(amount), 0) AS revenue
FROM TABLE(TUMBLE(TABLE outcomes, DESCRIPTOR(happened_at), INTERVAL '1' HOUR))
GROUP BY window_start, window_end, campaign_id;
