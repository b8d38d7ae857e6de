/** Statements that change tables: each kind that there is, and random ones. */
import fc from 'fast-check'

export type DdlFlavour = 'mysql57' | 'mysql80' | 'mysql' | 'mariadb'

const ALL: readonly DdlFlavour[] = ['mysql57', 'mysql80', 'mysql', 'mariadb']
const MYSQL: readonly DdlFlavour[] = ['mysql57', 'mysql80', 'mysql']
const MYSQL8: readonly DdlFlavour[] = ['mysql80', 'mysql']
const MARIADB: readonly DdlFlavour[] = ['mariadb']

/** Every statement, and the servers that know it. */
const STATEMENTS: readonly (readonly [readonly DdlFlavour[], ...string[]])[] = [
  [
    ALL,
    // numbers
    `CREATE TABLE numbers (a TINYINT, b SMALLINT UNSIGNED, c MEDIUMINT ZEROFILL, d INT(5) UNSIGNED ZEROFILL, e BIGINT,
      f INTEGER, g INT1, h INT2, i INT3, j INT4, k INT8, l MIDDLEINT, m BOOL, n BOOLEAN NOT NULL, o BIT, p BIT(13),
      q DEC, r FIXED(7), s NUMERIC(9, 4) UNSIGNED, t DECIMAL(65,30), u FLOAT, v FLOAT(20), w FLOAT(30), x FLOAT(7,3),
      y DOUBLE PRECISION, z REAL, aa DOUBLE(10,2), ab FLOAT4, ac FLOAT8 UNSIGNED, ad SERIAL, ae DECIMAL(0), af DECIMAL(3,0),
      ag INT SIGNED)`,
    'CREATE TABLE times (a DATE, b TIME, c TIME(3), d DATETIME, e DATETIME(6) NOT NULL, f TIMESTAMP, g TIMESTAMP(2) NULL, h YEAR, i YEAR(4), j TIMESTAMP NULL DEFAULT NULL, k DATETIME(0) DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, l TIMESTAMP(6) DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE NOW(6))',
    // text
    `CREATE TABLE texts (a CHAR, b CHAR(5), c CHARACTER(7), d CHARACTER VARYING(9), e VARCHAR(10), f VARCHARACTER(11),
      g CHAR VARYING(12), h NATIONAL CHAR(3), i NATIONAL VARCHAR(4), j NATIONAL CHARACTER VARYING(5), k NCHAR(6),
      l NCHAR VARYING(7), m NVARCHAR(8), n NCHAR VARCHAR(9), o NATIONAL CHAR VARYING(3), p TINYTEXT, q TEXT, r MEDIUMTEXT, s LONGTEXT, t LONG,
      u LONG VARCHAR, v LONG CHAR VARYING, w TEXT(10), x TEXT(60), y TEXT(256), z TEXT(70000), aa TEXT(17000000),
      ab BINARY, ac BINARY(5), ad VARBINARY(6), ae TINYBLOB, af BLOB, ag BLOB(10), ah BLOB(300), ai BLOB(70000),
      aj LONG VARBINARY, ak LONGBLOB, al MEDIUMBLOB, am CHAR(4) BYTE, an VARCHAR(4) BYTE) CHARACTER SET utf8mb4`,
    `CREATE TABLE charsets (a CHAR(5) CHARACTER SET latin1, b VARCHAR(5) CHARSET 'gbk', c TEXT COLLATE utf8mb4_bin,
      d CHAR(5) ASCII, e CHAR(5) UNICODE, f CHAR(3) BINARY, g TEXT CHARACTER SET binary, h VARCHAR(4) CHARACTER SET binary,
      i CHAR(2) CHARACTER SET binary, j ENUM('x') CHARACTER SET binary, k SET('a','b') CHARSET latin2 COLLATE latin2_bin,
      l VARCHAR(10) ASCII, m CHAR(5) CHARACTER SET utf8 COLLATE utf8_bin NOT NULL, n LONGTEXT CHARSET ucs2, o TEXT(300) CHARSET latin1,
      p VARCHAR(3) COLLATE latin1_german1_ci, q CHAR(6) BINARY) DEFAULT CHARSET = koi8r`,
    `CREATE TABLE labels (a ENUM('a','b,c','it''s','x)y','(','"'), b SET('1','2'), c ENUM("double""quoted"),
      d ENUM('trailing  ','\\n','back\\\\slash','\\%'), e ENUM(0x61, X'62', b'01100011'), f ENUM('é','ß','日') CHARACTER SET utf8mb4,
      g ENUM('a') NOT NULL DEFAULT 'a', h SET('x','y') DEFAULT 'x,y')`,
    // attributes
    `CREATE TABLE attributes (id INT AUTO_INCREMENT, b INT NOT NULL DEFAULT -5 COMMENT 'NOT NULL, UNSIGNED', c INT NULL DEFAULT 7,
      d VARCHAR(20) DEFAULT 'NOT NULL' NOT NULL, e INT DEFAULT NULL, f BIT(3) DEFAULT b'101' NOT NULL, g DECIMAL(5,2) DEFAULT +1.5 NOT NULL,
      h VARCHAR(5) DEFAULT _latin1'x' NOT NULL, i TIMESTAMP DEFAULT CURRENT_TIMESTAMP() NOT NULL, j INT UNIQUE, k INT UNIQUE KEY COMMENT 'k',
      l INT GENERATED ALWAYS AS (b + c) VIRTUAL, m INT AS (b * (c + 1)) STORED, n INT GENERATED ALWAYS AS (1) UNIQUE, o INT DEFAULT FALSE,
      p CHAR(3) DEFAULT 0x616263, q INT,
      PRIMARY KEY (id), KEY (b), INDEX named (c), UNIQUE (d), UNIQUE KEY u2 (e, f), FULLTEXT KEY (d), CONSTRAINT c1 UNIQUE (g))
      ENGINE=InnoDB AUTO_INCREMENT = 5 COMMENT = 'CHARSET=ascii' ROW_FORMAT DYNAMIC`,
    'CREATE TABLE keys1 (a INT, b INT, c INT NOT NULL, d INT NOT NULL, UNIQUE z (a), UNIQUE y (d), UNIQUE x (c))',
    'CREATE TABLE keys2 (a VARCHAR(50) NOT NULL, b INT NOT NULL, UNIQUE z (a(5)), UNIQUE y (b, a))',
    'CREATE TABLE keys3 (`Id` INT, Name INT, PRIMARY KEY (id, NAME))',
    'ALTER TABLE keys1 MODIFY a INT NOT NULL',
    'ALTER TABLE keys1 DROP INDEX y',
    'ALTER TABLE keys1 ADD UNIQUE w (b)',
    'CREATE UNIQUE INDEX v ON keys1 (b) USING BTREE',
    'DROP INDEX x ON keys1',
    'ALTER TABLE keys1 DROP COLUMN a',
    'CREATE TABLE serials (id SERIAL, s INT)',
    // where the words of the language are names
    'CREATE TABLE `select` (`key` INT, `primary` INT NOT NULL, `unique` INT, `check` INT, `index` INT, period INT, status INT, `a``b` INT, `ä ö` INT, PRIMARY KEY (`primary`))',
    'ALTER TABLE `select` ADD `column` INT, ADD `constraint` INT AFTER `key`, DROP COLUMN `check`',
    'CREATE TABLE IF NOT EXISTS `select` (other INT)',
    'CREATE TABLE names ($a INT, 1b INT, _c INT, d$ INT, e INT)',
    // comments
    `/* a */ CREATE /*!50000 TABLE */ /* c */ comments ( -- one
      a INT, # two
      b /*!50000 VARCHAR(5) */ /*!999999 INT */, c INT /* NOT NULL */ NOT /*! NULL */) /*!50100 PARTITION BY HASH (a)
      (PARTITION p0, PARTITION p1) */`,
    // columns
    'CREATE TABLE t (id INT PRIMARY KEY, a INT, b VARCHAR(10), c INT) CHARSET latin1',
    'ALTER TABLE t ADD d INT',
    'ALTER TABLE t ADD COLUMN e INT FIRST',
    'ALTER TABLE t ADD f VARCHAR(5) NOT NULL DEFAULT "(" AFTER id',
    'ALTER TABLE t ADD (g INT, h ENUM("x","y"), INDEX (g))',
    'ALTER TABLE t ADD COLUMN i INT AFTER a, ADD COLUMN j INT AFTER i, ADD k INT FIRST, ADD l INT',
    'ALTER TABLE t DROP COLUMN e, DROP d',
    'ALTER TABLE t MODIFY a BIGINT UNSIGNED NOT NULL',
    'ALTER TABLE t MODIFY COLUMN a BIGINT FIRST',
    'ALTER TABLE t CHANGE b bb VARCHAR(20) CHARACTER SET utf8mb4',
    'ALTER TABLE t CHANGE COLUMN c C INT AFTER id',
    'ALTER TABLE t CHANGE bb cc TEXT, CHANGE C bb VARCHAR(3)',
    'ALTER TABLE t DROP h, ADD COLUMN h BIGINT AFTER id',
    'ALTER TABLE t MODIFY id BIGINT, ADD m INT AFTER id',
    'ALTER TABLE t CHANGE id Id INT AFTER a',
    'ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (i)',
    'ALTER TABLE t DROP PRIMARY KEY',
    'ALTER TABLE t ADD CONSTRAINT pk PRIMARY KEY USING BTREE (Id, j)',
    'ALTER TABLE t ALTER COLUMN l SET DEFAULT 5, ALTER i DROP DEFAULT, ADD INDEX (l), ADD UNIQUE uq (l), ORDER BY l, i',
    'ALTER TABLE t DROP INDEX uq, DROP KEY l, ENGINE=InnoDB, COMMENT "x, ADD y INT", AUTO_INCREMENT=7, ADD n INT, ALGORITHM=COPY, LOCK=SHARED',
    'ALTER TABLE t ENGINE = InnoDB ROW_FORMAT = COMPACT COMMENT = "c" DEFAULT CHARSET = utf8mb4, ADD o VARCHAR(5)',
    'ALTER TABLE t ADD p VARCHAR(7), DEFAULT CHARACTER SET = gbk COLLATE gbk_bin',
    'ALTER TABLE t CHARSET = latin1',
    'ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4',
    'ALTER TABLE t COLLATE utf8mb4_bin',
    'ALTER TABLE t FORCE',
    'ALTER TABLE t',
    'ALTER TABLE t DISABLE KEYS',
    'ANALYZE TABLE t',
    'CREATE TABLE grows (a TINYTEXT, b TEXT, c MEDIUMTEXT, d CHAR(5), e VARCHAR(5), f ENUM("x"), g BLOB, h LONGTEXT, i TEXT CHARACTER SET ucs2) CHARSET latin1',
    'ALTER TABLE grows CONVERT TO CHARACTER SET utf8mb4',
    'ALTER TABLE grows CONVERT TO CHARACTER SET latin1 COLLATE latin1_bin',
    'ALTER TABLE grows CONVERT TO CHARACTER SET binary',
    // partitions
    'CREATE TABLE parts (id INT NOT NULL, y INT NOT NULL) PARTITION BY RANGE (y) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20), PARTITION p2 VALUES LESS THAN (30))',
    'ALTER TABLE parts DROP PARTITION p0, p1',
    'ALTER TABLE parts REORGANIZE PARTITION p2 INTO (PARTITION p3 VALUES LESS THAN (25), PARTITION p4 VALUES LESS THAN (40), PARTITION p5 VALUES LESS THAN (50))',
    'ALTER TABLE parts ADD PARTITION (PARTITION p6 VALUES LESS THAN (60))',
    'ALTER TABLE parts TRUNCATE PARTITION p3, p4',
    'ALTER TABLE parts ADD n INT, ADD m INT PARTITION BY HASH (id) PARTITIONS 3',
    'ALTER TABLE parts ADD PARTITION PARTITIONS 2',
    'ALTER TABLE parts COALESCE PARTITION 1',
    'ALTER TABLE parts REMOVE PARTITIONING',
    // tables
    'CREATE TABLE alike LIKE t',
    'CREATE TABLE every_2.alike (LIKE every.labels)',
    'CREATE TABLE IF NOT EXISTS alike LIKE numbers',
    'ALTER TABLE every_2.alike ADD z INT',
    'RENAME TABLE alike TO every_2.other, every_2.alike TO alike',
    'RENAME TABLE t TO swap, alike TO t, swap TO alike',
    'ALTER TABLE t RENAME TO every_2.t',
    'ALTER TABLE every_2.t RENAME AS every.t2, ADD zz INT',
    'ALTER TABLE t2 RENAME t3',
    'ALTER TABLE t3 RENAME = t2',
    'DROP TABLE IF EXISTS nowhere, t2, every_2.other',
    'CREATE TEMPORARY TABLE temporary1 (a INT)',
    'DROP TEMPORARY TABLE temporary1',
    'CREATE VIEW v AS SELECT * FROM numbers',
    'CREATE TRIGGER tr BEFORE INSERT ON numbers FOR EACH ROW SET NEW.a = 1',
    'DROP VIEW v',
    'CREATE PROCEDURE p() BEGIN ALTER TABLE numbers ADD x INT; END',
    // databases
    'ALTER DATABASE every_2 CHARACTER SET greek',
    'CREATE TABLE every_2.greek (a VARCHAR(5), b TEXT(300))',
    'ALTER DATABASE DEFAULT COLLATE = cp1251_bin',
    'CREATE TABLE cyrillic (a VARCHAR(5))',
    'CREATE TABLE cyrillic_2 (a VARCHAR(5) COLLATE utf8mb4_bin) COLLATE latin5_turkish_ci',
    'ALTER TABLE cyrillic_2 CONVERT TO CHARACTER SET DEFAULT',
    'DROP DATABASE every_2',
    'CREATE DATABASE every_2',
    'CREATE TABLE every_2.a (a CHAR(5))',
    'DROP SCHEMA IF EXISTS every_2',
    'CREATE SCHEMA IF NOT EXISTS every_2 DEFAULT CHARACTER SET = hebrew',
    'CREATE DATABASE IF NOT EXISTS every_2 CHARACTER SET utf8mb4',
    'CREATE TABLE every_2.b (a CHAR(5))',
    // modes
    "SET sql_mode = 'ANSI_QUOTES'",
    'CREATE TABLE "quoted ""name""" ("a" INT, "b c" ENUM(\'"\',\'b\') DEFAULT \'"\')',
    "SET sql_mode = 'NO_BACKSLASH_ESCAPES'",
    "CREATE TABLE slashes (a ENUM('\\','b\\n'), b INT COMMENT '\\', c INT)",
    "SET sql_mode = 'REAL_AS_FLOAT'",
    'CREATE TABLE reals (a REAL, b REAL(8,2))',
    "SET sql_mode = ''",
    'CREATE TABLE longs (a VARCHAR(20000) CHARACTER SET utf8mb4, b VARCHAR(70000) CHARACTER SET latin1, c VARBINARY(70000))',
    'SET sql_mode = DEFAULT'
  ],
  [
    ALL,
    'CREATE TABLE parent (id INT PRIMARY KEY)',
    'CREATE TABLE child (id INT PRIMARY KEY, parent INT REFERENCES parent (id) ON DELETE SET NULL ON UPDATE CASCADE, p2 INT NOT NULL, CONSTRAINT fk FOREIGN KEY (parent) REFERENCES parent (id) ON DELETE SET NULL, CHECK (id > 0))',
    'ALTER TABLE child DROP FOREIGN KEY fk, ADD CONSTRAINT FOREIGN KEY fk2 (p2) REFERENCES parent (id) MATCH FULL ON DELETE NO ACTION, ADD x INT'
  ],
  [
    MYSQL,
    'CREATE TABLE shrinks (a INT, b INT, c INT COLUMN_FORMAT DYNAMIC STORAGE DISK, PRIMARY KEY (a, b))',
    'ALTER TABLE shrinks DROP COLUMN b',
    'CREATE TABLE docs (id INT, j JSON, k JSON NOT NULL, v INT AS (JSON_EXTRACT(j, "$.a, b")) VIRTUAL)',
    'CREATE TABLE shapes (a GEOMETRY, b POINT, c LINESTRING, d POLYGON NOT NULL, e MULTIPOINT, f MULTILINESTRING, g MULTIPOLYGON, h GEOMETRYCOLLECTION, SPATIAL KEY (d))',
    'ALTER TABLE docs ADD w INT GENERATED ALWAYS AS (id + 1) STORED NOT NULL AFTER id'
  ],
  [
    MYSQL8,
    'CREATE TABLE eight (id INT, v INT, g POINT SRID 4326, h GEOMCOLLECTION, e JSON DEFAULT (JSON_ARRAY(1, 2)), f INT)',
    'ALTER TABLE eight RENAME COLUMN id TO v, RENAME COLUMN v TO id',
    'ALTER TABLE eight RENAME COLUMN v TO w, ADD x INT AFTER w',
    'ALTER TABLE eight ADD UNIQUE k ((id + 1)), ADD UNIQUE k2 (id)',
    'ALTER TABLE eight RENAME INDEX k2 TO k3, ALTER INDEX k INVISIBLE',
    'ALTER TABLE eight MODIFY id INT NOT NULL, DROP INDEX k3',
    'ALTER DATABASE every_2 CHARACTER SET utf8mb4'
  ],
  [
    ['mysql'],
    'CREATE TABLE nine (id INT, v VECTOR(3), w VECTOR, i INT INVISIBLE, CONSTRAINT c CHECK (id > 0) NOT ENFORCED, d VARCHAR(20) DEFAULT (UUID()) CHECK (d <> "," ))',
    'ALTER TABLE nine ALTER COLUMN i SET VISIBLE, DROP CONSTRAINT c, ADD CONSTRAINT c2 CHECK (id > 1), ADD COLUMN j INT INVISIBLE DEFAULT 5',
    'ALTER TABLE nine DROP CHECK c2',
    "ALTER DATABASE every_2 DEFAULT ENCRYPTION = 'N' READ ONLY = 0 CHARACTER SET ascii"
  ],
  [
    MARIADB,
    'CREATE OR REPLACE TABLE shapes (a GEOMETRY, b POINT, c LINESTRING, d POLYGON NOT NULL, h GEOMETRYCOLLECTION REF_SYSTEM_ID=4326)',
    'CREATE OR REPLACE TABLE maria (id INT, j JSON, u UUID, i INET6, i4 INET4, v INT INVISIBLE, d VARCHAR(40) DEFAULT uuid() NOT NULL, e INT DEFAULT (1 + 2) NOT NULL, g INT DEFAULT (abs(-1) + 5 * (2)) NOT NULL, h INT DEFAULT abs(-1) NOT NULL, p INT AS (id) PERSISTENT, c TEXT COMPRESSED, c2 TEXT CHARSET utf8mb4 COLLATE uca1400_ai_ci) CHARSET latin1',
    'ALTER ONLINE TABLE maria ADD IF NOT EXISTS id INT, ADD COLUMN IF NOT EXISTS n INT',
    'ALTER TABLE IF EXISTS maria WAIT 5 DROP COLUMN IF EXISTS nowhere, MODIFY IF EXISTS nowhere INT, CHANGE COLUMN IF EXISTS nowhere n2 INT, DROP INDEX IF EXISTS k',
    'ALTER TABLE maria NOWAIT RENAME COLUMN n TO m',
    'ALTER IGNORE TABLE maria ADD UNIQUE KEY IF NOT EXISTS uq (m), ADD PERIOD FOR pd (s, e2), ADD s DATE NOT NULL, ADD e2 DATE NOT NULL',
    'ALTER TABLE maria DROP PERIOD FOR pd',
    'RENAME TABLE IF EXISTS nowhere TO somewhere, maria TO maria2',
    'SET STATEMENT lock_wait_timeout = 5 FOR ALTER TABLE maria2 ADD q INT',
    'CREATE TABLE versions (a INT PRIMARY KEY) WITH SYSTEM VERSIONING',
    'SET system_versioning_alter_history = KEEP',
    'ALTER TABLE versions ADD b INT, DROP SYSTEM VERSIONING',
    'ALTER TABLE versions ADD SYSTEM VERSIONING',
    'CREATE TABLE explicit (a INT, s TIMESTAMP(6) GENERATED ALWAYS AS ROW START, e TIMESTAMP(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME (PARTITION p0 HISTORY, PARTITION p1 CURRENT)',
    'CREATE TABLE partly (a INT, b INT WITHOUT SYSTEM VERSIONING) WITH SYSTEM VERSIONING',
    'CREATE SEQUENCE sq',
    'DROP SEQUENCE sq',
    'CREATE TABLE mparts (a INT, b INT) PARTITION BY RANGE (a) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20))',
    'ALTER TABLE mparts CONVERT PARTITION p1 TO TABLE was_part',
    'ALTER TABLE mparts CONVERT TABLE was_part TO PARTITION p1 VALUES LESS THAN (20)',
    "SET sql_mode = 'ORACLE'",
    'CREATE TABLE "oracle" (a VARCHAR2(5), b NUMBER, c NUMBER(5), d NUMBER(7,2), e CLOB, f RAW(5), g DATE, h BLOB, i INT)',
    'SET sql_mode = DEFAULT',
    'CREATE OR REPLACE DATABASE every_2 CHARACTER SET ascii',
    'CREATE TABLE every_2.c (a CHAR(5))'
  ]
]

