/** An exception at the head of a stack trace or behind `Caused by: `, with the lines that its message goes on for. */
const exception =
  /^(?:<Exception on server side:\s*)?(?:Caused by: )?(?:[\w$]+\.)+([\w$]*(?:Exception|Error|Throwable))\b(?:: )?(.*)$/

/**
 * What is wrong, in one line, out of a stack trace of Flink, which wraps each cause in others: the message of the innermost
 * exception, or of the innermost one that says where in the SQL text the mistake is.
 */
export function rootCause(trace: string): string {
  const messages: string[] = []
  for (const line of trace.split('\n')) {
    if (/^\s*(?:at |\.\.\. \d+ more)/.test(line)) continue
    const found = exception.exec(line)
    if (found !== null) messages.push(found[2] === '' ? (found[1] as string) : (found[2] as string))
    else if (messages.length > 0) messages.push(`${messages.pop()} ${line.trim()}`)
  }
  const told = messages.map(message => message.replaceAll(/\s+/g, ' ').trim()).filter(text => text !== '')
  const placed = told.filter(message => /\bline \d+, column \d+/.test(message))
  const best = placed.at(-1) ?? told.at(-1) ?? trace.replaceAll(/\s+/g, ' ').trim()
  const text = best
    .replace(/ ?End of exception on server side>?$/, '')
    .replace(/^SQL (?:parse|validation) failed\. /, '')
    .replace(/ Was expecting(?: one of)?: .*/, '')
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
}

/** The planner puts whole plans behind its first sentence. */
const LONGEST = 600
