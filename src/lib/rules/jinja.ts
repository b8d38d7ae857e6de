/**
 * Templates of Jinja, by nunjucks, with what Python does otherwise than JavaScript put right: how values are written, what
 * counts as false, methods of texts and dicts, filters and tests that nunjucks lacks. Source: Jinja, Template Designer
 * Documentation.
 */

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Environment, Template } from 'nunjucks'
import { isObject, type JsonObject } from './fields.ts'
import { FILTERS, mapFilter, selectFilter, TESTS, textMethod } from './jinja-python.ts'
import { pythonStr } from './python-format.ts'
import { isTruthy, PythonFloat } from './python-values.ts'

/** What is wrong with a template, or with its values. */
export class TemplateError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'TemplateError'
  }
}

type Lookup = (object: unknown, name: unknown, ...rest: unknown[]) => unknown

interface Runtime {
  suppressValue: (value: unknown) => unknown
  memberLookup: Lookup
  isTruthy?: (value: unknown) => boolean
  divided?: (a: unknown, b: unknown) => unknown
}

interface Node {
  cond?: Node
  target?: Node
  left?: Node
  right?: Node
}

type Compile = (this: Compiler, node: Node, frame: unknown) => void

interface Compiler {
  compile: Compile
  _compileExpression: Compile
  _emit(code: string): void
}

type Nunjucks = typeof import('nunjucks') & {
  runtime: Runtime
  compiler: { compile: (text: string) => string; Compiler: { prototype: Record<string, unknown> } }
}

interface FilterEnvironment extends Environment {
  getFilter: (name: string) => (...args: unknown[]) => unknown
  addTest: (name: string, test: unknown) => void
  getTest: (name: string) => (...args: unknown[]) => unknown
}

let environment: FilterEnvironment | undefined
let nunjucks: Nunjucks | undefined

/** Loaded when the first template is: most rules have none. */
function prepared(): { environment: FilterEnvironment; nunjucks: Nunjucks } {
  if (environment === undefined || nunjucks === undefined) {
    nunjucks = createRequire(import.meta.url)('nunjucks') as Nunjucks
    nunjucks.installJinjaCompat()
    likePython(nunjucks)
    // a template names no other one: there is no loader
    environment = new nunjucks.Environment([], { autoescape: false }) as FilterEnvironment
    for (const [name, filter] of Object.entries(FILTERS)) environment.addFilter(name, filter)
    const { getFilter } = environment
    environment.addFilter('map', mapFilter(getFilter.bind(environment)))
    for (const [name, test] of Object.entries(TESTS)) environment.addTest(name, test)
    const testOf = environment.getTest.bind(environment)
    for (const passes of [true, false]) {
      const name = passes ? 'select' : 'reject'
      environment.addFilter(name, selectFilter(testOf, passes, false))
      environment.addFilter(`${name}attr`, selectFilter(testOf, passes, true))
    }
  }
  return { environment, nunjucks }
}

/** nunjucks has one runtime and one compiler, which its own installJinjaCompat changes in the same way. */
function likePython({ runtime, compiler }: Nunjucks): void {
  runtime.suppressValue = value =>
    value === undefined || typeof value === 'function'
      ? ''
      : typeof value === 'object' &&
          value !== null &&
          !Array.isArray(value) &&
          'val' in value &&
          'length' in value
        ? String(value)
        : pythonStr(value)
  const lookup = runtime.memberLookup
  runtime.memberLookup = (object, name, ...rest) => {
    if (isObject(object) && rest.length < 2) {
      // a field of the data before a method of dicts, and nothing of what all objects have
      if (Object.hasOwn(object, String(name))) return object[String(name)]
      return Object.hasOwn(Object.prototype, String(name)) ? undefined : lookup(object, name, ...rest)
    }
    if (typeof object === 'string' && typeof name === 'string' && rest.length < 2)
      return textMethod(object, name)
    // s[1:3] is a text again
    if (typeof object === 'string' && rest.length === 2)
      return (lookup([...object], name, ...rest) as string[]).join('')
    return lookup(object, name, ...rest)
  }
  runtime.isTruthy = isTruthy
  runtime.divided = (a, b) => new PythonFloat(Number(a) / Number(b))
  const prototype = compiler.Compiler.prototype
  const conditions = new WeakSet<Node>()
  for (const [method, part] of [
    ['compileIf', 'cond'],
    ['compileInlineIf', 'cond'],
    ['compileNot', 'target']
  ] as const) {
    const compile = prototype[method] as Compile
    prototype[method] = function (this: Compiler, node: Node, ...rest: [unknown]) {
      const condition = node[part]
      if (condition !== undefined) conditions.add(condition)
      compile.call(this, node, ...rest)
    }
  }
  prototype.compileConcat = function (this: Compiler, node: Node, frame: unknown) {
    this._emit('(runtime.suppressValue(')
    this.compile(node.left!, frame)
    this._emit(')+runtime.suppressValue(')
    this.compile(node.right!, frame)
    this._emit('))')
  }
  prototype.compileDiv = function (this: Compiler, node: Node, frame: unknown) {
    this._emit('runtime.divided(')
    this.compile(node.left!, frame)
    this._emit(',')
    this.compile(node.right!, frame)
    this._emit(')')
  }
  for (const method of ['compile', '_compileExpression']) {
    const compile = prototype[method] as Compile
    prototype[method] = function (this: Compiler, node: Node, frame: unknown) {
      if (!conditions.delete(node)) {
        compile.call(this, node, frame)
        return
      }
      this._emit('runtime.isTruthy(')
      compile.call(this, node, frame)
      this._emit(')')
    }
  }
}

const templates = new Map<string, Template>()

/** A message of nunjucks without the name of a file that there is not. */
function messageOf(error: unknown): string {
  return (error as Error).message
    .replace(/^(?:Template render error: )?\(unknown path\)\s*/, '')
    .replace(/^\[Line (\d+), Column (\d+)\]\s*/, 'line $1, column $2 of the template: ')
    .replace(/\s*\n\s*/g, ' ')
    .replace(/^(?:Template render error|Error|TypeError): /, '')
}

/** @throws TemplateError */
function templateOf(text: string): Template {
  let template = templates.get(text)
  if (template === undefined) {
    const { environment, nunjucks } = prepared()
    try {
      // Jinja leaves out one line end at the end
      const source = text.replace(/\r?\n$/, '')
      template = new nunjucks.Template(source, environment, undefined, true)
      // filters are looked for when they are called: an alert would be late for that
      for (const [, name] of nunjucks.compiler.compile(source).matchAll(/env\.getFilter\("(\w+)"\)/g))
        environment.getFilter(name!)
    } catch (error) {
      throw new TemplateError(messageOf(error))
    }
    templates.set(text, template)
  }
  return template
}

/**
 * Reads a template in, so that `render` need not.
 * @throws TemplateError
 */
export function checkTemplate(text: string): void {
  templateOf(text)
}

/** @throws TemplateError */
export function renderTemplate(text: string, values: JsonObject): string {
  try {
    return templateOf(text).render(values)
  } catch (error) {
    throw error instanceof TemplateError ? error : new TemplateError(messageOf(error))
  }
}

const files = new Map<string, string>()

/** The text of a template file as it was when its rule was loaded. */
export function templateFile(file: string, again = false): string {
  let text = again ? undefined : files.get(file)
  if (text === undefined) {
    text = readFileSync(file, 'utf8')
    files.set(file, text)
  }
  return text
}

/** Adds a filter of a rule's own, for all templates. */
export function addFilter(name: string, filter: (...args: unknown[]) => unknown): void {
  prepared().environment.addFilter(name, filter)
}
