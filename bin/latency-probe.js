#!/usr/bin/env node
import { start } from './start.js'

await start('latency-probe', () => import('../dist/commands/latency-probe.js'))
