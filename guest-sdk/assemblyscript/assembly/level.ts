/** How much a line of log matters. */
export enum Level {
  Trace,
  Debug,
  Info,
  Warn,
  Error,
}
