const UNIT_MS: Record<string, number> = {
  weeks: 604_800_000,
  days: 86_400_000,
  hours: 3_600_000,
  minutes: 60_000,
  seconds: 1000,
  milliseconds: 1,
  microseconds: 0.001
}

/** An object such as {hours: 1, minutes: 30}, in milliseconds. */
export function durationMs(value: unknown): number {
  const amounts = Object.entries(value as Record<string, unknown>)
  return amounts.reduce((sum, [unit, amount]) => sum + Number(amount) * (UNIT_MS[unit] ?? 0), 0)
}
