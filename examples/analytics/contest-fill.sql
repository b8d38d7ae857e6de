-- Contests that are at least 90 % full and have not begun to overflow: a row comes when a contest gets there, changes
-- with each join, and goes when players leave or the contest is enlarged.
CREATE TABLE contests (
  id INT,
  name STRING,
  size INT,
  starts_at TIMESTAMP(0)
) WITH ('connector' = 'stdin', 'format' = 'debezium-json');

CREATE TABLE contest_joins (
  id BIGINT,
  contest_id INT,
  user_id BIGINT
) WITH ('connector' = 'stdin', 'format' = 'debezium-json');

CREATE VIEW entries AS
SELECT contest_id, COUNT(*) AS joined FROM contest_joins GROUP BY contest_id;

SELECT c.id, c.name, c.size, e.joined, c.size - e.joined AS places,
  CAST(100 * e.joined / c.size AS INT) AS fill_percent, c.starts_at
FROM contests AS c
JOIN entries AS e ON e.contest_id = c.id
WHERE e.joined * 10 >= c.size * 9;
