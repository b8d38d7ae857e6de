import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { dialectOf } from '../../../src/lib/mysql/ddl/dialect.ts'
import { DdlError, tokenize } from '../../../src/lib/mysql/ddl/lexer.ts'

const ANSI_QUOTES = 4
const NO_BACKSLASH_ESCAPES = 2 ** 20
const MYSQL = dialectOf('8.0.15', 0)

function texts(sql: string, dialect = MYSQL): string[] {
  return tokenize(sql, dialect).map(({ kind, text }) =>
    kind === 'word' || kind === 'symbol' ? text : `${kind}:${text}`
  )
}

describe('the words of a statement', () => {
  test('are names, strings, numbers and bytes, whatever stands between them', () => {
    assert.deepEqual(
      texts("a.`b``c` 'it''s' 'x\\n\\'' \"d\"\"\" 1.5e3 -7 0x4142 b'01000001' x'4a' _utf8'é' n'z' $1 1a ä"),
      [
        'a',
        '.',
        'name:b`c',
        "string:it's",
        "string:x\n'",
        'string:d"',
        'number:1.5e3',
        '-',
        'number:7',
        'bytes:AB',
        'bytes:A',
        'bytes:J',
        '_utf8',
        'string:é',
        'string:z',
        '$1',
        '1a',
        'ä'
      ]
    )
    assert.deepEqual(texts('db.1e5'), ['db', '.', '1e5'])
  })

  test('depend on sql_mode', () => {
    assert.deepEqual(texts('"a b"', dialectOf('8.0.15', ANSI_QUOTES)), ['name:a b'])
    assert.deepEqual(texts("'\\' x", dialectOf('8.0.15', NO_BACKSLASH_ESCAPES)), ['string:\\', 'x'])
  })

  test('are not in comments, but for those that the server executes', () => {
    assert.deepEqual(texts('a /* b */ c -- d\n e # f\n g--h'), ['a', 'c', 'e', 'g', '-', '-', 'h'])
    const sql = 'a /*!50100 b */ /*!80016 c */ /*! d */ /*M! e */ /*M!100100 f */ g'
    assert.deepEqual(texts(sql), ['a', 'b', 'd', 'g'])
    assert.deepEqual(texts(sql, dialectOf('10.11.18-MariaDB-log', 0)), ['a', 'b', 'd', 'e', 'f', 'g'])
    assert.deepEqual(texts(sql, dialectOf('5.5.5-10.0.3-MariaDB', 0)), ['a', 'b', 'd', 'e', 'g'])
    assert.deepEqual(texts('a /*!50100 b /* c */ d */ e'), ['a', 'b', 'd', 'e'])
  })

  test('are found in any text, or it is said what is wrong with it', () => {
    const piece = fc.constantFrom(
      "'",
      '"',
      '`',
      '\\',
      '/*',
      '*/',
      '/*!',
      '--',
      ' ',
      '\n',
      '#',
      '(',
      ')',
      ',',
      'a',
      '0x',
      "x'",
      '1',
      'é',
      '😀'
    )
    fc.assert(
      fc.property(fc.array(piece), pieces => {
        try {
          tokenize(pieces.join(''), MYSQL)
        } catch (error) {
          assert.ok(error instanceof DdlError)
        }
      })
    )
  })

  test('any string is read as it was quoted', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), text => {
        const quoted = text.replaceAll('\\', '\\\\').replaceAll("'", "''")
        assert.deepEqual(tokenize(`x '${quoted}' y`, MYSQL)[1], { kind: 'string', text, word: '' })
        assert.deepEqual(tokenize(`x.\`${text.replaceAll('`', '``')}\``, MYSQL)[2], {
          kind: 'name',
          text,
          word: ''
        })
      })
    )
  })
})
