import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Backoff, ToolError } from '../../../src/lib/cli/index.ts'
import { Cluster } from '../../../src/lib/stream/kafka/cluster.ts'
import { NotReady, TryAgain } from '../../../src/lib/stream/kafka/errors.ts'

/** Longer than a start waits for, in three attempts. */
const OUTAGE_MS = 15_000

function clusterOf(retryFor?: number, signal = new AbortController().signal): Cluster {
  return new Cluster({
    brokers: [],
    name: 'kafka://127.0.0.1:1',
    clientId: 'test',
    tls: undefined,
    sasl: undefined,
    backoff: () => new Backoff(retryFor, signal)
  })
}

/** An attempt that fails until the outage has passed by the clock, which it sets forward. */
function outage(failure: Error = new TryAgain('connect ECONNREFUSED')): () => Promise<string> {
  const end = Date.now() + OUTAGE_MS
  return async () => {
    if (Date.now() >= end) return 'done'
    offset += OUTAGE_MS / 3
    throw failure
  }
}

let offset = 0
const realNow = Date.now
Date.now = () => realNow() + offset

test('brokers that are away from the start are waited for 10 s', async () => {
  await assert.rejects(
    clusterOf().persist(outage()),
    (error: ToolError) => error instanceof ToolError && error.code === 'SERVER'
  )
})

test('an outage of more than 10 s does not end a run that has reached them', async () => {
  const cluster = clusterOf()
  await cluster.persist(async () => 'reached')
  assert.equal(await cluster.persist(outage()), 'done')
})

test('--retry-for limits an outage in mid-stream, too', async () => {
  const cluster = clusterOf(OUTAGE_MS / 3)
  await cluster.persist(async () => 'reached')
  await assert.rejects(cluster.persist(outage()), ToolError)
})

test('brokers that answer, but are not ready for more than 10 s after their own start, do not end a run', async () => {
  const cluster = clusterOf()
  assert.equal(await cluster.persist(outage(new NotReady('COORDINATOR_NOT_AVAILABLE'))), 'done')
})

test('a leader that moves while the tool is to stop is waited for: SIGTERM then ended a run with an error', async () => {
  const cluster = clusterOf(undefined, AbortSignal.abort())
  await cluster.persist(async () => 'reached')
  let attempts = 0
  const moves = async (): Promise<string> => {
    if (attempts++ < 3) throw new NotReady('NOT_LEADER_OR_FOLLOWER')
    return 'done'
  }
  assert.equal(await cluster.persist(moves), 'done')
  await assert.rejects(cluster.persist(outage()), ToolError)
})
