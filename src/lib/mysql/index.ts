export { parsePositionOption } from './position.ts'
export { TableFilter } from './tables.ts'
export { MysqlTail } from './tail.ts'
export { parseMysqlUrl } from './url.ts'
