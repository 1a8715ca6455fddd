/** Words of so many members that they are read and written in parts. */

export const MANY = 6000;
const numbers = Array.from({ length: MANY }, (_, i) => i);

export function all(each: (i: number) => string): string {
  return numbers.map(each).join(" ");
}

/** Two of them are many together. */
export const SOME = 2200;

export function some(each: (i: number) => string): string {
  return numbers.slice(0, SOME).map(each).join(" ");
}
