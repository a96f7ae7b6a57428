/**
 * Durable workflows and activities for Reweft, in C.
 *
 * A workflow is a function that orchestrates: it calls activities and other workflows, sets timers, waits
 * for events. The host writes down every step, so that the workflow survives any crash and goes on where it
 * was. An activity is an ordinary function that does the work.
 *
 *     #include "reweft.h"
 *
 *     static reweft_result greet(const char *input)
 *     {
 *         reweft_log(REWEFT_INFO, input);
 *         return (reweft_result){.output = "null"};
 *     }
 *
 *     static reweft_result hello(const char *input)
 *     {
 *         reweft_result greeting = reweft_run_activity("Greet", input, NULL);
 *         if (!greeting.output) return greeting;
 *         reweft_result answer;
 *         if (!reweft_event_within("Answer", 60 * 60 * 1000, &answer)) {
 *             return reweft_failed("no-answer", "nobody has answered");
 *         }
 *         return answer;
 *     }
 *
 *     const reweft_definition reweft_workflows[] = {{"Hello", hello}, {0}};
 *     const reweft_definition reweft_activities[] = {{"Greet", greet}, {0}};
 *
 * Texts are UTF-8 and end with a zero. Payloads, which are inputs, outputs and what an event brings, are
 * JSON texts; an empty one stands for a body that was not given.
 *
 * Memory: what you pass to a function stays yours, and is not needed any more when the function returns. What
 * you are given, by a function or as an input, is yours too, and was made by malloc. You may free it, but need
 * not: a run of a workflow and an attempt of an activity have their memory to themselves, and it goes when
 * they end. What a workflow or an activity returns must outlive its function: no array of its own.
 *
 * Ordinary C works: clock_gettime reads workflow time in a workflow, nanosleep is a durable timer there,
 * getentropy gives what a replay will get again, and what is printed becomes the log. Files and the
 * environment are for activities.
 */
#ifndef REWEFT_H
#define REWEFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Why a workflow or an activity failed. */
typedef struct {
    /** Stable and machine-readable, for example "insufficient-funds". */
    const char *error_type;
    /** What happened, for a person to read. */
    const char *message;
    /** Where it happened; NULL if that is not known. */
    const char *stack_trace;
    /** True: no retry policy tries again. */
    bool non_retriable;
} reweft_failure;

/** What a workflow, an activity or a task comes to: an output or a failure. */
typedef struct {
    /** The output; NULL if it failed. */
    const char *output;
    /** Why it failed, if it did. */
    reweft_failure failure;
} reweft_result;

/** What a module holds: a workflow or an activity. */
typedef struct {
    /** The name it is called by. */
    const char *name;
    /** What it does with its input. */
    reweft_result (*run)(const char *input);
} reweft_definition;

/** The workflows of your module, which you define; the last one is {0}. Leave it out if there are none. */
extern const reweft_definition reweft_workflows[];

/** The activities of your module, likewise. */
extern const reweft_definition reweft_activities[];

/** How much a line of log matters. */
typedef enum { REWEFT_TRACE, REWEFT_DEBUG, REWEFT_INFO, REWEFT_WARN, REWEFT_ERROR } reweft_level;

/** When a failed activity or child is tried again. Fields that are zero don't count. */
typedef struct {
    /** The first attempt included, so 1 means no retry, as does 0. */
    uint32_t max_attempts;
    /** The delay before the second attempt: it is needed. */
    uint64_t first_interval_ms;
    /** Each delay is the one before times this, which is at least 1. */
    double backoff_coefficient;
    /** No delay is longer than this. */
    uint64_t max_interval_ms;
    /** No attempt starts later than this after the first one was asked for. */
    uint64_t timeout_ms;
} reweft_retry_policy;

/** How an activity is to be run. Fields that are zero don't count. */
typedef struct {
    /** When it is tried again. */
    reweft_retry_policy retry;
    /** How long one attempt may take. */
    uint64_t timeout_ms;
    /** How long an attempt may go without a heartbeat. */
    uint64_t heartbeat_timeout_ms;
} reweft_activity_options;

/** How a child workflow is to be run. Fields that are zero don't count. */
typedef struct {
    /** The ID of its instance; NULL: one made from that of this instance. */
    const char *instance_id;
    /** When it is tried again. */
    reweft_retry_policy retry;
    /** True: it outlives this instance, and the task gives its ID as soon as it has been started. */
    bool detached;
} reweft_child_options;

/** A result that may arrive later. One that has been dropped must not be used any more. */
typedef struct {
    int32_t handle;
} reweft_task;

