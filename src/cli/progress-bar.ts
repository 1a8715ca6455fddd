/** How far something has got, as a line of text: a bar where its end is known, with amounts as people read them. */

const WIDTH = 24;

/** `share`: 0 to 1. */
export function progressBar(share: number): string {
  const within = Math.min(1, Math.max(0, share));
  const full = Math.floor(within * WIDTH);
  return `[${"#".repeat(full)}${".".repeat(WIDTH - full)}] ${String(Math.floor(within * 100)).padStart(3)}%`;
}

/** A count with its thousands apart. */
export function grouped(count: number): string {
  return String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, ",");
}

/** Bytes with three digits or so: "1.5 MiB". */
export function readableBytes(bytes: number): string {
  let [size, unit] = [bytes, "B"];
  for (const next of ["KiB", "MiB", "GiB", "TiB"]) {
    if (size < 1024) break;
    [size, unit] = [size / 1024, next];
  }
  return `${unit === "B" || size >= 100 ? Math.round(size) : size.toFixed(1)} ${unit}`;
}

/** How many registers, in words. */
export function registersIn(count: number): string {
  return count === 1 ? "1 register" : `${grouped(count)} registers`;
}
