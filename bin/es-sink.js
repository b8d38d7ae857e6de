#!/usr/bin/env node
import { start } from './start.js'

await start('es-sink', () => import('../dist/commands/es-sink.js'))
