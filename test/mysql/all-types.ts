import type { Connection } from 'mysql2/promise'

/** What a column's values must become: the rule of design.md §2 that it falls under. */
type Rule =
  | 'number'
  | 'bigint'
  | 'text'
  | 'float'
  | 'double'
  | 'bit'
  | 'datetime'
  | 'timestamp'
  | 'bytes'
  | 'json'

export interface TypedColumn {
  readonly name: string
  readonly type: string
  readonly rule: Rule
  /** SQL expressions; row i takes the value i, the first again behind the last. */
  readonly values: readonly string[]
}

function column(name: string, type: string, rule: Rule, ...values: string[]): TypedColumn {
  return { name, type, rule, values }
}

function integers(type: string, bits: number): TypedColumn[] {
  const rule = bits === 64 ? 'bigint' : 'number'
  const half = 2n ** BigInt(bits - 1)
  const signed = [`-${half}`, `${half - 1n}`, '0', '-1', '1']
  const unsigned = [`${half * 2n - 1n}`, '0', `${half}`]
  if (bits === 64) {
    for (const n of [2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n]) {
      signed.push(`${n}`, `-${n}`)
      unsigned.push(`${n}`)
    }
  }
  return [
    column(`${type}_s`, type, rule, ...signed),
    column(`${type}_u`, `${type} UNSIGNED`, rule, ...unsigned),
    column(`${type}_z`, `${type} UNSIGNED ZEROFILL`, rule, '7', ...unsigned)
  ]
}

const FRACTIONS = [0, 1, 2, 3, 4, 5, 6]
const CHARSETS = {
  utf8mb4: [
    "'plain'",
    `'q"\\\\\\n\\t\\0\\b\\f\\r\\Z/x'`,
    "'😀 é ÿ'",
    "REPEAT('é',300)",
    "'\\u2028 \u2028'",
    "'  spaces  '"
  ],
  utf8: ["'é'", "'\uffff'"],
  ascii: ["'~'", 'CHAR(127)', 'CHAR(0)'],
  latin1: ["'héÿ'", "'€'", 'CHAR(0xa0 USING latin1)'],
  gbk: ["'中文'", "'a中\"b'"],
  utf16: ["'u16 😀'", "'é\\n'"],
  utf16le: ["'le 😀'"],
  utf32: ["'😀'"],
  ucs2: ["'ü'"],
  cp1251: ["'Привет'"],
  koi8r: ["'Привет'"],
  sjis: ["'日本 ｶﾅ'"],
  big5: ["'中文'"],
  greek: ["'αβγ'", 'CHAR(0xa1a2ff USING greek)'],
  hebrew: ["'שלום'"],
  tis620: ["'ไทย'"],
  swe7: ["'åäö'"],
  cp932: ["'日本 ～'"],
  euckr: ["'한갂'"],
  koi8u: ["'Київ'"]
}

/** JSON of every kind; the dates and opaque values that only MySQL has stand behind `mysqlOnly`. */
const JSON_VALUES = [
  `'{"a":1,"b":[1.5,"x\\\\"y",null,true,18446744073709551615,-9223372036854775808,1e20,1e-10,123456789.125,1.5e15,0.0001]}'`,
  `'{"é":{"k":[]},"z":{},"":" "}'`,
  `'null'`,
  `'"text \\\\u0001 \\\\n \\\\/ 😀"'`,
  `'[-32768,32767,32768,-32769,65535,65536,2147483647,2147483648,-2147483649,4294967295,4294967296,9007199254740993]'`,
  `'[[[[[[[[]]]]]]]]'`,
  `CONCAT('[', REPEAT('"0123456789",', 9000), '0]')`,
  `CONCAT('{', REPEAT('"k":0,', 10), '"k":1}')`
]
const MYSQL_JSON = [
  `CAST('[1, 2.50]' AS JSON)`,
  `JSON_OBJECT('d', CAST('12.340' AS DECIMAL(10,3)), 'n', CAST('-0.5' AS DECIMAL(65,30)))`,
  `JSON_OBJECT('dt', CAST('2026-11-24 10:00:00.5' AS DATETIME(6)), 't', CAST('-10:11:12' AS TIME), 'da', CAST('2026-01-01' AS DATE))`,
  `JSON_OBJECT('b', CAST('abc' AS BINARY), 'long', CAST(REPEAT('x', 1000) AS BINARY))`
]
/** 5.7 prints a double that is a whole number without its point in SELECT, but has no other form for it in the log. */
const DOUBLES_JSON = [`'[1.0, -0.0, 100.0, 1e2]'`]

