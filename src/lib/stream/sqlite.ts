/**
 * node:sqlite, loaded when it is needed: most runs read a MySQL's log, and keep what they keep in memory. Before Node 24
 * it warns of itself among our messages.
 */
export function loadSqlite(): typeof import('node:sqlite') {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return process.getBuiltinModule('node:sqlite')
  } finally {
    process.emitWarning = emitWarning
  }
}
