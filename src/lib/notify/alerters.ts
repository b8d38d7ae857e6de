import type { Log } from '../cli/index.ts'
import { CommandAlerter } from './command.ts'
import { HttpAlerter } from './http-alerter.ts'
import type { Alerter, Language, Notification } from './notification.ts'
import { AlerterOptions } from './options.ts'
import { EmailAlerter } from './receivers/email.ts'
import { GelfTcpAlerter } from './receivers/gelf.ts'
import { HTTP_RECEIVERS } from './receivers/index.ts'
import { JiraAlerter } from './receivers/jira.ts'
import { ZabbixAlerter } from './receivers/zabbix.ts'
import { createTransport } from './transport.ts'

class DebugAlerter implements Alerter {
  readonly type = 'debug'
  readonly #log: Log

  constructor(log: Log) {
    this.#log = log
  }

  async send(notification: Notification): Promise<void> {
    this.#log.info(this.describe(notification))
  }

  describe({ rule, timestamp, text }: Notification): string {
    return `Alert for ${rule} at ${timestamp}:\n${text.trimEnd()}`
  }
}

/** What alerters need of the tool. */
export interface AlerterContext {
  readonly log: Log
  readonly language: Language
  /** That of the rule file. */
  readonly folder: string
}

/**
 * The alerter of a rule file by its name and options; undefined for those that this version does not deliver.
 * The options have been checked.
 */
export function createAlerter(
  type: string,
  options: Readonly<Record<string, unknown>>,
  { log, language, folder }: AlerterContext
): Alerter | undefined {
  if (type === 'debug') return new DebugAlerter(log)
  const own = new AlerterOptions(options)
  if (type === 'jira') return new JiraAlerter(own, language, folder)
  if (type === 'email') return new EmailAlerter(own, language, folder)
  if (type === 'zabbix') return new ZabbixAlerter(own, language)
  if (type === 'gelf' && own.text('gelf_type') === 'tcp') return new GelfTcpAlerter(own)
  const receiver = HTTP_RECEIVERS[type]
  if (receiver !== undefined) {
    return new HttpAlerter(type, receiver.compose(own, language), createTransport(own, receiver.prefix))
  }
  if (type !== 'command') return undefined
  return new CommandAlerter(
    {
      command: options.command as string | string[],
      input:
        options.pipe_match_json === true ? 'match' : options.pipe_alert_text === true ? 'text' : 'nothing',
      failOnStatus: options.fail_on_non_zero_exit === true
    },
    language
  )
}
