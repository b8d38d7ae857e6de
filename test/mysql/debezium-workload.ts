import fc from 'fast-check'
import type { Connection } from 'mysql2/promise'
import { allTypes, createTable, insertAll } from './all-types.ts'

/** In the database `test`, those that come to be by changes included. */
export const TABLES = [
  'every_type',
  'shapes',
  'vectors',
  'orders',
  'items',
  'keyless',
  'altered',
  'renamed',
  'packed',
  'random_rows',
  'fence'
]

const RANDOM_TABLE = `CREATE TABLE random_rows (id INT PRIMARY KEY, s VARCHAR(200) COLLATE utf8mb4_bin, b VARBINARY(300), n BIGINT,
  u BIGINT UNSIGNED, d38 DECIMAL(38,15), d65 DECIMAL(65,30), d9 DECIMAL(9,0), f FLOAT, x DOUBLE, da DATE, dt3 DATETIME(3), dt6 DATETIME(6),
  ts6 TIMESTAMP(6) NULL, ti6 TIME(6), bits BIT(37), j JSON)`

const ROWS = 150

/** The same rows in every run: Java writes some doubles in other digits than are needed, and may come upon one at last. */
function randomRows(part: number): unknown[][] {
  const rows = fc.sample(randomRow(), { numRuns: ROWS, seed: 20_261_124 + part })
  return rows.map((row, i) => [part * ROWS + i, ...row])
}

function randomRow(): fc.Arbitrary<unknown[]> {
  const text = fc.string({ unit: 'binary', maxLength: 60 })
  const double = fc.double({ noNaN: true, noDefaultInfinity: true })
  const decimal = (digits: number, scale: number): fc.Arbitrary<string> =>
    fc
      .bigInt({ min: 1n - 10n ** BigInt(digits), max: 10n ** BigInt(digits) - 1n })
      .map(unscaled => `${unscaled}e-${scale}`)
  const json = fc.letrec(tie => ({
    tree: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom(null, true, false),
      fc.oneof(double, fc.maxSafeInteger()),
      text,
      fc.array(tie('tree'), { maxLength: 5 }),
      fc.dictionary(text, tie('tree'), { maxKeys: 5 })
    )
  })).tree
  const date = (min: string, max: string): fc.Arbitrary<string> =>
    fc
      .date({ min: new Date(min), max: new Date(max), noInvalidDate: true })
      .map(at => at.toISOString().slice(0, 23).replace('T', ' '))
  const day = date('0100-01-01', '9999-12-31')
  const seconds = fc.integer({ min: -3_020_398, max: 3_020_398 })
  const time = fc.tuple(seconds, fc.nat(999_999)).map(([value, more]) => {
    const magnitude = Math.abs(value)
    const clock = [Math.floor(magnitude / 3600), Math.floor(magnitude / 60) % 60, magnitude % 60].join(':')
    return `${value < 0 ? '-' : ''}${clock}.${String(more).padStart(6, '0')}`
  })
  const values = fc.tuple(
    text,
    fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.from(bytes)),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
    decimal(38, 15),
    decimal(65, 30),
    decimal(9, 0),
    fc.float({ noNaN: true, noDefaultInfinity: true }),
    double,
    day,
    day,
    fc.tuple(day, fc.nat(999)).map(([at, more]) => `${at}${String(more).padStart(3, '0')}`),
    date('1970-01-02', '2038-01-18'),
    time,
    fc.bigInt({ min: 0n, max: 2n ** 37n - 1n }).map(Number),
    json.map(value => JSON.stringify(value))
  )
  return values.chain(row =>
    fc.tuple(
      ...row.map(value =>
        fc.oneof(
          { weight: 9, arbitrary: fc.constant<unknown>(value) },
          { weight: 1, arbitrary: fc.constant(null) }
        )
      )
    )
  )
}

