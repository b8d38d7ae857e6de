#!/usr/bin/env node
import { start } from './start.js'

await start('cdc-tail', () => import('../dist/commands/cdc-tail.js'))
