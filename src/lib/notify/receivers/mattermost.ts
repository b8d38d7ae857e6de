import { type ComposeFrom, toEach } from '../http-alerter.ts'
import type { Language, Notification } from '../notification.ts'
import type { AlerterOptions } from '../options.ts'
import { channelsOf, DECORATIONS, discoverLinks } from './attachments.ts'

type Field = Record<string, unknown>

/** `args` are fields of the match, which `value` is a template for. */
function fieldsOf(options: AlerterOptions, language: Language, notification: Notification): Field[] {
  const missing = options.text('alert_missing_value', '<MISSING VALUE>')
  return options.maps('mattermost_msg_fields').map(({ args, ...field }) => {
    if (!Array.isArray(args)) return field
    const values = args.map(arg => language.value(notification, String(arg)) || missing)
    const value =
      field.value === undefined
        ? values.map(language.text).join('\n')
        : language.format(String(field.value), values)
    return { ...field, value }
  })
}

/** Mattermost, by incoming webhooks. Payload: ElastAlert 2.31. */
export const mattermost: ComposeFrom = (options, language) => notification => {
  const { subject, text } = notification
  const icon = options.text('mattermost_icon_url_override')
  const pretext = options.text('mattermost_msg_pretext')
  const isShort = options.raw('alert_text_type') === 'alert_text_only'
  const payload = {
    username: options.text('mattermost_username_override', 'elastalert'),
    attachments: [
      {
        fallback: `${subject}: ${pretext}`,
        color: notification.state === 'resolved' ? 'good' : options.text('mattermost_msg_color', 'danger'),
        title: subject,
        pretext,
        fields: fieldsOf(options, language, notification),
        ...(isShort ? { text } : {}),
        ...options.some('mattermost_', DECORATIONS)
      },
      ...discoverLinks('mattermost_', options, language, notification)
    ],
    ...(isShort ? {} : { text }),
    ...(icon === ''
      ? { icon_emoji: options.text('mattermost_emoji_override', ':ghost:') }
      : { icon_url: icon })
  }
  return options
    .texts('mattermost_webhook_url')
    .flatMap(url =>
      channelsOf(options, 'mattermost_channel_override').flatMap(channel =>
        toEach([url], { ...payload, channel })
      )
    )
}
