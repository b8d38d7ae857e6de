-- How a coupon takes off: its uses in each ten minutes of the first two hours after its launch, with what they cost.
CREATE TABLE coupons (
  id INT,
  code STRING,
  discount DECIMAL(5, 2),
  launched_at TIMESTAMP(3)
) WITH ('connector' = 'stdin', 'format' = 'debezium-json');

CREATE TABLE contest_joins (
  id BIGINT,
  coupon_id INT,
  user_id BIGINT,
  amount DECIMAL(8, 2),
  created_at TIMESTAMP(3)
) WITH ('connector' = 'stdin', 'format' = 'debezium-json');

SELECT c.code,
  TIMESTAMPDIFF(MINUTE, c.launched_at, j.created_at) / 10 * 10 AS minutes_after_launch,
  COUNT(*) AS uses,
  COUNT(DISTINCT j.user_id) AS players,
  SUM(c.discount) AS given_away
FROM contest_joins AS j
JOIN coupons AS c ON c.id = j.coupon_id
WHERE j.created_at >= c.launched_at AND j.created_at < c.launched_at + INTERVAL '2' HOUR
GROUP BY c.code, TIMESTAMPDIFF(MINUTE, c.launched_at, j.created_at) / 10 * 10;
