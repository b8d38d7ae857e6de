-- The tables of a fantasy-sports evening: players pay into their wallet through one of several gateways, and join
-- contests until those are full or the match begins.

CREATE TABLE users (
  id BIGINT UNSIGNED PRIMARY KEY,
  name VARCHAR(60) NOT NULL,
  city VARCHAR(40) NOT NULL,
  created_at TIMESTAMP(3) NOT NULL
) DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE contests (
  id INT UNSIGNED PRIMARY KEY,
  name VARCHAR(80) NOT NULL,
  size INT UNSIGNED NOT NULL,
  entry_fee DECIMAL(8,2) NOT NULL,
  filled INT UNSIGNED NOT NULL DEFAULT 0,
  status ENUM('OPEN', 'FULL') NOT NULL DEFAULT 'OPEN',
  starts_at DATETIME NOT NULL,
  updated_at TIMESTAMP(3) NOT NULL
) DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE coupons (
  id INT UNSIGNED PRIMARY KEY,
  code VARCHAR(20) NOT NULL UNIQUE,
  discount DECIMAL(5,2) NOT NULL,
  uses INT UNSIGNED NOT NULL DEFAULT 0,
  updated_at TIMESTAMP(3) NOT NULL
) DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE payments (
  id BIGINT UNSIGNED PRIMARY KEY,
  user_id BIGINT UNSIGNED NOT NULL,
  gateway VARCHAR(20) NOT NULL,
  amount DECIMAL(10,2) NOT NULL,
  status ENUM('PENDING', 'SUCCESS', 'FAILED') NOT NULL,
  error VARCHAR(60) NULL,
  created_at TIMESTAMP(3) NOT NULL,
  updated_at TIMESTAMP(3) NOT NULL
) DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE contest_joins (
  id BIGINT UNSIGNED PRIMARY KEY,
  contest_id INT UNSIGNED NOT NULL,
  user_id BIGINT UNSIGNED NOT NULL,
  payment_id BIGINT UNSIGNED NOT NULL,
  coupon_id INT UNSIGNED NULL,
  amount DECIMAL(8,2) NOT NULL,
  created_at TIMESTAMP(3) NOT NULL
) DEFAULT CHARACTER SET utf8mb4;
