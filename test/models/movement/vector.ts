/** Version vectors of the model: sequences by origin, and lives below which all are sealed, by replica. */

export const LIVES = 1000;

/** A life of a replica, as one number. */
export const originOf = (replica: number, life: number): number => replica * LIVES + life;
export const replicaOf = (origin: number): number => Math.floor(origin / LIVES);
export const lifeOf = (origin: number): number => origin % LIVES;

export class Vector {
  readonly sequences = new Map<number, number>();
  readonly sealedBelow = new Map<number, number>();

  get(origin: number): number {
    return lifeOf(origin) < this.sealedFor(replicaOf(origin)) ? Infinity : (this.sequences.get(origin) ?? 0);
  }

  sealedFor(replica: number): number {
    return this.sealedBelow.get(replica) ?? 0;
  }

  get isEmpty(): boolean {
    return this.sequences.size === 0 && this.sealedBelow.size === 0;
  }

  advance(origin: number, sequence: number): void {
    if (sequence > this.get(origin)) this.sequences.set(origin, sequence);
  }

  seal(replica: number, life: number): void {
    if (life <= this.sealedFor(replica)) return;
    this.sealedBelow.set(replica, life);
    for (const origin of this.sequences.keys()) {
      if (replicaOf(origin) === replica && lifeOf(origin) < life) this.sequences.delete(origin);
    }
  }

  merge(other: Vector): void {
    for (const [replica, life] of other.sealedBelow) this.seal(replica, life);
    for (const [origin, sequence] of other.sequences) this.advance(origin, sequence);
  }

  dominates(other: Vector): boolean {
    for (const [replica, life] of other.sealedBelow) if (this.sealedFor(replica) < life) return false;
    for (const [origin, sequence] of other.sequences) if (this.get(origin) < sequence) return false;
    return true;
  }

  clone(): Vector {
    const copy = new Vector();
    for (const [replica, life] of this.sealedBelow) copy.sealedBelow.set(replica, life);
    for (const [origin, sequence] of this.sequences) copy.sequences.set(origin, sequence);
    return copy;
  }

  toString(): string {
    const told = (entries: Map<number, number>) =>
      [...entries].sort(([a], [b]) => a - b).map((entry) => entry.join(":"));
    return `${told(this.sequences).join(" ")} / ${told(this.sealedBelow).join(" ")}`;
  }
}
