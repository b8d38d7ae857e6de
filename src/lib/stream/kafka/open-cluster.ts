import { Backoff } from '../../cli/index.ts'
import type { KafkaInputFlags } from '../open-port.ts'
import { Cluster } from './cluster.ts'
import { security } from './security.ts'
import type { KafkaUrl } from './url.ts'

/**
 * The cluster that a URL names; nothing is connected yet. The caller has taken its own parameters from the URL before:
 * those left over that say nothing of how to get in are an error.
 * @param flag that the URL was given to; @param name for messages
 * @throws ToolError USAGE
 */
export function openCluster(
  url: KafkaUrl,
  flag: string,
  { clientId, retryFor, stop }: Pick<KafkaInputFlags, 'clientId' | 'retryFor' | 'stop'>,
  name = url.display
): Cluster {
  const { tls, sasl } = security(url, flag)
  url.parameters.finish()
  const { brokers } = url
  return new Cluster({ brokers, name, clientId, tls, sasl, backoff: () => new Backoff(retryFor, stop) })
}
