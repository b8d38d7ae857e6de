import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'

/** One line of an order. */
export interface OrderLine {
  readonly invoice: string
  readonly stock: string
  readonly description: string
  readonly quantity: number
  readonly date: string
  readonly price: string
  readonly customer: string | null
  readonly country: string
}

const REAL = resolve(import.meta.dirname, '../../../shared/data/retail/online-retail-2011-11.csv.gz')

/**
 * A month of a shop's order lines: the real ones (UCI "Online Retail", 80,000 lines) where they lie beside the
 * checkout, else lines of the same kind that we make up.
 */
export function orderLines(): { lines: OrderLine[]; origin: string } {
  if (existsSync(REAL))
    return { lines: parseCsv(gunzipSync(readFileSync(REAL)).toString()), origin: 'UCI Online Retail' }
  return { lines: Array.from({ length: 20_000 }, (_, i) => madeUpLine(i)), origin: 'made up' }
}

function parseCsv(text: string): OrderLine[] {
  const lines: OrderLine[] = []
  for (const record of text.matchAll(/^(?:"(?:[^"]|"")*"|[^"\n])+$/gm)) {
    const fields = [...record[0].matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|\r?$)/g)].map(([, field = '']) =>
      field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field
    )
    const [
      invoice = '',
      stock = '',
      description = '',
      quantity = '',
      date = '',
      price = '',
      customer = '',
      country = ''
    ] = fields
    if (invoice === 'InvoiceNo' || invoice === '') continue
    lines.push({
      invoice,
      stock,
      description,
      quantity: Number(quantity),
      date,
      price,
      customer: customer === '' ? null : customer,
      country
    })
  }
  return lines
}

function madeUpLine(i: number): OrderLine {
  const minute = i % 60
  return {
    invoice: i % 47 === 0 ? `C${570_000 + Math.floor(i / 9)}` : String(570_000 + Math.floor(i / 9)),
    stock: `${20_000 + ((i * 7919) % 4000)}${'ABC'.charAt(i % 4)}`,
    description: `"T-LIGHT" HOLDER, ${i % 13} × Ø${i % 7}cm`,
    quantity: i % 47 === 0 ? -(i % 12) - 1 : (i % 24) + 1,
    date: `2011-11-${String(1 + (i % 30)).padStart(2, '0')} ${String(8 + (i % 10)).padStart(2, '0')}:${String(minute).padStart(2, '0')}:00`,
    price: ((i * 37) % 2000) / 100 === 0 ? '0' : (((i * 37) % 2000) / 100).toFixed(2),
    customer: i % 5 === 0 ? null : `${12_000 + (i % 800)}.0`,
    country: i % 11 === 0 ? 'EIRE' : 'United Kingdom'
  }
}
