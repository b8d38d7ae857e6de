import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cp, mkdir, readdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pinned } from './catalogue.ts'
import {
  compileJava,
  findJava,
  hashOf,
  javaCommand,
  javaSource,
  missingForJava,
  requireJava
} from './java.ts'
import type { ServerKind } from './kind.ts'
import { mavenDownload, missingForMaven } from './maven.ts'
import { answersOk } from './ports.ts'

/**
 * One Elasticsearch node. The Maven repository has the server and its HTTP layer, not the whole distribution: there is no
 * painless, reindex, update_by_query, delete_by_query, ILM, ES|QL, ingest processor, scaled_float or language analyzer.
 * `args` are settings, as `key=value`.
 */
export const elasticsearch: ServerKind = {
  name: 'elasticsearch',
  recipe: () =>
    `${pinned.elasticsearch}; ${hashOf(mainSource)}; ${hashOf(rootSource)}; Java ${findJava(jdk)?.version}`,
  missingForInstall: () => missingForMaven(),
  missingForRun: () => missingForJava(jdk),
  runsOnJava: true,
  morePorts: 1,
  url: port => `http://127.0.0.1:${port}`,

  async install(prefix) {
    const lib = join(prefix, 'lib')
    await mavenDownload(lib, [
      `org.elasticsearch:elasticsearch:${pinned.elasticsearch}`,
      `org.elasticsearch.plugin:transport-netty4:${pinned.elasticsearch}`
    ])
    await installHttpModule(prefix)
    await installRootModule(prefix)
    await compileJava(mainSource, join(lib, '*'), join(prefix, 'main.jar'))
    await copyZstd(lib)
    await mkdir(join(prefix, 'plugins'))
    await mkdir(join(prefix, 'config'))
    await writeFile(join(prefix, 'config/log4j2.properties'), logging)
    return pinned.elasticsearch
  },

  prepare: async () => {},

  command: ({ prefix, dataDir, port, morePorts, args }) => [
    ...javaCommand(requireJava(jdk), prefix, { initial: '512m', most: '1g' }),
    `-Des.path.home=${prefix}`,
    // log4j's own shutdown hook would end the log before the node has closed.
    '-Dlog4j.shutdownHookEnabled=false',
    // The native vector library is not among the jars.
    '-Dorg.elasticsearch.nativeaccess.enableVectorLibrary=false',
    '-cp',
    [join(prefix, 'main.jar'), join(prefix, 'lib/*')].join(':'),
    'ElasticsearchServer',
    prefix,
    'cluster.name=millrace',
    'discovery.type=single-node',
    `path.data=${join(dataDir, 'data')}`,
    `path.logs=${join(dataDir, 'logs')}`,
    'http.host=127.0.0.1',
    `http.port=${port}`,
    'transport.host=127.0.0.1',
    `transport.port=${morePorts[0]}`,
    // Else a disk that is over 85 % full refuses shards.
    'cluster.routing.allocation.disk.threshold_enabled=false',
    ...args
  ],

  // Yellow and not just any answer: until the shards have recovered after a restart, searches fail.
  answers: ({ port }) =>
    answersOk(`http://127.0.0.1:${port}/_cluster/health?wait_for_status=yellow&timeout=1s`)
}

const jdk = { compiler: true }
const mainSource = javaSource('ElasticsearchServer.java')
const rootSource = javaSource('RootEndpoint.java')

const logging = `
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %-5p %c{1.} %m%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
`

/**
 * The HTTP layer works only as a module, with a folder and a class loader of its own. Its descriptor is in its jar; it
 * names a Java module, but our server is on the class path.
 */
async function installHttpModule(prefix: string): Promise<void> {
  const lib = join(prefix, 'lib')
  const module = join(prefix, 'modules/transport-netty4')
  await mkdir(module, { recursive: true })
  for (const jar of await readdir(lib)) {
    if (/^(netty|transport-netty4)-/.test(jar)) await rename(join(lib, jar), join(module, jar))
  }
  const unpacked = join(prefix, 'descriptor')
  const path = 'META-INF/es-plugins/transport-netty4'
  await mavenDownload(unpacked, [`org.elasticsearch.plugin:transport-netty4:${pinned.elasticsearch}`], {
    alone: true,
    unpack: `${path}/*`
  })
  for (const file of await readdir(join(unpacked, path))) {
    const text = readFileSync(join(unpacked, path, file), 'utf8')
    await writeFile(join(module, file), text.replace(/^modulename=.*$/m, ''))
  }
}

async function installRootModule(prefix: string): Promise<void> {
  const module = join(prefix, 'modules/root-endpoint')
  await mkdir(module, { recursive: true })
  await compileJava(rootSource, join(prefix, 'lib/*'), join(module, 'root-endpoint.jar'))
  const descriptor = {
    description: 'GET /',
    version: pinned.elasticsearch,
    name: 'root-endpoint',
    'java.version': '21',
    'elasticsearch.version': pinned.elasticsearch,
    classname: 'millrace.RootEndpoint'
  }
  const lines = Object.entries(descriptor).map(([key, value]) => `${key}=${value}\n`)
  await writeFile(join(module, 'plugin-descriptor.properties'), lines.join(''))
}

/** Only `index.codec: best_compression` needs the library; a machine without it is fine otherwise. */
async function copyZstd(lib: string): Promise<void> {
  const libraries = execFileSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8' })
  const zstd = /libzstd\.so\.1 .*x86-64.* => (\S+)/.exec(libraries)?.[1]
  if (zstd === undefined) return
  await mkdir(join(lib, 'platform/linux-x64'), { recursive: true })
  await cp(zstd, join(lib, 'platform/linux-x64/libzstd.so'), { dereference: true })
}
