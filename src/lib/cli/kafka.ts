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
  }
} as const satisfies FlagSet

/** What the man pages of all tools with topics say of the port. */
export const kafkaSecurityText =
  'Parameters for logging in: tls=true, with ca=FILE for authorities of your own, and cert=FILE and key=FILE for a certificate to show; a user and password before the brokers for SASL PLAIN, and sasl=scram-sha-256 or sasl=scram-sha-512 for those; sasl=oauthbearer with token=TOKEN, or with token-url, client-id, client-secret and scope for the client credentials grant. ${VAR} is read from the environment: kafka://app:${PASSWORD}@broker:9093/joins?sasl=scram-sha-512&tls=true. Brokers from 3.5 on are understood.'
