import type { Language, Notification } from '../notification.ts'
import type { AlerterOptions } from '../options.ts'

/** Options of Slack's and Mattermost's attachments that go into them as they are. */
export const DECORATIONS = [
  'title',
  'title_link',
  'footer',
  'footer_icon',
  'image_url',
  'thumb_url',
  'author_name',
  'author_link',
  'author_icon'
] as const

const LINKS = [
  ['kibana', 'Discover in Kibana'],
  ['opensearch', 'Discover in opensearch']
] as const

/** Links to where the events can be seen, where the match has them and the rule wants them. */
export function discoverLinks(
  prefix: string,
  options: AlerterOptions,
  { value }: Language,
  notification: Notification,
  opensearchTitle?: string
): { color: string; title: string; title_link: string }[] {
  return LINKS.flatMap(([where, title]) => {
    if (!options.flag(`${prefix}attach_${where}_discover_url`)) return []
    const url = value(notification, `${where}_discover_url`)
    if (typeof url !== 'string' || url === '') return []
    const otherwise = where === 'opensearch' ? (opensearchTitle ?? title) : title
    return [
      {
        color: options.text(`${prefix}${where}_discover_color`, '#ec4b98'),
        title: options.text(`${prefix}${where}_discover_title`, otherwise),
        title_link: url
      }
    ]
  })
}

/** Fields of an attachment, their values fields of the match. */
export function matchFields(
  fields: readonly Readonly<Record<string, unknown>>[],
  { value }: Language,
  notification: Notification
): Record<string, unknown>[] {
  return fields.map(field => ({ ...field, value: value(notification, String(field.value)) ?? null }))
}

/** The same message in several channels, or in that of the webhook. */
export function channelsOf(options: AlerterOptions, name: string): string[] {
  return options.has(name) ? options.texts(name) : ['']
}
