/** Counters and gauges that the replica keeps as plain numbers; a door turns them into metrics when it is asked. */

export interface Statistic {
  /** Prometheus name without the `atoll_` prefix, e.g. `divergence_repaired_total`. */
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge";
  readonly samples: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

/** Read at scrape time, never on a hot path. */
export interface StatisticsSource {
  statistics(): readonly Statistic[];
}