export function statementsFor(flavour: DdlFlavour): string[] {
  return STATEMENTS.flatMap(([flavours, ...statements]) => (flavours.includes(flavour) ? statements : []))
}

const COLUMNS = ['a', 'b', 'c', 'd', 'E', '`f g`'] as const
const TABLES = ['t1', 't2', '`random`.t3', 'random_2.t1'] as const
const column = fc.constantFrom(...COLUMNS)
const table = fc.constantFrom(...TABLES)
/** Without UCS-2, from and to which the servers do not convert labels. */
const charset = fc.constantFrom('latin1', 'utf8mb4', 'utf8', 'gbk', 'binary', 'cp1251')
const collation = fc.constantFrom('latin1_bin', 'utf8mb4_bin', 'utf8_unicode_ci', 'gbk_chinese_ci')
/** Most of the time nothing. */
const rarely = (...words: string[]): fc.Arbitrary<string> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant('') }, { weight: 1, arbitrary: fc.constantFrom(...words) })

const numeric = fc
  .tuple(
    fc.constantFrom(
      'INT',
      'TINYINT',
      'INTEGER(7)',
      'BIGINT',
      'MEDIUMINT',
      'INT8',
      'DECIMAL(9,3)',
      'DEC',
      'FLOAT',
      'DOUBLE PRECISION',
      'REAL',
      'FIXED(5)'
    ),
    rarely('UNSIGNED', 'ZEROFILL', 'UNSIGNED ZEROFILL')
  )
  .map(words => words.join(' '))
