/**
 * Names and a number for each, to be gone through little by little: no single `set` takes long. One `Map` of a million names
 * stands still for 100 ms each time it grows; this one becomes many, of which each grows by itself.
 */

/** In the first map; fewer names have that one alone. */
const FIRST_MAX = 16_384;
const MAPS = 256;

export class NameIndex {
  readonly #first = new Map<string, number>();
  readonly #others: (Map<string, number> | undefined)[] = [];

  get(name: string): number | undefined {
    const found = this.#first.get(name);
    return found !== undefined || this.#others.length === 0 ? found : this.#others[mapOf(name)]?.get(name);
  }

  /** The name must not be in it. */
  add(name: string, number: number): void {
    if (this.#first.size < FIRST_MAX) this.#first.set(name, number);
    else {
      if (this.#others.length === 0) this.#others.length = MAPS;
      const at = mapOf(name);
      const map = this.#others[at] ?? new Map<string, number>();
      this.#others[at] = map;
      map.set(name, number);
    }
  }
}

/** Names that differ lie in the same one only more often where somebody wants them to: then that grows as one map would. */
function mapOf(name: string): number {
  let hash = name.length;
  for (let i = 0; i < name.length; i++) hash = (Math.imul(hash, 31) + name.charCodeAt(i)) | 0;
  return (hash ^ (hash >>> 8) ^ (hash >>> 16)) & (MAPS - 1);
}
