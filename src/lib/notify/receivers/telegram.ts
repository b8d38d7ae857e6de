import { type ComposeFrom, cropped, toEach } from '../http-alerter.ts'

/** Telegram, by a bot. Payload: ElastAlert 2.31. */
export const telegram: ComposeFrom =
  options =>
  ({ subject, text }) => {
    const mode = options.text('telegram_parse_mode', 'markdown')
    const head = mode === 'html' ? `⚠ ${subject} ⚠ \n` : `⚠ *${subject}* ⚠ \`\`\`\n`
    const body = cropped(head + text, 4095, 4000, '\n⚠ *message was cropped according to telegram limits!* ⚠')
    const host = options.text('telegram_api_url', 'api.telegram.org')
    return toEach([`https://${host}/bot${options.text('telegram_bot_token')}/sendMessage`], {
      chat_id: options.raw('telegram_room_id'),
      text: mode === 'html' ? body : `${body} \`\`\``,
      parse_mode: mode,
      disable_web_page_preview: true,
      message_thread_id: options.raw('telegram_thread_id') ?? null
    })
  }
