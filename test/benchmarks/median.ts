/** The middle one, in order of size: the upper of two. */
export function median(numbers: readonly number[]): number {
  return quantile(numbers, 0.5);
}

/** The number below which a share `q` of them lies, NaN when there are none. */
export function quantile(numbers: readonly number[], q: number): number {
  const sorted = Float64Array.from(numbers).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}
