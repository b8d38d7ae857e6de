import { mkdir, writeFile } from 'node:fs/promises'
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
 * One OpenSearch node with painless, the common analyzers and scaled_float; no plugins, so no security and no ISM. `args` are
 * settings, as `key=value`.
 */
export const opensearch: ServerKind = {
  name: 'opensearch',
  recipe: () => `${pinned.opensearch}; ${hashOf(source)}; Java ${findJava(jdk)?.version}`,
  missingForInstall: () => missingForMaven(),
  missingForRun: () => missingForJava(jdk),
  runsOnJava: true,
  morePorts: 1,
  url: port => `http://127.0.0.1:${port}`,

  async install(prefix) {
    const lib = join(prefix, 'lib')
    const { opensearch: version, log4j } = pinned
    await mavenDownload(lib, [
      `org.opensearch:opensearch:${version}`,
      `org.opensearch.plugin:transport-netty4-client:${version}`,
      `org.opensearch.plugin:lang-painless:${version}`,
      `org.opensearch.plugin:analysis-common:${version}`,
      `org.opensearch.plugin:mapper-extras-client:${version}`,
      // Optional to OpenSearch's pom, and asked for at its start.
      `org.apache.logging.log4j:log4j-core:${log4j}`
    ])
    await compileJava(source, join(lib, '*'), join(prefix, 'main.jar'))
    await mkdir(join(prefix, 'config'))
    await writeFile(join(prefix, 'config/log4j2.properties'), logging)
    return version
  },

  prepare: async () => {},

  command: ({ prefix, dataDir, port, morePorts, args }) => [
    ...javaCommand(requireJava(jdk), prefix, { initial: '512m', most: '1g' }),
    `-Dopensearch.path.home=${prefix}`,
    '-Dlog4j.shutdownHookEnabled=false',
    '-cp',
    [join(prefix, 'main.jar'), join(prefix, 'lib/*')].join(':'),
    'OpenSearchServer',
    prefix,
    'cluster.name=millrace',
    'discovery.type=single-node',
    `path.data=${join(dataDir, 'data')}`,
    `path.logs=${join(dataDir, 'logs')}`,
    'http.host=127.0.0.1',
    `http.port=${port}`,
    'transport.host=127.0.0.1',
    `transport.port=${morePorts[0]}`,
    'cluster.routing.allocation.disk.threshold_enabled=false',
    ...args
  ],

  answers: ({ port }) =>
    answersOk(`http://127.0.0.1:${port}/_cluster/health?wait_for_status=yellow&timeout=1s`)
}

const jdk = { compiler: true }
const source = javaSource('OpenSearchServer.java')

const logging = `
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %-5p %c{1.} %m%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
`
