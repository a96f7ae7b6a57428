/** A second, in milliseconds: every length of time here is a number of these. */
export const SECOND: u64 = 1000;
/** A minute, in milliseconds. */
export const MINUTE: u64 = 60 * SECOND;
/** An hour, in milliseconds. */
export const HOUR: u64 = 60 * MINUTE;
/** A day, in milliseconds. */
export const DAY: u64 = 24 * HOUR;
