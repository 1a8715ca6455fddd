/** Durations as people write them: "500ms", "60s", "10m", "24h", "7d", and a bare number of seconds. */

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ["ms", 1],
  ["", 1_000],
  ["s", 1_000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);

const DURATION = /^(\d{1,16})(ms|s|m|h|d)?$/;

/** Whole milliseconds; `undefined` for anything else (signs, fractions, spaces, other units, numbers beyond 2^53). */
export function parseDurationMs(text: string): number | undefined {
  const match = DURATION.exec(text);
  const unit = UNIT_MS.get(match?.[2] ?? "");
  if (match === null || unit === undefined) return undefined;
  const ms = Number(match[1]) * unit;
  return Number.isSafeInteger(ms) ? ms : undefined;
}

/** The shortest text that `parseDurationMs` reads back as `ms`. */
export function formatDuration(ms: number): string {
  for (const unit of ["d", "h", "m", "s"]) {
    const size = UNIT_MS.get(unit) ?? 1;
    if (ms >= size && ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${ms}ms`;
}
