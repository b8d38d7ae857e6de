import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pinned } from './catalogue.ts'
import { findJava, javaCommand, missingForJava, requireJava } from './java.ts'
import type { Place, ServerKind } from './kind.ts'
import { mavenDownload, missingForMaven } from './maven.ts'
import { ask } from './ports.ts'
import { run } from './tools.ts'

/**
 * One Kafka broker that is its own controller (KRaft). Topics are not created on first use, as in production.
 * `args` are lines of server.properties.
 */
export const kafka: ServerKind = {
  name: 'kafka',
  recipe: () =>
    `${pinned.kafka} (Scala ${pinned.kafkaScala}, log4j ${pinned.log4j}); Java ${findJava(jre)?.version}`,
  missingForInstall: missingForMaven,
  missingForRun: () => missingForJava(jre),
  runsOnJava: true,
  morePorts: 1,
  url: port => `kafka://127.0.0.1:${port}`,

  async install(prefix) {
    // Without the bridge from slf4j to log4j the broker would be silent, fatal errors included.
    const bridge = `org.apache.logging.log4j:log4j-slf4j-impl:${pinned.log4j}`
    await mavenDownload(join(prefix, 'lib'), [
      `org.apache.kafka:kafka_${pinned.kafkaScala}:${pinned.kafka}`,
      bridge
    ])
    await mavenDownload(join(prefix, 'tools'), [`org.apache.kafka:kafka-tools:${pinned.kafka}`], {
      alone: true
    })
    await writeFile(join(prefix, 'log4j2.properties'), logging)
    return pinned.kafka
  },

  async prepare(place) {
    await mkdir(place.dataDir, { recursive: true })
    await writeFile(propertiesFile(place), properties(place))
    const data = join(place.dataDir, 'data')
    if (existsSync(join(data, identityFile))) return
    await cp(await formatted(place.prefix), data, { recursive: true })
    await writeFile(join(data, identityFile), identity())
  },

  command: place => [
    ...javaCommand(requireJava(jre), place.prefix, { initial: '256m', most: '512m' }),
    '-XX:MaxGCPauseMillis=20',
    '-Djava.awt.headless=true',
    `-Dlog4j2.configurationFile=${join(place.prefix, 'log4j2.properties')}`,
    '-cp',
    join(place.prefix, 'lib/*'),
    'kafka.Kafka',
    propertiesFile(place)
  ],

  answers: async ({ port }) => {
    const answer = await ask(port, metadataAnswer.length + 4, metadataRequest)
    return answer?.subarray(4).equals(metadataAnswer) ?? false
  },

  async client(prefix, port, [tool, ...args]) {
    const mainClass = tools[tool ?? '']
    if (mainClass === undefined) throw new Error(`kafka's clients are ${Object.keys(tools).join(', ')}`)
    return [...shortLivedJava(prefix), mainClass, `--bootstrap-server=127.0.0.1:${port}`, ...args]
  }
}

const jre = { compiler: false }

const tools: Readonly<Record<string, string>> = {
  topics: 'org.apache.kafka.tools.TopicCommand',
  configs: 'org.apache.kafka.tools.ConfigCommand',
  groups: 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  offsets: 'org.apache.kafka.tools.GetOffsetShell',
  transactions: 'org.apache.kafka.tools.TransactionsCommand',
  produce: 'org.apache.kafka.tools.ConsoleProducer',
  consume: 'org.apache.kafka.tools.consumer.ConsoleConsumer'
}

/**
 * A Metadata request of version 1 for no topics, correlation id 7, and what a ready broker answers first: the id and a list
 * of one broker. The port accepts earlier, and until the controller has let the broker in, the list is empty.
 * https://kafka.apache.org/protocol#The_Messages_Metadata
 */
const metadataRequest = Buffer.from('0000000e 0003 0001 00000007 ffff 00000000'.replaceAll(' ', ''), 'hex')
const metadataAnswer = Buffer.from('0000000700000001', 'hex')

const logging = `
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %-5p %c{1.} %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
`

function propertiesFile(place: Place): string {
  return join(place.dataDir, 'server.properties')
}

/** Internal topics have one partition and one replica: each more costs start time and files. */
function properties({ dataDir, port, morePorts, args }: Place): string {
  const controller = `127.0.0.1:${morePorts[0]}`
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@${controller}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://${controller}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'inter.broker.listener.name': 'PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': join(dataDir, 'data'),
    'auto.create.topics.enable': 'false',
    'num.partitions': '1',
    'default.replication.factor': '1',
    'min.insync.replicas': '1',
    'offsets.topic.num.partitions': '1',
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.num.partitions': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.num.partitions': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'num.network.threads': '2',
    'num.io.threads': '4',
    'background.threads': '2',
    'group.initial.rebalance.delay.ms': '0',
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '500',
    'log.initial.task.delay.ms': '500',
    'log.cleaner.dedupe.buffer.size': '8388608',
    'log.segment.bytes': '268435456'
  }
  const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}`)
  return `${[...lines, ...args].join('\n')}\n` // of two lines with one key the later holds
}

const identityFile = 'meta.properties'

/** Which cluster a data folder belongs to, and which of its folders it is: ids that no other server has. */
function identity(): string {
  const id = (): string => randomBytes(16).toString('base64url')
  return `version=1\nnode.id=1\ncluster.id=${id()}\ndirectory.id=${id()}\n`
}

/** The formatted data folder that every new broker starts from; formatting takes as long as half a start. */
async function formatted(prefix: string): Promise<string> {
  const template = join(prefix, 'template')
  if (existsSync(template)) return template
  const folder = await mkdtemp(`${template}-`) // of several at once each has one
  const place = { prefix, dataDir: folder, port: 9092, morePorts: [9093], args: [] }
  await writeFile(propertiesFile(place), properties(place))
  await run([
    ...shortLivedJava(prefix),
    'kafka.tools.StorageTool',
    'format',
    '--cluster-id=AAAAAAAAAAAAAAAAAAAAAA',
    `--config=${propertiesFile(place)}`
  ])
  await rename(join(folder, 'data'), template).catch(error => {
    if (!existsSync(template)) throw error
  })
  await rm(folder, { recursive: true })
  return template
}

/** The stock tools with a Java that starts quickly. */
function shortLivedJava(prefix: string): string[] {
  return [
    join(requireJava(jre).home, 'bin/java'),
    '-Xmx256m',
    '-XX:TieredStopAtLevel=1',
    '-XX:+UseSerialGC',
    `-Dlog4j2.configurationFile=${join(prefix, 'log4j2.properties')}`,
    '-cp',
    [join(prefix, 'lib/*'), join(prefix, 'tools/*')].join(':')
  ]
}
