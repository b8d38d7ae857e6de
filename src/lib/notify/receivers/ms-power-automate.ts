import { type ComposeFrom, toEach } from '../http-alerter.ts'
import type { Language, Notification } from '../notification.ts'
import type { AlerterOptions } from '../options.ts'

const PREFIX = 'ms_power_automate_'

function links(options: AlerterOptions, { value }: Language, notification: Notification): unknown[] {
  return [
    ['kibana', 'Discover in Kibana'],
    ['opensearch', 'Discover in opensearch']
  ].flatMap(([where, title]) => {
    if (!options.flag(`${PREFIX}${where}_discover_attach_url`)) return []
    const url = value(notification, `${where}_discover_url`)
    if (typeof url !== 'string' || url === '') return []
    return [
      {
        type: 'Action.OpenUrl',
        title: options.text(`${PREFIX}${where}_discover_title`, title),
        url,
        style: options.text(`${PREFIX}${where}_discover_color`, 'default')
      }
    ]
  })
}

function addresses(options: AlerterOptions, { value }: Language, notification: Notification): string[] {
  const field = options.text(`${PREFIX}webhook_url_from_field`)
  const found = field === '' ? undefined : value(notification, field)
  return typeof found === 'string' ? found.split(',') : options.texts(`${PREFIX}webhook_url`)
}

/** Microsoft Teams by workflows of Power Automate: an adaptive card. Payload: ElastAlert 2.31. */
export const msPowerAutomate: ComposeFrom = (options, language) => notification => {
  const { subject, text } = notification
  const size = options.text(`${PREFIX}body_text_size`)
  const facts = options.maps(`${PREFIX}alert_facts`).map(({ name, value }) => ({
    title: name,
    value: language.value(notification, String(value)) ?? value
  }))
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [
      {
        type: 'TextBlock',
        text: options.text(`${PREFIX}alert_summary`, subject),
        weight: 'Bolder',
        wrap: true,
        size: options.text(`${PREFIX}summary_text_size`, 'large')
      },
      { type: 'TextBlock', text, spacing: 'Large', wrap: true, ...(size === '' ? {} : { size }) },
      ...(options.has(`${PREFIX}alert_facts`) ? [{ type: 'FactSet', facts }] : [])
    ],
    actions: links(options, language, notification),
    ...(options.flag(`${PREFIX}teams_card_width_full`) ? { msteams: { width: 'Full' } } : {})
  }
  return toEach(addresses(options, language, notification), {
    type: 'message',
    attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', content }]
  })
}