const SHAPES = `INSERT INTO shapes VALUES
  (1, 1, b'001', ST_GeomFromText('POINT(1 2)'), ST_GeomFromText('POINT(3 4.5)'), ST_GeomFromText('POINT(10 20)', 4326),
    ST_GeomFromText('LINESTRING(0 0,1 1)'), ST_GeomFromText('POLYGON((0 0,1 0,1 1,0 0))'),
    ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,1 1))'), ST_GeomFromText('MULTIPOINT(1 1,2 2)'),
    '2024-02-29', '2024-02-29 12:00:00.5', '2024-02-29 12:00:00', 12.5, '2024-02-29', DEFAULT, X'01', 'ab', NULL),
  (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '0000-00-00', '0000-00-00', '0000-00-00', NULL, '0000-00-00', DEFAULT, NULL, NULL, NULL),
  (3, 127, b'111', ST_GeomFromText('POINT(-89.5 179.25)', 4326), NULL, ST_GeomFromText('POINT(0 0)', 4326), NULL, NULL, NULL, NULL,
    '0001-01-01', '0099-12-31 23:59:59.999999', '1970-01-01 00:00:01', 0, DEFAULT, DEFAULT, X'ffffffff', 'é', '[0.001, 12345678.25, -1e300, 1e-320, 5e-324]'),
  (4, 0, b'010', NULL, ST_GeomFromText('POINT(-1e-7 1e21)'), NULL, NULL, NULL, NULL, NULL,
    '0070-06-15', '1582-10-10 00:00:00', '2038-01-19 03:14:07', -0.01, '2026-00-00', DEFAULT, X'00', '',
    JSON_ARRAY('\\u0000\\u001f\\u007f\\u2028/\\\\"', CAST('2026-11-24' AS DATETIME), CAST('2026-11-24 01:02:03.040000' AS DATETIME(6)), CAST(X'00ff' AS BINARY)))`

/** The tables as they are when both begin, with rows in some. */
export async function prepare(connection: Connection): Promise<void> {
  const columns = allTypes('mysql')
  await connection.query(createTable('every_type', columns))
  await insertAll(connection, 'every_type', columns)
  await connection.query(`
    CREATE TABLE shapes (id INT PRIMARY KEY, flag BOOLEAN, b3 BIT(3), g GEOMETRY, p POINT, p4 POINT SRID 4326, l LINESTRING,
      po POLYGON, gc GEOMETRYCOLLECTION, mp MULTIPOINT, d DATE NOT NULL, dt DATETIME(6) NOT NULL, ts TIMESTAMP NOT NULL,
      n DECIMAL(10,2) DEFAULT 7, dd DATE NOT NULL DEFAULT '2020-01-01', v INT GENERATED ALWAYS AS (id * 2) VIRTUAL, b BINARY(4), nc NCHAR(5), j JSON,
      hidden INT INVISIBLE DEFAULT 3);
    CREATE TABLE vectors (id INT PRIMARY KEY, v VECTOR(3), s VARCHAR(10), j JSON, l VARCHAR(10) CHARACTER SET latin1, b BLOB);
    CREATE TABLE orders (a INT UNSIGNED, b VARCHAR(10), total DECIMAL(12,3), PRIMARY KEY (b, a));
    CREATE TABLE items (id BIGINT UNSIGNED PRIMARY KEY, order_a INT, name VARCHAR(100));
    CREATE TABLE keyless (a INT, b VARCHAR(10));
    CREATE TABLE altered (id INT PRIMARY KEY, a VARCHAR(10), gone INT);
    CREATE TABLE packed (id INT PRIMARY KEY, text TEXT);
    CREATE TABLE fence (id INT PRIMARY KEY)`)
  await connection.query(RANDOM_TABLE)
  await connection.query('INSERT INTO random_rows VALUES ?', [randomRows(0)])
  await connection.query(SHAPES)
  await connection.query(`INSERT INTO orders VALUES (1, 'x', 1.5), (4000000000, 'y', NULL); INSERT INTO items VALUES (1, 1, 'one');
    INSERT INTO keyless VALUES (1, 'a'), (1, 'a'); INSERT INTO altered VALUES (1, 'one', 1); INSERT INTO fence VALUES (1)`)
}

