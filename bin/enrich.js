#!/usr/bin/env node
import { start } from './start.js'

await start('enrich', () => import('../dist/commands/enrich.js'))
