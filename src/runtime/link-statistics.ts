/** What the links of a node count: plain numbers, read when somebody asks. */

import type { ErrorCode } from "../base/errors.ts";
import type { Statistic } from "../stats.ts";

/** Messages that were long enough on links that compress: their bytes, and those of the frames that carried them. */
export class CompressionCount {
  before = 0;
  after = 0;

  count(messageBytes: number, frameBytes: number): void {
    this.before += messageBytes;
    this.after += frameBytes;
  }
}

export class LinkStatistics {
  bytesIn = 0;
  bytesOut = 0;
  messagesIn = 0;
  messagesOut = 0;
  dropped = 0;
  dials = 0;
  redials = 0;
  readonly compressedIn = new CompressionCount();
  readonly compressedOut = new CompressionCount();
  readonly #refusalsByCode = new Map<ErrorCode, number>();
  readonly #cutsByCode = new Map<ErrorCode, number>();

  countRefusal(code: ErrorCode): void {
    this.#refusalsByCode.set(code, (this.#refusalsByCode.get(code) ?? 0) + 1);
  }

  countCut(code: ErrorCode): void {
    this.#cutsByCode.set(code, (this.#cutsByCode.get(code) ?? 0) + 1);
  }

  refusals(code: ErrorCode): number {
    return this.#refusalsByCode.get(code) ?? 0;
  }

  statistics(gauges: {
    readonly links: number;
    readonly greetings: number;
    readonly queuedBytes: number;
  }): Statistic[] {
    return [
      plain("links", "Live links to peers.", "gauge", gauges.links),
      plain("link_greetings", "Peer connections that have not proved themselves yet.", "gauge", gauges.greetings),
      plain("link_queued_bytes", "Bytes queued for peers and not yet on their way.", "gauge", gauges.queuedBytes),
      inAndOut("link_bytes_total", "Bytes on peer connections.", this.bytesIn, this.bytesOut),
      inAndOut("link_messages_total", "Messages on links.", this.messagesIn, this.messagesOut),
      inAndOut(
        "link_uncompressed_bytes_total",
        "Messages of 1 KiB or more on links that compress, before compression.",
        this.compressedIn.before,
        this.compressedOut.before,
      ),
      inAndOut(
        "link_compressed_bytes_total",
        "The same messages as they were sent: compressed, or as they are where that saves nothing.",
        this.compressedIn.after,
        this.compressedOut.after,
      ),
      plain("link_drops_total", "Messages left out because a link's queue was full.", "counter", this.dropped),
      plain("link_dials_total", "Connections opened to peers.", "counter", this.dials),
      plain("link_redials_total", "Connections opened to peers after an earlier one failed.", "counter", this.redials),
      byCode("link_refusals_total", "Peer connections that ended before they were links.", this.#refusalsByCode),
      byCode("link_cuts_total", "Links that ended, by reason.", this.#cutsByCode),
    ];
  }
}

function plain(name: string, help: string, type: Statistic["type"], value: number): Statistic {
  return { name, help, type, samples: [{ labels: {}, value }] };
}

function inAndOut(name: string, help: string, received: number, sent: number): Statistic {
  const samples = [
    { labels: { direction: "in" }, value: received },
    { labels: { direction: "out" }, value: sent },
  ];
  return { name, help, type: "counter", samples };
}

function byCode(name: string, help: string, counts: ReadonlyMap<ErrorCode, number>): Statistic {
  const samples = [...counts].map(([code, value]) => ({ labels: { code }, value }));
  return { name, help, type: "counter", samples };
}
