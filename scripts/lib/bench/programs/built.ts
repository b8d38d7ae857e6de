/**
 * The stream library as it is built and shipped: reading the sources would add the time to strip their types. Only what
 * the programs here measure stands in it.
 */
const library = (file: string): string => new URL(`../../../../dist/lib/stream/${file}`, import.meta.url).href

export const { LineBlocks, eachLine } = (await import(
  library('lines.js')
)) as typeof import('../../../../src/lib/stream/lines.ts')

export const { openInput, openOutput, OutputWriter, runStage } = (await import(
  library('index.js')
)) as typeof import('../../../../src/lib/stream/index.ts')
