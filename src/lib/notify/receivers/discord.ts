import { type ComposeFrom, cropped, toEach } from '../http-alerter.ts'

/** Discord, by a webhook. Payload: ElastAlert 2.31. */
export const discord: ComposeFrom =
  options =>
  ({ subject, text }) => {
    const emoji = options.text('discord_emoji_title', ':warning:')
    const footer = options.text('discord_embed_footer')
    const embed = {
      description: cropped(
        text,
        2047,
        1950,
        '\n *message was cropped according to discord embed description limits!*'
      ),
      color: options.number('discord_embed_color', 0xffffff),
      ...(footer === ''
        ? {}
        : { footer: { text: footer, icon_url: options.text('discord_embed_icon_url') || null } })
    }
    return toEach([options.text('discord_webhook_url')], {
      content: `${emoji} ${subject} ${emoji}`,
      embeds: [embed]
    })
  }
