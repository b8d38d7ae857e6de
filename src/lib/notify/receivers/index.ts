import type { ComposeFrom } from '../http-alerter.ts'
import { alertmanager } from './alertmanager.ts'
import { ses, sns, sqs } from './aws.ts'
import { datadog } from './datadog.ts'
import { discord } from './discord.ts'
import { gelf } from './gelf.ts'
import { googlechat } from './googlechat.ts'
import { indexer } from './indexer.ts'
import { mattermost } from './mattermost.ts'
import { msPowerAutomate } from './ms-power-automate.ts'
import { opsgenie } from './opsgenie.ts'
import { pagerduty } from './pagerduty.ts'
import { post } from './post.ts'
import { post2 } from './post2.ts'
import { rocketchat } from './rocketchat.ts'
import { servicenow } from './servicenow.ts'
import { slack } from './slack.ts'
import { telegram } from './telegram.ts'
import { victorops } from './victorops.ts'

/** Receivers by HTTP, by their names in rule files: how their options begin, and what they are sent. */
export const HTTP_RECEIVERS: Readonly<Record<string, { prefix: string; compose: ComposeFrom }>> = {
  alertmanager: { prefix: 'alertmanager', compose: alertmanager },
  datadog: { prefix: 'datadog', compose: datadog },
  discord: { prefix: 'discord', compose: discord },
  gelf: { prefix: 'gelf', compose: gelf },
  googlechat: { prefix: 'googlechat', compose: googlechat },
  indexer: { prefix: 'indexer', compose: indexer },
  mattermost: { prefix: 'mattermost', compose: mattermost },
  ms_power_automate: { prefix: 'ms_power_automate', compose: msPowerAutomate },
  opsgenie: { prefix: 'opsgenie', compose: opsgenie },
  pagerduty: { prefix: 'pagerduty', compose: pagerduty },
  post: { prefix: 'http_post', compose: post },
  post2: { prefix: 'http_post2', compose: post2 },
  rocketchat: { prefix: 'rocket_chat', compose: rocketchat },
  servicenow: { prefix: 'servicenow', compose: servicenow },
  ses: { prefix: 'ses', compose: ses },
  slack: { prefix: 'slack', compose: slack },
  sns: { prefix: 'sns', compose: sns },
  sqs: { prefix: 'sqs', compose: sqs },
  telegram: { prefix: 'telegram', compose: telegram },
  victorops: { prefix: 'victorops', compose: victorops }
}
