/**
 * Settings of a Kafka that soon misses the members of groups that were killed, by both protocols: after `sessionMs` by the
 * new one, where brokers decide, and by the classic one after a second, if members ask for that.
 */
export function quickGroups(sessionMs = 2000): string[] {
  return [
    'group.min.session.timeout.ms=1000',
    `group.consumer.min.session.timeout.ms=${sessionMs}`,
    `group.consumer.session.timeout.ms=${sessionMs}`,
    'group.consumer.min.heartbeat.interval.ms=500',
    'group.consumer.heartbeat.interval.ms=500'
  ]
}
