/** Paces and limits of failure detection, with the values of the papers and of memberlist, which both Lifeguard and this follow. */

export interface SwimSettings {
  /** One member is probed so often, before local health stretches it. */
  readonly probeIntervalMs: number;
  /** An answer is waited for at least so long; longer where round trips are. */
  readonly probeTimeoutMs: number;
  /** Members that are asked to probe whoever did not answer. */
  readonly indirectProbes: number;
  /** The shortest suspicion, in probe intervals, times the logarithm of the number of members. */
  readonly suspicionMultiplier: number;
  /** The longest suspicion, in shortest ones: that of a single witness. */
  readonly suspicionFactorMax: number;
  /** Timeouts and intervals are stretched up to one more than so many times. */
  readonly localHealthMax: number;
  /** News goes out so often while there is any, each time to so many. */
  readonly gossipMs: number;
  readonly gossipPeers: number;
  /** A piece of news is sent so often by each, times the logarithm of the number of members. */
  readonly retransmitMultiplier: number;
  /** All that is known is compared with a random peer so often. */
  readonly rosterMs: number;
  /** Up to so many members everybody keeps a link to everybody. */
  readonly linksAllMax: number;
  /** Above, to its two neighbours on each of so many rings, and to its partners. */
  readonly linkRings: number;
}

export const swimDefaults: SwimSettings = {
  probeIntervalMs: 1000,
  probeTimeoutMs: 500,
  indirectProbes: 3,
  suspicionMultiplier: 4,
  suspicionFactorMax: 6,
  localHealthMax: 8,
  gossipMs: 200,
  gossipPeers: 3,
  retransmitMultiplier: 4,
  rosterMs: 30_000,
  linksAllMax: 32,
  linkRings: 6,
};
