import type { BenchCase, Contest, Target } from '../case.ts'
import { program, tool } from '../commands.ts'
import { companyEventFile } from '../data/company-events.ts'
import { companyRuleFolder } from '../data/company-rules.ts'
import { prints, writesOnly } from '../proofs.ts'

/** Ten rules, one of each kind. */
export const fewRules = rulesCase(10, { perSecond: 400_000, cpuMicros: 2.5 })

/** Ten kinds of rule, twenty of each. */
export const manyRules = rulesCase(200, { perSecond: 150_000, cpuMicros: 6.7 })

/** alert-eval beside a program that parses each event and tests it against ten of the rules, but keeps no windows. */
function rulesCase(rules: number, target: Target): BenchCase {
  return {
    name: `alert-eval-${rules}`,
    measures: `${rules} ElastAlert rules of ten types on plain events of 300 bytes`,
    unit: 'rows',
    rows: 1_000_000,
    async prepare({ rows, log }): Promise<Contest> {
      const stdin = await companyEventFile(rows, log)
      const folder = await companyRuleFolder(rules)
      return {
        servers: [],
        judged: [
          {
            name: 'alert-eval',
            target,
            command: () => ({ argv: tool('alert-eval', '--rules', folder), stdin }),
            proof: writesOnly('{"@timestamp":"')
          }
        ],
        peers: [
          {
            name: 'JSON.parse, 10 filters by hand',
            command: () => ({ argv: program('peers/alert-filters.ts'), stdin }),
            proof: prints(/^\d+( \d+){9}$/)
          }
        ],
        async [Symbol.asyncDispose]() {}
      }
    }
  }
}
