#!/usr/bin/env node
import { start } from './start.js'

await start('alert-eval', () => import('../dist/commands/alert-eval.js'))
