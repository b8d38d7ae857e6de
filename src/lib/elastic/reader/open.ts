import { ElasticConnection } from '../connection.ts'
import { DocumentInput, type DocumentInputOptions } from './input.ts'
import { parseDocumentsUrl } from './url.ts'

/**
 * Opens the documents of an index as an input.
 * @param url es://…
 * @param what the flag, for messages
 * @throws ToolError USAGE
 */
export function openDocuments(
  url: string,
  what: string,
  options: Omit<DocumentInputOptions, 'name' | 'index'>
): DocumentInput {
  const { nodes, index, access, display } = parseDocumentsUrl(url, what)
  return new DocumentInput(new ElasticConnection(nodes, 2, access), { ...options, name: display, index })
}
