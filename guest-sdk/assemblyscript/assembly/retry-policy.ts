/**
 * When to try a failed activity or child again. Delays are durable timers: they survive a restart
 * of the host. Lengths of time are in milliseconds.
 *
 * ```ts
 * const afterTwoFourAndEightSeconds = new RetryPolicy(4, 2 * SECOND, 2);
 * ```
 */
export class RetryPolicy {
  constructor(
    /** The first attempt included, so 1 means no retry. */
    public maxAttempts: u32,
    /** The delay before the second attempt. */
    public firstInterval: u64,
    /** Each delay is the one before times this; 1 keeps the delay as it is. */
    public backoffCoefficient: f64 = 1,
    /** No delay is longer than this; 0 for no limit. */
    public maxInterval: u64 = 0,
    /** No attempt starts later than this after the first one was asked for; 0 for no limit. */
    public timeout: u64 = 0,
  ) {}
}

/** What stands for a policy where none is given. */
export const NO_RETRY = new RetryPolicy(1, 1);