const otherType = fc.constantFrom(
  'BOOL',
  'BIT(5)',
  'DATE',
  'DATETIME(3)',
  'TIME',
  'TIMESTAMP NULL',
  'YEAR',
  'VARBINARY(9)',
  'BLOB(200)',
  'LONGBLOB',
  'CHAR(3) BYTE'
)
const text = fc
  .tuple(
    fc.constantFrom(
      'CHAR(5)',
      'VARCHAR(30)',
      'CHARACTER VARYING(8)',
      'TEXT',
      'TINYTEXT',
      'TEXT(100)',
      'LONG',
      'MEDIUMTEXT',
      "ENUM('x','y,z','it''s')",
      "SET('p','q')"
    ),
    fc.oneof(
      fc.constant(''),
      charset.map(name => `CHARACTER SET ${name}`),
      collation.map(name => `COLLATE ${name}`)
    )
  )
  .map(words => words.join(' '))
const definition = fc
  .tuple(
    fc.oneof(numeric, text, otherType),
    rarely('NOT NULL', 'NULL'),
    rarely("COMMENT 'a, (b'", 'UNIQUE', 'PRIMARY KEY', '/* c */')
  )
  .map(words => words.join(' '))
const place = fc.oneof(
  { weight: 2, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: fc.constant('FIRST') },
  { weight: 2, arbitrary: column.map(name => `AFTER ${name}`) }
)
const word = rarely('COLUMN')
const keyColumns = fc.uniqueArray(column, { minLength: 1, maxLength: 2 }).map(names => names.join(', '))

