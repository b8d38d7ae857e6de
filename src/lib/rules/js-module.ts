import { createRequire } from 'node:module'
import path from 'node:path'

const require = createRequire(import.meta.url)

const JAVASCRIPT = /\.[cm]?[jt]s$/

/** Whether a name is one of a JavaScript module (`./rules/late.mjs`, `late.mjs#Late`) rather than of a Python class. */
export function isModuleName(name: string): boolean {
  return JAVASCRIPT.test(name.split('#')[0]!)
}

/**
 * A JavaScript module by its path from a folder.
 * @throws Error that says what is wrong
 */
export function loadModule(name: string, folder: string): Record<string, unknown> {
  if (!isModuleName(name))
    throw new Error(
      `${name} is a Python class: here it is a JavaScript module, such as ./${name.split('.').at(-1)}.mjs`
    )
  const file = path.resolve(folder, name.split('#')[0]!)
  try {
    return require(file) as Record<string, unknown>
  } catch (error) {
    throw new Error(`${name} cannot be loaded: ${(error as Error).message.split('\n')[0]}`)
  }
}

/** What a module exports as default, or by the name behind `#`. */
export function loadExport(name: string, folder: string): unknown {
  const exported = name.split('#')[1] ?? 'default'
  const found = loadModule(name, folder)[exported]
  if (typeof found === 'function') return found
  throw new Error(
    `${name} has no ${exported === 'default' ? 'default export' : `export ${exported}`} that is a class or a function`
  )
}
