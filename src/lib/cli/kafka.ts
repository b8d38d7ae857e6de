import type { FlagSet } from './flags.ts'

/** Flags of tools that write topics. */
export const kafkaOutputFlags = {
  'topic-partitions': {
    kind: 'integer',
    help: 'partitions of a topic that is not there',
    doc: "Default: the brokers' own. Topics that are there stay as they are."
  },
  'topic-config': {
    kind: 'strings',
    arg: 'NAME=VALUE',
    help: 'configuration of a topic that is not there, as cleanup.policy=compact; repeatable'
  },
  compression: {
    kind: 'choice',
    choices: ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
    default: 'none',
    help: 'how the records of topics are packed'
  },
  headers: {
    kind: 'list',
    arg: 'FIELD,...',
    help: 'fields that records of topics have as headers, too: source.file,source.pos,source.gtid',
    doc: 'So that a consumer knows the place in the log without reading the value, of tombstones as well. Named as by Debezium (add.headers): source.file as __source_file. Values are texts; a field that a line lacks, or that is null, has no header.'
  }
} as const satisfies FlagSet

/** For tools that count by a key. */
export const repartitionFlags = {
  'repartition-by': {
    kind: 'list',
    arg: 'COLUMN,...',
    help: 'read the topics of --in by way of one that is keyed by these columns',
    doc: 'For topics whose key parts what is counted together. Their lines are written to the topic GROUP.TOOL.repartition, each once, and read from there, as the group GROUP.repartition; any member of the group does both. It has as many partitions as they have, or --topic-partitions. An update that changes one of the columns becomes a deletion and a creation. Rows of different partitions come there in no order of time: give those that are behind time (--watermark-delay, WATERMARK).'
  }
} as const satisfies FlagSet

/** What the man pages of all tools with topics say of the port. */
export const kafkaSecurityText =
  'Parameters for logging in: tls=true, with ca=FILE for authorities of your own, and cert=FILE and key=FILE for a certificate to show; a user and password before the brokers for SASL PLAIN, and sasl=scram-sha-256 or sasl=scram-sha-512 for those; sasl=oauthbearer with token=TOKEN, or with token-url, client-id, client-secret and scope for the client credentials grant; aws-region=REGION for Amazon MSK with IAM (port 9098, over TLS), with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN of the environment. ${VAR} is read from the environment: kafka://app:${PASSWORD}@broker:9093/joins?sasl=scram-sha-512&tls=true. Brokers from 3.5 on are understood.'

/** What the man pages of all tools that read topics say of it. */
export const kafkaInputTexts = [
  '--in kafka://BROKER[:PORT][,BROKER...]/TOPIC[,TOPIC...] reads the committed records of topics, with ?group=GROUP behind it as a member of a group: each value is a line, with what a schema envelope of Kafka Connect ({"schema":...,"payload":...}) has as payload, which holds for files and stdin, too; tombstones give none. Topics may be patterns (^dream\\..*), and those that come later are found within ten seconds. A value that is no JSON is a bad line, named by topic, partition and offset.',
  'With group=GROUP the partitions are shared among all that read as this group, and divided anew when one comes or goes. Every second (mark-every=TIME in the URL) there is a mark; the offsets before it are committed once its work is done, so that a run that is killed loses nothing, and before partitions go to another member, so that it repeats nothing. Where nothing is committed, reading begins at from=earliest (the default), from=latest or from=TIME, each behind the others with &. Without a group all partitions are read, and nothing is committed.',
  "The brokers divide the partitions where they have the consumer protocol (Kafka 4.0 and later). Elsewhere, or in a group of classic members that cannot be converted, the members divide them by the classic protocol, as others do with partition.assignment.strategy=cooperative-sticky (CooperativeStickyAssignor of Java's consumers), which can be members, too. By both, members keep what they have, and only partitions that go to another member pause. Should a member only know range, all finish what they have each time that one comes or goes, and all is divided anew. group-protocol=consumer and group-protocol=classic in the URL insist on one. A member of which nothing is heard is taken for dead: by the consumer protocol after the group's consumer.session.timeout.ms (45 s unless it is set), by the classic one after 10 s; session-timeout=TIME sets another time, and takes the classic protocol.",
  'With --state a pipeline goes on as behind cdc-tail: at the oldest mark that all of its tools have acknowledged, whose offsets are then committed. Without it the offsets are committed when this tool has done its work, or handed it on.'
] as const

/** For help: what `--out` takes beside files. */
export const kafkaOutHelp = 'where events go: -, a file (.gz, .zst), kafka://BROKER[,BROKER...]/TOPIC'

/** What the man pages of tools that write results to topics say of it. */
export const kafkaOutputTexts = [
  "--out kafka://BROKER[:PORT][,BROKER...]/TOPIC writes each line as a record. TOPIC is a template (alerts.{rule}); one that is not there is made. --key gives the key, by which records are placed as by Java's producer. A record is written to all replicas and never twice, however often it has to be sent; while the brokers are away the tool waits, see --retry-for.",
  'What is read and what is written go together, in transactions that marks end: with --state the mark that the pipeline resumes at, without it the offsets of the group that --in reads as. Those who read committed records have each result once, however often the tool is killed and started again. Behind a pipe a kill between commit and acknowledgement, a few milliseconds, lets the results of one mark come twice. transaction-timeout=TIME (10s) and transactional-id=ID in the URL change the transactions; without the latter the ids of a group are millrace.GROUP.TOPIC-PARTITION.'
] as const