/** Changes them in every way. The last one is to `fence`. */
export async function change(connection: Connection): Promise<void> {
  const columns = allTypes('mysql')
  await connection.query('UPDATE every_type SET tick = tick + 1; DELETE FROM every_type; DELETE FROM shapes')
  await insertAll(connection, 'every_type', columns)
  await connection.query(SHAPES)
  await connection.query(`
    INSERT INTO vectors VALUES (1, TO_VECTOR('[1,2.5,-0.1]'), 'text', '[]', 'é', 'bytes'), (2, NULL, NULL, NULL, NULL, NULL),
      (3, TO_VECTOR('[1e38,16777216,0.000001]'), '', '{}', 'ü', X'00');
    BEGIN; INSERT INTO orders VALUES (2, 'x', 0.001); INSERT INTO items VALUES (18446744073709551615, 2, 'last'); UPDATE orders SET total = total + 1;
      DELETE FROM items WHERE id = 1; INSERT INTO items SELECT 100 + a, a, b FROM orders WHERE a < 100; COMMIT;
    BEGIN; INSERT INTO items VALUES (7, 7, 'never'); SAVEPOINT s; UPDATE items SET name = 'never'; ROLLBACK;
    BEGIN; INSERT INTO items VALUES (8, 8, 'kept'); SAVEPOINT s; INSERT INTO items VALUES (9, 9, 'never'); ROLLBACK TO s; COMMIT;
    UPDATE orders SET a = a + 1 ORDER BY a DESC; UPDATE orders SET b = UPPER(b); UPDATE orders SET total = 3, b = 'Z' WHERE b = 'Y';
    INSERT INTO items VALUES (1, 1, 'again') ON DUPLICATE KEY UPDATE name = 'updated';
    INSERT INTO items VALUES (1, 1, 'again') ON DUPLICATE KEY UPDATE name = 'updated'; REPLACE INTO items VALUES (1, 1, 'replaced');
    INSERT INTO keyless VALUES (2, 'x'); UPDATE keyless SET b = 'y'; DELETE FROM keyless WHERE a = 1`)
  await connection.query(`
    ALTER TABLE altered ADD added DECIMAL(5,2) DEFAULT 1.5; INSERT INTO altered VALUES (2, 'two', 2, NULL), (3, 'three', 3, DEFAULT);
    ALTER TABLE altered RENAME COLUMN a TO b, ADD e ENUM('p', 'q') FIRST; UPDATE altered SET b = 'new', e = 'q';
    ALTER TABLE altered DROP gone; INSERT INTO altered (id, b) VALUES (4, 'four');
    ALTER TABLE altered MODIFY b VARBINARY(20), MODIFY id BIGINT UNSIGNED; UPDATE altered SET b = X'00ff' WHERE id = 4;
    TRUNCATE altered; INSERT INTO altered VALUES ('p', 5, 'five', 5); TRUNCATE TABLE test.altered;
    INSERT INTO altered VALUES ('q', 6, 'six', 6); RENAME TABLE altered TO renamed; INSERT INTO renamed VALUES ('q', 7, 'seven', 7);
    DROP TABLE renamed; CREATE TABLE renamed (other DATE PRIMARY KEY); INSERT INTO renamed VALUES ('2026-11-24')`)
  await connection.query(`SET binlog_transaction_compression = ON; BEGIN; INSERT INTO packed VALUES (1, REPEAT('a', 5000)), (2, 'b');
    UPDATE packed SET text = 'c'; COMMIT; DELETE FROM packed WHERE id = 2; SET binlog_transaction_compression = OFF`)
  await connection.query('INSERT INTO random_rows VALUES ?', [randomRows(1)])
  await connection.query('INSERT INTO fence VALUES (2)')
}
