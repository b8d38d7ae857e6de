import { type ComposeFrom, toEach } from '../http-alerter.ts'
import type { AlerterOptions } from '../options.ts'

function card(options: AlerterOptions, text: string): unknown {
  const title = options.text('googlechat_header_title')
  const kibana = options.text('googlechat_footer_kibanalink')
  const open = { textButton: { text: 'VISIT KIBANA', onClick: { openLink: { url: kibana } } } }
  const header = {
    title,
    subtitle: options.raw('googlechat_header_subtitle') ?? null,
    imageUrl: options.raw('googlechat_header_image') ?? null
  }
  return {
    cards: [
      {
        sections: [
          { widgets: [{ textParagraph: { text } }] },
          ...(kibana === '' ? [] : [{ widgets: [{ buttons: [open] }] }])
        ],
        ...(title === '' ? {} : { header })
      }
    ]
  }
}

/** Google Chat, by webhooks. Payload: ElastAlert 2.31. */
export const googlechat: ComposeFrom =
  options =>
  ({ text }) =>
    toEach(
      options.texts('googlechat_webhook_url'),
      options.text('googlechat_format') === 'card' ? card(options, text) : { text }
    )
