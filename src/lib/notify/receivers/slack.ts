import { type ComposeFrom, toEach } from '../http-alerter.ts'
import { channelsOf, DECORATIONS, discoverLinks, matchFields } from './attachments.ts'

/** Slack, by incoming webhooks. Payload: ElastAlert 2.31. */
export const slack: ComposeFrom = (options, language) => notification => {
  const icon = options.text('slack_icon_url_override')
  const pretext = options.text('slack_msg_pretext')
  const payload = {
    username: options.text('slack_username_override', 'elastalert'),
    parse: options.text('slack_parse_override', 'none'),
    text: options.text('slack_text_string'),
    attachments: [
      {
        color: notification.state === 'resolved' ? 'good' : options.text('slack_msg_color', 'danger'),
        title: notification.subject,
        text: notification.text,
        mrkdwn_in: ['text', 'pretext'],
        fields: matchFields(options.maps('slack_alert_fields'), language, notification),
        ...options.some('slack_', DECORATIONS),
        ...(pretext === '' ? {} : { pretext })
      },
      ...discoverLinks('slack_', options, language, notification, 'Discover in Opensearch')
    ],
    ...(icon === '' ? { icon_emoji: options.text('slack_emoji_override', ':ghost:') } : { icon_url: icon })
  }
  return options
    .texts('slack_webhook_url')
    .flatMap(url =>
      channelsOf(options, 'slack_channel_override').flatMap(channel => toEach([url], { ...payload, channel }))
    )
}
