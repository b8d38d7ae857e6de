import type { Connection, RowDataPacket } from 'mysql2/promise'
import type { OrderLine } from './retail.ts'

export const CREATE_ORDERS = `CREATE TABLE orders (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  invoice VARCHAR(10) NOT NULL, stock VARCHAR(20) NOT NULL, description VARCHAR(100) NOT NULL,
  quantity INT NOT NULL, ordered_at DATETIME NOT NULL, price DECIMAL(10,3) NOT NULL,
  customer VARCHAR(10) NULL, country VARCHAR(40) NOT NULL
) CHARACTER SET utf8mb4`

const BATCH = 1000

/** Inserts lines, a thousand a transaction. */
export async function insertOrders(connection: Connection, lines: readonly OrderLine[]): Promise<void> {
  for (let at = 0; at < lines.length; at += BATCH) {
    await connection.query(
      'INSERT INTO orders (invoice, stock, description, quantity, ordered_at, price, customer, country) VALUES ?',
      [
        lines
          .slice(at, at + BATCH)
          .map(line => [
            line.invoice,
            line.stock,
            line.description,
            line.quantity,
            line.date,
            line.price,
            line.customer,
            line.country
          ])
      ]
    )
  }
}

/** The table as documents: what an exact copy of it in an index must hold. */
export async function ordersAsDocuments(
  connection: Connection
): Promise<Map<string, Record<string, unknown>>> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT id, invoice, stock, description, quantity, DATE_FORMAT(ordered_at, '%Y-%m-%dT%H:%i:%s') AS ordered_at,
      CAST(price AS CHAR) AS price, customer, country FROM orders`
  )
  return new Map(rows.map(row => [String(row.id), { ...row }]))
}
