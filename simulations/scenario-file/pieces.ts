/** What the schemas of a plan are put together from. */

import { z } from "zod";

/** A year of virtual time. */
const TIME_MS_MAX = 366 * 86_400_000;

/** A virtual time or a duration, also a part of a millisecond. */
export const ms = z.number().min(0).max(TIME_MS_MAX);

export const share = z.number().min(0).max(1);

export const isTrue = z.boolean();

export function count(min: number, max: number): z.ZodInt {
  return z.int().min(min).max(max);
}

/** Of a node, an operation, a session. */
export const index = count(0, 1_000_000_000);

/** An object with these fields and no other. Every field of the type has to be there, the optional ones as such. */
export function objectOf<T>(
  shape: { readonly [Field in keyof T]-?: z.ZodType<Exclude<T[Field], undefined>> },
): z.ZodType<T> {
  return z.strictObject(shape) as unknown as z.ZodType<T>;
}