const action = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(word, column, definition, place).map(words => ['ADD', ...words].join(' '))
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(column, definition, column, definition)
      .map(([a, b, c, d]) => `ADD (${a} ${b}, ${c} ${d})`)
  },
  { weight: 3, arbitrary: fc.tuple(word, column).map(([w, name]) => `DROP ${w} ${name}`) },
  {
    weight: 3,
    arbitrary: fc.tuple(word, column, definition, place).map(words => ['MODIFY', ...words].join(' '))
  },
  {
    weight: 3,
    arbitrary: fc.tuple(word, column, column, definition, place).map(words => ['CHANGE', ...words].join(' '))
  },
  { weight: 1, arbitrary: charset.map(name => `DEFAULT CHARSET = ${name}`) },
  { weight: 1, arbitrary: collation.map(name => `COLLATE ${name}`) },
  { weight: 1, arbitrary: keyColumns.map(names => `ADD PRIMARY KEY (${names})`) },
  { weight: 1, arbitrary: keyColumns.map(names => `ADD UNIQUE (${names})`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'DROP PRIMARY KEY',
      'DROP INDEX a',
      'DROP KEY b',
      'FORCE',
      'ENGINE=InnoDB',
      "COMMENT='x, DROP a'",
      'ORDER BY a'
    )
  },
  { weight: 1, arbitrary: table.map(name => `RENAME TO ${name}`) }
)
const renameColumn = fc.tuple(column, column).map(([from, to]) => `RENAME COLUMN ${from} TO ${to}`)

