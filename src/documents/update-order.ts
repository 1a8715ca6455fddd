/**
 * Whether the structs of an update can be put in an order in which each comes after what it refers to. Honest ones can: who
 * refers to something has seen it. Those that wait for each other would wait for ever, and Yjs, which takes it that there
 * are none, loses or mixes up some of them.
 */

/** What an update brings of one client, and how far the search below has come with it. */
export interface Section {
  /** Of the first struct that is no skip; meaningless while `end` is 0. */
  clock: number;
  /** One past the last struct that is no skip. */
  end: number;
  /** Skips apart. */
  structs: number;
  /** Of structs to those of other clients, by threes in the order of clocks: clock of the struct, client, clock. */
  readonly references: number[];
  /** In `references`. */
  next: number;
  /** All before this clock has its place in the order. */
  done: number;
  isWaiting: boolean;
}

/** Something that waits until a section is done up to a clock. */
interface Wait {
  readonly section: Section;
  readonly until: number;
}

/** Looks at each reference at most twice. The sections cannot be used again. */
export function hasCircle(sections: ReadonlyMap<number, Section>): boolean {
  for (const section of sections.values()) {
    if (section.references.length > 0 && isCircular(section, sections)) return true;
  }
  return false;
}

/** Finds places for all of one section and for what it refers to, deepest first. */
function isCircular(start: Section, sections: ReadonlyMap<number, Section>): boolean {
  const stack: Wait[] = [{ section: start, until: start.end }];
  start.isWaiting = true;
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const wanted = advance(top, sections);
    if (wanted === undefined) {
      top.section.done = Math.max(top.section.done, top.until);
      top.section.isWaiting = false;
      stack.pop();
    } else {
      if (wanted.section.isWaiting) return true;
      wanted.section.isWaiting = true;
      stack.push(wanted);
    }
  }
  return false;
}

/** Goes on until something else has to come first, which is returned. */
function advance({ section, until }: Wait, sections: ReadonlyMap<number, Section>): Wait | undefined {
  const { references } = section;
  for (; section.next < references.length; section.next += 3) {
    const clock = references[section.next] as number;
    if (clock >= until) return undefined;
    section.done = clock;
    const target = sections.get(references[section.next + 1] as number);
    const targetClock = references[section.next + 2] as number;
    const isInside = target !== undefined && targetClock >= target.clock && targetClock < target.end;
    if (isInside && targetClock >= target.done) return { section: target, until: targetClock + 1 };
  }
  return undefined;
}
