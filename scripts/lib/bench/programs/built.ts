/**
 * The stream library as it is built and shipped: reading the sources would add the time to strip their types. Only what
 * the programs here measure stands in it.
 */
const library = new URL('../../../../dist/lib/stream/index.js', import.meta.url).href

export const { LineBlocks, eachLine, openInput, openOutput, OutputWriter, runStage } = (await import(
  library
)) as typeof import('../../../../src/lib/stream/index.ts')