/** The tables that random statements are about, made anew. */
export const CREATE_TABLES: readonly string[] = [
  'DROP TABLE IF EXISTS t1, t2, t3, random_2.t1',
  'ALTER DATABASE random CHARACTER SET utf8mb4',
  'CREATE TABLE t1 (a INT PRIMARY KEY, b VARCHAR(10), c TEXT) CHARSET latin1',
  "CREATE TABLE t2 (a INT NOT NULL, b INT, d ENUM('x','y'), UNIQUE (a), UNIQUE (b))",
  'CREATE TABLE random_2.t1 (E BIGINT UNSIGNED, `f g` TINYTEXT CHARACTER SET gbk)'
]

/** Lists of statements, of which the server takes those that fit. */
export function randomStatements(flavour: DdlFlavour): fc.Arbitrary<string[]> {
  const actions = fc.array(
    flavour === 'mysql57'
      ? action
      : fc.oneof({ weight: 6, arbitrary: action }, { weight: 1, arbitrary: renameColumn }),
    {
      minLength: 1,
      maxLength: 4
    }
  )
  const statement = fc.oneof(
    {
      weight: 10,
      arbitrary: fc.tuple(table, actions).map(([name, list]) => `ALTER TABLE ${name} ${list.join(', ')}`)
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(
          table,
          fc.uniqueArray(fc.tuple(column, definition), { selector: ([name]) => name, minLength: 1 }),
          rarely('CHARSET=latin1', 'COLLATE = utf8mb4_bin', 'CHARACTER SET binary')
        )
        .map(
          ([name, columns, options]) =>
            `CREATE TABLE ${name} (${columns.map(each => each.join(' ')).join(', ')}) ${options}`
        )
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(table, table)
        .map(([name, like]) => `CREATE TABLE IF NOT EXISTS ${name} LIKE ${like}`)
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(table, table)
        .map(([from, to]) => `RENAME TABLE ${from} TO swap, ${to} TO ${from}, swap TO ${to}`)
    },
    { weight: 1, arbitrary: fc.tuple(table, table).map(([from, to]) => `RENAME TABLE ${from} TO ${to}`) },
    { weight: 1, arbitrary: table.map(name => `DROP TABLE ${name}`) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(table, keyColumns)
        .map(([name, columns]) => `CREATE UNIQUE INDEX k ON ${name} (${columns})`)
    },
    // With MODIFY beside it the server makes other sizes of text columns than it is told to.
    {
      weight: 1,
      arbitrary: fc
        .tuple(table, charset)
        .map(([name, to]) => `ALTER TABLE ${name} CONVERT TO CHARACTER SET ${to}`)
    },
    { weight: 1, arbitrary: charset.map(name => `ALTER DATABASE random CHARACTER SET ${name}`) }
  )
  return fc.array(statement, { minLength: 8, maxLength: 20, size: 'max' })
}
