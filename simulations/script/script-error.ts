/** A script that asks for what cannot be: a replica that is not there, a fault after the end. The message says what to write. */
export class ScriptError extends Error {}