export function allTypes(server: string): TypedColumn[] {
  const isMariadb = server === 'mariadb'
  const json = [
    ...JSON_VALUES,
    ...(isMariadb ? [] : MYSQL_JSON),
    ...(server === 'mysql57' ? [] : DOUBLES_JSON)
  ]
  return [
    ...integers('TINYINT', 8),
    ...integers('SMALLINT', 16),
    ...integers('MEDIUMINT', 24),
    ...integers('INT', 32),
    ...integers('BIGINT', 64),
    column(
      'd65',
      'DECIMAL(65,30)',
      'text',
      '-12345678901234567890123456789012345.123456789012345678901234567891',
      '0',
      '1e-30',
      '99999999999999999999999999999999999.999999999999999999999999999999'
    ),
    column('d5', 'DECIMAL(5,0)', 'text', '-99999', '99999', '0', '7'),
    column('d10', 'DECIMAL(10,2)', 'text', '1.5', '-0.01', '99999999.99', '-99999999.99'),
    column('d18', 'DECIMAL(18,9)', 'text', '-0.000000001', '999999999.999999999', '1'),
    column('d30', 'DECIMAL(30,30)', 'text', '0.1', '-1e-30'),
    column(
      'f',
      'FLOAT',
      'float',
      '3.4',
      '0.01',
      '16777216',
      '16777217',
      '3.4028234663852886e38',
      '-1.17549435e-38',
      '0',
      '1e-45',
      '0.1',
      '123456.7',
      '-1000000.5',
      '-0e0'
    ),
    column('f74', 'FLOAT(7,4)', 'float', '1.2345', '-999.9999', '0'),
    column(
      'db',
      'DOUBLE',
      'double',
      '1.1',
      '-1.7976931348623157e308',
      '2.2250738585072014e-308',
      '5e-324',
      '123456789012345680000',
      '1e15',
      '0.1',
      '-1e-7',
      '1e21',
      '-0e0'
    ),
    column('db20', 'DOUBLE(20,2)', 'double', '123456789012.13', '-0.07'),
    column('bit1', 'BIT(1)', 'bit', "b'1'", "b'0'"),
    column('bit9', 'BIT(9)', 'bit', "b'101010101'", '0', '511'),
    column('bit53', 'BIT(53)', 'bit', '9007199254740991', '1'),
    column('bit54', 'BIT(54)', 'bit', '9007199254740993', '1'),
    column('bit64', 'BIT(64)', 'bit', '0xffffffffffffffff', '9007199254740993', '0'),
    column(
      'da',
      'DATE',
      'text',
      "'2026-11-24'",
      "'0000-00-00'",
      "'1000-01-01'",
      "'9999-12-31'",
      "'2026-00-00'",
      "'2026-02-00'"
    ),
    column('ye', 'YEAR', 'number', '2155', '1901', '0', '2026'),
    ...FRACTIONS.flatMap(n => [
      column(
        `ti${n}`,
        `TIME(${n})`,
        'text',
        "'838:59:59'",
        "'-838:59:59'",
        "'00:00:00'",
        "'-00:00:00.999999'",
        "'12:34:56.789012'",
        "'-12:34:56.000001'",
        "'100:00:00.5'"
      ),
      column(
        `dt${n}`,
        `DATETIME(${n})`,
        'datetime',
        "'9999-12-31 23:59:59'",
        "'0001-01-01 00:00:00.000001'",
        "'0000-00-00 00:00:00'",
        "'2026-11-24 10:00:00.123456'",
        "'2026-11-00 10:00:00'",
        "'1969-12-31 23:59:59.9'"
      ),
      column(
        `ts${n}`,
        `TIMESTAMP(${n}) NULL`,
        'timestamp',
        "'2026-11-24 10:00:00.123456'",
        "'1970-01-01 00:00:01'",
        "'2038-01-19 03:14:07'",
        "'0000-00-00 00:00:00'",
        "'2000-02-29 23:59:59.99999'"
      )
    ]),
    ...Object.entries(CHARSETS).flatMap(([charset, values]) => [
      column(
        `c_${charset}`,
        `CHAR(255) CHARACTER SET ${charset}`,
        'text' as const,
        ...values.map(value => `LEFT(${value}, 255)`)
      ),
      column(`v_${charset}`, `VARCHAR(300) CHARACTER SET ${charset}`, 'text', ...values),
      column(`t_${charset}`, `TEXT CHARACTER SET ${charset}`, 'text', ...values)
    ]),
    column('c10', 'CHAR(10)', 'text', "'abc  '", "''", "'é'"),
    column('v20', 'VARCHAR(20)', 'text', "'abc  '", "''", "REPEAT('é',20)"),
    column('tt', 'TINYTEXT', 'text', "REPEAT('y',255)", "''"),
    column('mt', 'MEDIUMTEXT', 'text', "REPEAT('long é\\n', 20000)", "''"),
    column('lt', 'LONGTEXT', 'text', "REPEAT('\"', 70000)", "'x'"),
    column('bi6', 'BINARY(6)', 'bytes', '0x0102000000', "''", '0x000000000000', '0xffffffffffff', "'a  '"),
    column('bi255', 'BINARY(255)', 'bytes', 'REPEAT(0xfe, 255)', "'x'"),
    column('vb', 'VARBINARY(300)', 'bytes', '0x00ff00', "''", 'REPEAT(0xfe, 300)'),
    column('tb', 'TINYBLOB', 'bytes', 'REPEAT(0x00, 255)', "''"),
    column('bl', 'BLOB', 'bytes', 'REPEAT(0xfe, 30000)', '0x00'),
    column('mb', 'MEDIUMBLOB', 'bytes', 'REPEAT(0x80, 100000)', "''"),
    column(
      'en',
      "ENUM('a','b,c','it''s','é','')",
      'text',
      "'a'",
      "'b,c'",
      "'it''s'",
      "'é'",
      "''",
      "'not there'"
    ),
    column('enl', "ENUM('é','ü') CHARACTER SET latin1", 'text', "'é'", "'ü'"),
    column('eng', "ENUM('中','文') CHARACTER SET gbk", 'text', "'中'", "'文'"),
    column(
      'en300',
      `ENUM(${Array.from({ length: 300 }, (_, i) => `'label ${i}'`).join(',')})`,
      'text',
      "'label 0'",
      "'label 255'",
      "'label 299'"
    ),
    column('se', "SET('x','y''','z z','\"')", 'text', "'x,z z'", "''", "'x,y'',z z,\"'"),
    column('sel', "SET('é','x') CHARACTER SET latin1", 'text', "'é,x'", "''"),
    column(
      'se64',
      `SET(${Array.from({ length: 64 }, (_, i) => `'${i}'`).join(',')})`,
      'text',
      "'0,31,32,63'",
      "'7'"
    ),
    column('js', 'JSON', isMariadb ? 'text' : 'json', ...json)
  ]
}

