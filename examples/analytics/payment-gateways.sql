-- The state of each payment gateway as it is now: a row for each, which changes with its payments. Of payments that are
-- neither paid nor failed yet nothing is known, so they are left out of the rate.
CREATE TABLE payments (
  id BIGINT,
  gateway STRING,
  amount DECIMAL(10, 2),
  status STRING
) WITH ('connector' = 'stdin', 'format' = 'debezium-json');

SELECT gateway,
  COUNT(*) FILTER (WHERE status = 'PENDING') AS pending,
  COUNT(*) FILTER (WHERE status = 'SUCCESS') AS paid,
  COUNT(*) FILTER (WHERE status = 'FAILED') AS failed,
  COALESCE(SUM(amount) FILTER (WHERE status = 'SUCCESS'), 0) AS revenue,
  CAST(COUNT(*) FILTER (WHERE status = 'SUCCESS') AS DOUBLE)
    / NULLIF(COUNT(*) FILTER (WHERE status <> 'PENDING'), 0) AS success_rate
FROM payments
GROUP BY gateway;
