/** A command that did not do what it was asked: exit code 1 unless told, after one line on stderr if there is one to say. */
export class CommandFailure extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode = 1) {
    super(message);
    this.name = "CommandFailure";
    this.exitCode = exitCode;
  }
}
