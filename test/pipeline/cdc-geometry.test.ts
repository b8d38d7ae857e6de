import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { afterText, dataLines, logEnd, tail } from '../mysql/tail.ts'
import { samples } from '../support/rounds.ts'
import { cdcUrl, startServer, unavailable } from '../support/servers.ts'

const SHAPES = [
  'POINT(1.5 -2.25)',
  'LINESTRING(0 0,1 1,-20.5 80)',
  'POLYGON((0 0,8 0,8 8,0 8,0 0),(1 1,2 1,2 2,1 1))',
  'MULTIPOINT(1 2,3 4)',
  'MULTILINESTRING((1 2,3 4),(5.5 6,-8 8,9.5 9))',
  'MULTIPOLYGON(((0 0,4 0,4 4,0 0)),((10 10,14 10,14 14,10 10),(12 11,13 11,13 12,12 11)))',
  'GEOMETRYCOLLECTION()',
  'GEOMETRYCOLLECTION(POINT(10 20),LINESTRING(1 2,3 4),POLYGON((0 0,4 0,4 4,0 0)))'
]
/** A plane without unit, WGS 84, the projection of web maps. */
const SRIDS = [0, 4326, 3857]

for (const flavour of samples(['mysql80', 'mysql', 'mysql57', 'mariadb'], ['mysql', 'mysql57', 'mariadb'])) {
  describe(`geometries: ${flavour}`, { skip: unavailable(flavour) }, () => {
    test('are the GeoJSON that the server makes of them, from stream and snapshot alike', async () => {
      await using server = await startServer(flavour)
      const connection = await createConnection({ uri: `${server.url}/test` })
      if (flavour !== 'mysql57') await connection.query('SET GLOBAL binlog_row_metadata = FULL')
      await connection.query(
        'CREATE TABLE shapes (id INT PRIMARY KEY AUTO_INCREMENT, l VARCHAR(9) CHARSET latin1, g GEOMETRY, p POINT, m MULTIPOLYGON, c GEOMETRYCOLLECTION, t TEXT CHARSET utf8mb4)'
      )
      const start = await logEnd(connection)
      for (const srid of SRIDS)
        for (const shape of SHAPES)
          await connection.query(
            `INSERT INTO shapes (l, g, p, m, c, t) VALUES ('é', ST_GeomFromText('${shape}', ${srid}), ST_GeomFromText('POINT(7 8)', ${srid}), ST_GeomFromText('${SHAPES[5]}', ${srid}), ST_GeomFromText('${SHAPES[7]}', ${srid}), 'ü')`
          )
      if (flavour !== 'mariadb')
        await connection.query(
          `INSERT INTO shapes (g) VALUES (ST_GeomFromText('GEOMETRYCOLLECTION(GEOMETRYCOLLECTION(POINT(1 2)),POINT(3 4))'))`
        )
      await connection.query('INSERT INTO shapes (g) VALUES (NULL)')
      const [rows] = await connection.query<RowDataPacket[]>(
        'SELECT id, l, ST_AsGeoJSON(g) AS g, ST_AsGeoJSON(p) AS p, ST_AsGeoJSON(m) AS m, ST_AsGeoJSON(c) AS c, t FROM shapes ORDER BY id'
      )
      const expected = rows.map(row => {
        // Parsed already where the server has a JSON type.
        const shape = (value: unknown): unknown => (typeof value === 'string' ? JSON.parse(value) : value)
        return { ...row, g: shape(row.g), p: shape(row.p), m: shape(row.m), c: shape(row.c) }
      })
      // Not what GeoJSON is made for, but what the servers store.
      await connection.query('CREATE TABLE odd (g GEOMETRY NOT NULL, id INT PRIMARY KEY)')
      await connection.query(
        "INSERT INTO odd VALUES (ST_GeomFromWKB(x'0101000000000000000000F87F000000000000F03F'), 1)"
      )
      const odd = ['{"g":{"type":"Point","coordinates":[null,1.0]},"id":1}']
      if (flavour === 'mariadb' || flavour === 'mysql57') {
        await connection.query('INSERT IGNORE INTO odd VALUES (NULL, 2)')
        odd.push('{"g":null,"id":2}')
      }
      await connection.end()

      const url = cdcUrl(server, 'test')
      const stream = await tail(
        url,
        '--tables',
        'shapes,odd',
        '--snapshot',
        'never',
        '--start',
        start,
        '--stop-at',
        'now'
      )
      const snapshot = await tail(url, '--tables', 'shapes,odd', '--snapshot', 'only')
      assert.equal(stream.status, 0, stream.stderr)
      assert.equal(snapshot.status, 0, snapshot.stderr)
      const streamed = dataLines(stream.stdout).map(afterText)
      assert.deepEqual(
        streamed.slice(0, expected.length).map(line => JSON.parse(line)),
        expected
      )
      assert.deepEqual(streamed.slice(expected.length), odd)
      assert.deepEqual(dataLines(snapshot.stdout).map(afterText).sort(), streamed.toSorted())
      // Nothing of it is needed any more; a shutdown in order takes seconds.
      await server.kill()
    })
  })
}
