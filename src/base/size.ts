/** Sizes as people write them: "512mb", "1gb", and a bare number of bytes. Binary multiples, as in Redis. */

const UNIT_BYTES: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["b", 1],
  ["kb", 1024],
  ["mb", 1024 ** 2],
  ["gb", 1024 ** 3],
  ["tb", 1024 ** 4],
]);

const SIZE = /^(\d{1,16})(b|kb|mb|gb|tb)?$/;

/** Whole bytes, in either case of letters; `undefined` for anything else (signs, fractions, spaces, beyond 2^53). */
export function parseBytes(text: string): number | undefined {
  const match = SIZE.exec(text.toLowerCase());
  const unit = UNIT_BYTES.get(match?.[2] ?? "");
  if (match === null || unit === undefined) return undefined;
  const bytes = Number(match[1]) * unit;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** The shortest text that `parseBytes` reads back as `bytes`. */
export function formatBytes(bytes: number): string {
  for (const unit of ["tb", "gb", "mb", "kb"]) {
    const size = UNIT_BYTES.get(unit) ?? 1;
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return String(bytes);
}
