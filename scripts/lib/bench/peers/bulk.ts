/** Posts the bodies in a folder to _bulk with bare undici, two at a time, and looks for errors alone: URL FOLDER. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Pool } from 'undici'

const [url = '', folder = ''] = process.argv.slice(2)
const pool = new Pool(url, { connections: 2 })
const names = (await readdir(folder)).sort()

async function post(): Promise<void> {
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    const { statusCode, body } = await pool.request({
      method: 'POST',
      path: '/_bulk?filter_path=errors',
      headers: { 'content-type': 'application/x-ndjson' },
      body: await readFile(join(folder, name))
    })
    const answer = await body.text()
    if (statusCode !== 200 || answer !== '{"errors":false}')
      throw new Error(`${name}: ${statusCode} ${answer}`)
  }
}

await Promise.all([post(), post()])
await pool.close()
