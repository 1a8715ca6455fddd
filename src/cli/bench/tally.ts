/** What came of the requests of a load: latencies of those that went well, by operation, and what became of the others. */

import { LatencyHistogram } from "./latency-histogram.ts";
import type { OperationType } from "./operation-mix.ts";

export class Tally {
  readonly latencies: Readonly<Record<OperationType, LatencyHistogram>> = {
    get: new LatencyHistogram(),
    put: new LatencyHistogram(),
    delete: new LatencyHistogram(),
  };
  readonly failed: Record<OperationType, number> = { get: 0, put: 0, delete: 0 };
  readonly errorsByCode = new Map<string, number>();
  /** Gets that found nothing. */
  misses = 0;

  record(type: OperationType, ms: number, error: string | undefined, isMiss: boolean): void {
    if (error === undefined) {
      this.latencies[type].record(ms);
      if (isMiss) this.misses++;
    } else {
      this.failed[type]++;
      this.errorsByCode.set(error, (this.errorsByCode.get(error) ?? 0) + 1);
    }
  }

  get succeeded(): number {
    return this.latencies.get.count + this.latencies.put.count + this.latencies.delete.count;
  }

  get errors(): number {
    return this.failed.get + this.failed.put + this.failed.delete;
  }

  /** Of all operations together. */
  total(): LatencyHistogram {
    const total = new LatencyHistogram();
    for (const each of Object.values(this.latencies)) total.add(each);
    return total;
  }
}
