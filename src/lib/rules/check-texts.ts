import path from 'node:path'
import { errnoOf } from '../cli/index.ts'
import { jinjaText } from './alert-text.ts'
import { isObject, type JsonObject } from './fields.ts'
import { addFilter, checkTemplate, TemplateError } from './jinja.ts'
import { loadModule } from './js-module.ts'
import type { OptionReader } from './option-reader.ts'
import { FormatError, formatFields, pythonStr } from './python-format.ts'
import type { YamlPath } from './source.ts'

const TEXT_TYPES = ['alert_text_only', 'exclude_fields', 'alert_text_jinja', 'aggregation_summary_only']

/**
 * The templates of an alert and what they are given: what Python would find out at the first alert. `within` leads to the
 * options of an alerter, in a rule's `alert`.
 */
export function checkTexts(reader: OptionReader, options: JsonObject, within: YamlPath): void {
  const type = options.alert_text_type
  const at = (name: string): YamlPath => [...within, name]
  if (type !== undefined && !TEXT_TYPES.includes(String(type)))
    reader.error(
      at('alert_text_type'),
      'alert_text_type is alert_text_only, exclude_fields, alert_text_jinja or aggregation_summary_only'
    )
  const most = options.alert_subject_max_len
  if (most !== undefined && !(Number.isInteger(most) && Number(most) > 0))
    reader.error(at('alert_subject_max_len'), 'alert_subject_max_len is a whole number of characters')
  const isJinja = type === 'alert_text_jinja'
  if (isJinja) checkJinja(reader, options, at)
  for (const text of ['alert_subject', 'alert_text']) {
    const template = options[text]
    const args = options[`${text}_args`]
    const kw = text === 'alert_text' ? options.alert_text_kw : undefined
    if (args !== undefined && !(Array.isArray(args) && args.every(a => typeof a === 'string'))) {
      reader.error(at(`${text}_args`), `${text}_args is a list of fields`)
    } else if (kw !== undefined && !isObject(kw)) {
      reader.error(at('alert_text_kw'), 'alert_text_kw is an object: {field: name in the text}')
    } else if (typeof template === 'string' && (args !== undefined || kw !== undefined)) {
      if (isJinja && text === 'alert_text') continue
      const names = Object.values(args === undefined ? (kw ?? {}) : {})
      checkFormat(reader, at(text), template, args?.length ?? 0, names)
    }
  }
}

function checkFormat(
  reader: OptionReader,
  where: YamlPath,
  template: string,
  positions: number,
  names: unknown[]
): void {
  try {
    const used = formatFields(template)
    if (used.positions >= positions)
      reader.error(where, `{${used.positions}} has no value: ${positions} given`)
    const missing = used.names.find(n => !names.includes(n))
    if (missing !== undefined) reader.error(where, `{${missing}} has no value`)
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    reader.error(where, error.message)
  }
}

function checkJinja(reader: OptionReader, options: JsonObject, at: (name: string) => YamlPath): void {
  const { jinja_template_path: file, jinja_root_name: root, alert_subject: subject } = options
  if (root !== undefined && typeof root !== 'string')
    reader.error(at('jinja_root_name'), 'jinja_root_name is a name in templates')
  if (file !== undefined && typeof file !== 'string') {
    reader.error(at('jinja_template_path'), 'jinja_template_path is the path of a file')
    return
  }
  addFilters(reader, options, at('jinja_filters'))
  tryTemplate(reader, at(file === undefined ? 'alert_text' : 'jinja_template_path'), () =>
    jinjaText(options, true)
  )
  if (subject !== undefined && options.alert_subject_args === undefined)
    tryTemplate(reader, at('alert_subject'), () => pythonStr(subject))
}

/** The functions of JavaScript modules, by their names or, as in Python, with `filter_` before it. */
function addFilters(reader: OptionReader, options: JsonObject, where: YamlPath): void {
  const { jinja_filters: given } = options
  if (given === undefined || given === null) return
  if (!Array.isArray(given) || !given.every(name => typeof name === 'string')) {
    reader.error(where, 'jinja_filters is a list of JavaScript modules: [./filters.mjs]')
    return
  }
  for (const [i, name] of given.entries()) {
    try {
      const module = loadModule(name, path.dirname(reader.file))
      for (const [exported, filter] of Object.entries(module)) {
        if (typeof filter === 'function')
          addFilter(exported.replace(/^filter_/, ''), filter as (...args: unknown[]) => unknown)
      }
    } catch (error) {
      reader.error([...where, i], (error as Error).message)
    }
  }
}

function tryTemplate(reader: OptionReader, where: YamlPath, text: () => string): void {
  try {
    checkTemplate(text())
  } catch (error) {
    if (!(error instanceof TemplateError) && errnoOf(error) === undefined) throw error
    reader.error(where, (error as Error).message)
  }
}
