import { type ComposeFrom, toEach } from '../http-alerter.ts'

/** Datadog's events. Payload: ElastAlert 2.31. */
export const datadog: ComposeFrom =
  options =>
  ({ subject, text }) =>
    toEach(
      [options.text('datadog_api_url', 'https://api.datadoghq.com/api/v1/events')],
      { title: subject, text },
      {
        'dd-api-key': options.text('datadog_api_key'),
        'dd-application-key': options.text('datadog_app_key')
      }
    )