/** As many rows as the longest list of values has, a row of NULLs, and a counter to update. */
export function createTable(name: string, columns: readonly TypedColumn[]): string {
  const list = columns.map(({ name, type }) => `\`${name}\` ${/NULL$/.test(type) ? type : `${type} NULL`}`)
  return `CREATE TABLE ${name} (id INT PRIMARY KEY, tick INT NOT NULL DEFAULT 0, ${list.join(', ')}) CHARACTER SET utf8mb4 ROW_FORMAT=DYNAMIC`
}

export async function insertAll(
  connection: Connection,
  name: string,
  columns: readonly TypedColumn[]
): Promise<number> {
  const rows = Math.max(...columns.map(({ values }) => values.length))
  for (let i = 0; i < rows; i++) {
    const values = columns.map(({ values }) => values[i % values.length])
    await connection.query(`INSERT INTO ${name} VALUES (${i}, 0, ${values.join(', ')})`)
  }
  await connection.query(`INSERT INTO ${name} (id) VALUES (${rows})`)
  return rows + 1
}

/** The rows as JSON by the rules of design.md §2, from what SELECT gives through mysql2. */
export async function expectedRows(
  connection: Connection,
  name: string,
  columns: readonly TypedColumn[]
): Promise<string[]> {
  const list = columns.map(({ name, rule, type }) => {
    // Single-precision numbers are printed with six digits only.
    if (rule === 'float' || rule === 'double') return `\`${name}\` * 1e0 AS \`${name}\``
    return /ZEROFILL/.test(type) ? `\`${name}\` + 0 AS \`${name}\`` : `\`${name}\``
  })
  const [rows] = await connection.query({
    sql: `SELECT id, tick, ${list.join(', ')} FROM ${name} ORDER BY id`,
    typeCast: field => field.buffer()
  })
  return (rows as Record<string, Buffer | null>[]).map(row => {
    const values = columns.map(
      ({ name, rule, type }) => `${JSON.stringify(name)}:${expected(row[name] ?? null, rule, type)}`
    )
    return `{"id":${row.id},"tick":${row.tick},${values.join(',')}}`
  })
}

function expected(bytes: Buffer | null, rule: Rule, type: string): string {
  if (bytes === null) return 'null'
  const text = bytes.toString('utf8')
  switch (rule) {
    case 'number':
      return String(Number(text))
    case 'bigint': {
      const value = BigInt(text)
      return value >= -(2n ** 53n) && value <= 2n ** 53n ? `${value}` : `"${value}"`
    }
    case 'text':
      return JSON.stringify(text)
    case 'float':
      return withFraction(shortestFloat(Number(text)))
    case 'double':
      return withFraction(Object.is(Number(text), -0) ? '-0' : String(Number(text)))
    case 'bit': {
      const value = BigInt(`0x${bytes.toString('hex')}`)
      return Number(/\d+/.exec(type)) > 53 ? `"${value}"` : `${value}`
    }
    case 'datetime':
    case 'timestamp':
      if (/^[0\-: .]*$/.test(text)) return '"0000-00-00T00:00:00"'
      return `"${text.replace(' ', 'T')}${rule === 'timestamp' ? 'Z' : ''}"`
    case 'bytes':
      return `"${bytes.toString('base64')}"`
    case 'json':
      // 5.7 breaks base64 into lines with bare line feeds.
      return text.replaceAll('\n', '\\n')
  }
}

/** A number of a FLOAT or DOUBLE column is never written as an integer. */
function withFraction(text: string): string {
  return /[.e]/.test(text) ? text : `${text}.0`
}

function shortestFloat(value: number): string {
  const single = Math.fround(value)
  if (Object.is(single, -0)) return '-0'
  // MySQL prints six digits at least, where there are as many.
  for (let digits = 6; digits < 10; digits++) {
    const rounded = Number(single.toPrecision(digits))
    if (Math.fround(rounded) === single) return String(rounded)
  }
  return String(single)
}
