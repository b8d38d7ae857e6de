import { type ComposeFrom, toEach } from '../http-alerter.ts'
import { basic } from '../transport.ts'

const FIELDS = [
  'short_description',
  'comments',
  'assignment_group',
  'category',
  'subcategory',
  'cmdb_ci',
  'caller_id'
]

/** ServiceNow's table API. Payload: ElastAlert 2.31. */
export const servicenow: ComposeFrom =
  options =>
  ({ text }) => {
    const levels = ['impact', 'urgency'].filter(name => options.has(`servicenow_${name}`))
    return toEach(
      [options.text('servicenow_rest_url')],
      {
        description: text,
        ...Object.fromEntries(FIELDS.map(name => [name, options.raw(name)])),
        ...Object.fromEntries(levels.map(name => [name, options.raw(`servicenow_${name}`)])),
        ...options.map('service_now_additional_fields')
      },
      {
        accept: 'application/json;charset=utf-8',
        authorization: basic(options.text('username'), options.text('password'))
      }
    )
  }
