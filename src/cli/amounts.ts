/** Amounts as people read them. */

import { formatBytes } from "../base/size.ts";

/** A count, rounded, with its thousands apart. */
export function grouped(count: number): string {
  return Math.round(count).toLocaleString("en-US");
}

/** How many registers, in words. */
export function registersIn(count: number): string {
  return count === 1 ? "1 register" : `${grouped(count)} registers`;
}

/** Rounded, unlike a size in a flag. */
export function readableBytes(bytes: number): string {
  let unit = 1;
  while (bytes / unit >= 1024 && unit < 1024 ** 4) unit *= 1024;
  if (unit === 1) return `${bytes} bytes`;
  return `${(bytes / unit).toFixed(1)} ${formatBytes(unit).slice(1).toUpperCase()}`;
}