/** The instance of a workflow that is running. */
typedef struct {
    /** The ID it was started with. */
    const char *instance_id;
    /** The name it was started by. */
    const char *workflow_name;
    /** The module that holds the workflow. */
    const char *module_name;
    /** The SHA-256 of that module's bytes, in hexadecimal. */
    const char *module_digest;
    /** When this run began, in milliseconds since 1970. */
    uint64_t started_at_ms;
    /** The instance that called this one as its child; NULL if none did. */
    const char *parent_instance_id;
    /** Whether the host replays what an earlier turn has done already. */
    bool is_replaying;
} reweft_instance;

/** The attempt of an activity that is running. */
typedef struct {
    /** The instance that asked for it. */
    const char *instance_id;
    /** The name of the activity. */
    const char *activity_name;
    /** From 1. */
    uint32_t attempt;
    /** The same for every attempt of this call, and different for every other call. */
    const char *idempotency_key;
    /** When this attempt is stopped, in milliseconds since 1970. */
    uint64_t deadline_ms;
} reweft_attempt;

/*
 * What a workflow may ask of the host.
 */

/** Returns who is running. */
reweft_instance reweft_info(void);

/**
 * Starts an activity of this module, or of another by "module/activity". Options may be NULL: a single
 * attempt.
 */
reweft_task reweft_call_activity(
    const char *name, const char *input, const reweft_activity_options *options);

/** Starts another workflow as a child. Options may be NULL. */
reweft_task reweft_call_workflow(
    const char *name, const char *input, const reweft_child_options *options);

/** Raises an event to another instance. One that has ended gets nothing. */
void reweft_raise_event(const char *instance_id, const char *name, const char *payload);

/** Starts a timer, which comes to null. */
reweft_task reweft_start_timer(uint64_t delay_ms);

/** Begins to wait for an event, whose payload is what the task comes to. Names are compared without case. */
reweft_task reweft_wait_event(const char *name);

/** Waits until one of the tasks, of which there is at least one, has its result, and returns its index. */
size_t reweft_select(const reweft_task tasks[], size_t count);

/** Waits until any task has a result that nobody has read yet, and returns its number. */
uint32_t reweft_select_any(void);

/** Reads the result of a task if it has one: false if it has not. */
bool reweft_task_outcome(reweft_task task, reweft_result *result);

/** Returns the number of a task within its run: the first one made is 1. */
uint32_t reweft_task_number(reweft_task task);

/** Stops wanting the result of a task. */
void reweft_task_cancel(reweft_task task);

/** Gives the handle of a task back, which neither cancels it nor must be done. */
void reweft_task_drop(reweft_task task);

/** Returns workflow time, in milliseconds since 1970: it stands still between two waits. */
uint64_t reweft_now_ms(void);

/** Returns a random number that is the same in every replay. */
uint64_t reweft_random_u64(void);

/** Returns a random UUID (version 4) that is the same in every replay. */
const char *reweft_new_uuid(void);

/** Shows a status with the instance. */
void reweft_set_custom_status(const char *status);

/** Ends this run, and begins another with this input under the same instance ID. */
_Noreturn void reweft_continue_as_new(const char *input, bool keep_unread_events);

/** Returns whether the code behind a change is to go its new way: false in a run that was beyond it. */
bool reweft_is_patched(const char *patch);

/*
 * What an activity may ask of the host.
 */

/** Returns what is being done, and for whom. */
reweft_attempt reweft_activity_info(void);

/** Says how far the attempt is. Returns true once it should clean up and return, since nobody wants it. */
bool reweft_heartbeat(const char *progress);

/** Returns what the attempt before this one said last; NULL if there is nothing. */
const char *reweft_last_progress(void);

/*
 * What both may ask.
 */

/** Writes a line to the host's log; in a workflow, silent while replaying. */
void reweft_log(reweft_level level, const char *message);

/** Ends the run of a workflow, or the attempt of an activity, as failed. */
_Noreturn void reweft_fail(reweft_failure failure);

/*
 * Helpers.
 */

/** Runs an activity, and waits for it. */
reweft_result reweft_run_activity(
    const char *name, const char *input, const reweft_activity_options *options);

/** Waits for a task, and returns its result. The task is dropped. */
reweft_result reweft_await(reweft_task task);

/**
 * Waits for an event, but not longer than this. Returns false if none came, and nothing is lost then: the
 * next wait gets an event that comes later.
 */
bool reweft_event_within(const char *name, uint64_t limit_ms, reweft_result *result);

/**
 * Makes a failed result, whose message is formatted as by printf and whose stack trace is the line that this
 * stands in:
 *
 *     return reweft_failed("unavailable", "%s does not answer", supplier);
 *
 * For one that no retry policy tries again, set its failure.non_retriable.
 */
#define reweft_failed(error_type, ...) \
    reweft_failed_at(__func__, __FILE_NAME__, __LINE__, error_type, __VA_ARGS__)

/** What reweft_failed calls. */
__attribute__((format(printf, 5, 6))) reweft_result reweft_failed_at(
    const char *function, const char *file, int line, const char *error_type, const char *format, ...);

#endif
