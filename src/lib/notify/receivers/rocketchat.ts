import { type ComposeFrom, toEach } from '../http-alerter.ts'
import { channelsOf, discoverLinks, matchFields } from './attachments.ts'

/** Rocket.Chat, by incoming webhooks. Payload: ElastAlert 2.31. */
export const rocketchat: ComposeFrom = (options, language) => notification => {
  const emoji = options.text('rocket_chat_emoji_override', ':ghost:')
  const payload = {
    username: options.text('rocket_chat_username_override', 'elastalert2'),
    text: options.text('rocket_chat_text_string'),
    attachments: [
      {
        color: notification.state === 'resolved' ? 'good' : options.text('rocket_chat_msg_color', 'danger'),
        title: notification.subject,
        text: notification.text,
        fields: matchFields(options.maps('rocket_chat_alert_fields'), language, notification)
      },
      ...discoverLinks('rocket_chat_', options, language, notification)
    ],
    ...(emoji === '' ? {} : { emoji })
  }
  return options
    .texts('rocket_chat_webhook_url')
    .flatMap(url =>
      channelsOf(options, 'rocket_chat_channel_override').flatMap(channel =>
        toEach([url], { ...payload, channel })
      )
    )
}
