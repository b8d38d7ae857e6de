/** The rows that the cases work on: joins of contests, the same for the same number. */

export interface Join {
  readonly id: number
  readonly userId: number
  readonly quantity: number
  /** DECIMAL(10,2) as MySQL prints it. */
  readonly amount: string
  readonly status: string
  /** DATETIME(3) as MySQL prints it. */
  readonly createdAt: string
}

export const joinColumns = `
  id BIGINT NOT NULL PRIMARY KEY,
  user_id BIGINT NOT NULL,
  quantity INT NOT NULL,
  amount DECIMAL(10,2) NOT NULL,
  status VARCHAR(16) NOT NULL,
  created_at DATETIME(3) NOT NULL`

/** The times of a table begin here, in ms since the epoch, and move on by one every row. */
export const firstJoinAt = Date.UTC(2026, 10, 24, 10)

const statuses = ['JOINED', 'PENDING', 'CANCELLED', 'REFUNDED']

/** @param n from 0 */
export function join(n: number): Join {
  // Multiplication by a large odd number scatters the values without a generator's state.
  const scattered = Math.imul(n, 0x9e3779b1) >>> 0
  return {
    id: n + 1,
    userId: 1_000_000_000 + (scattered % 50_000),
    quantity: (scattered >>> 8) % 1000,
    amount: `${(scattered >>> 4) % 5000}.${String(scattered % 100).padStart(2, '0')}`,
    status: statuses[scattered % statuses.length] as string,
    createdAt: new Date(firstJoinAt + n).toISOString().slice(0, -1).replace('T', ' ')
  }
}
