/** Reads rows of a log with @vlasky/zongji, as the objects that it makes of them, and counts: URL FILE POSITION ROWS. */
import ZongJi from '@vlasky/zongji'

const [url = '', filename = '', position = '', rows = ''] = process.argv.slice(2)
const { hostname, port, username, password } = new URL(url)
const reader = new ZongJi({ host: hostname, port: Number(port), user: username, password })
const expected = Number(rows)
let seen = 0

reader.on('error', error => {
  throw error
})
reader.on('binlog', event => {
  if (event.getEventName() !== 'writerows' || !('rows' in event)) return
  seen += event.rows.length
  if (seen < expected) return
  process.stdout.write(`${seen}\n`)
  process.exit(0)
})
reader.start({
  serverId: 90_001,
  filename,
  position: Number(position),
  includeEvents: ['tablemap', 'writerows'],
  includeSchema: { bench: ['joins'] }
})
