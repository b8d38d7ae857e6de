import type { Language, Notification } from '../notification.ts'
import type { AlerterOptions } from '../options.ts'

/** `ElastAlert: rule - key`: the title of alerts by mail and in Opsgenie. */
export function titleWithKey(
  head: string,
  options: AlerterOptions,
  { text }: Language,
  { rule, match, state }: Notification
): string {
  const names = options.texts('query_key')
  const value = names.length === 0 ? undefined : match[names.join(',')]
  const title = `${head}: ${rule}${value ? ` - ${text(value)}` : ''}`
  return state === 'resolved' ? `Resolved: ${title}` : title
}
