/** The rules of movement, by name. All hold in the model of what is built; a test breaks one at a time. */
export const RULES = [
  // Views
  "a view never comes again",
  "a view is kept over a restart",
  "a pull bears the view",
  // Becoming ready
  "ready after the claim of a ready holder only",
  "nobody is ready only when all have said so",
  "a newcomer is not ready",
  "pushes are for ready holders",
  "a holder that is no owner fetches nothing",
  // Handing over
  "dropped once every owner covers it",
  "dropped once every owner is ready",
  "dropped once the owners have it on disk",
  "dropped in the view of the owners",
  "a drop is told once it is on disk",
  // Lives
  "a spent shard is written in a new life",
  "an end of a life stops its pushes",
  // Purging
  "purged once every member is in our view",
  "purged once nobody strays",
  "purged once every owner has it on disk",
  "purged once we cover what the owners told",
  "purged once every member told a later clock",
  "written above what was purged",
  "covered and not held is obsolete",
  // Sealing
  "sealed once every member is in our view",
  "sealed once nobody strays",
  "sealed once every owner has it on disk",
  "sealed once the owners know the same lives",
  // Given up
  "nothing is taken from who was given up",
] as const;

export type Rule = (typeof RULES)[number];
export type Holds = (rule: Rule) => boolean;

export const ALL_HOLD: Holds = () => true;

export function without(broken: Rule): Holds {
  return (rule) => rule !== broken;
}
