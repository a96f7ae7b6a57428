//! The contract as the canonical ABI of WebAssembly components has it: what is imported here has the names and
//! the types that a component would import, and the host makes one of the module.

const std = @import("std");

pub const workflows = "reweft:workflow/workflows@0.1.0";
pub const activities = "reweft:workflow/activities@0.1.0";

// Values in memory. Extern structs have the layout that the canonical ABI wants.

pub const Text = extern struct {
    ptr: [*]const u8,
    len: usize,

    pub fn from(text: []const u8) Text {
        return .{ .ptr = text.ptr, .len = text.len };
    }

    pub fn slice(text: Text) []const u8 {
        return text.ptr[0..text.len];
    }
};

pub const OptionalText = extern struct {
    is_there: bool,
    text: Text,

    pub fn from(text: ?[]const u8) OptionalText {
        return .{ .is_there = text != null, .text = .from(text orelse "") };
    }

    pub fn slice(optional: OptionalText) ?[]const u8 {
        return if (optional.is_there) optional.text.slice() else null;
    }
};

pub const Failure = extern struct {
    error_type: Text,
    message: Text,
    stack_trace: OptionalText,
    non_retriable: bool,
};

pub const Result = extern struct {
    has_failed: bool,
    value: extern union { output: Text, failure: Failure },
};

pub const OptionalResult = extern struct {
    is_there: bool,
    result: Result,
};

pub const Names = extern struct {
    ptr: [*]const Text,
    len: usize,
};

pub const InstanceInfo = extern struct {
    instance_id: Text,
    workflow_name: Text,
    module_name: Text,
    module_digest: Text,
    started_at: u64,
    parent_instance_id: OptionalText,
    replaying: bool,
};

pub const ActivityInfo = extern struct {
    instance_id: Text,
    activity_name: Text,
    attempt: u32,
    idempotency_key: Text,
    deadline: u64,
};

/// A task that the host knows, of whatever type its result is.
pub const Handle = enum(i32) { _ };

/// What a workflow imports. Texts, lists and options are flattened to parameters.
pub const context = struct {
    pub extern "reweft:workflow/context@0.1.0" fn info(*InstanceInfo) void;
    pub extern "reweft:workflow/context@0.1.0" fn @"call-activity"(
        name: [*]const u8,
        name_len: usize,
        input: [*]const u8,
        input_len: usize,
        has_retry: bool,
        max_attempts: u32,
        first_interval: u64,
        backoff_coefficient: f64,
        has_max_interval: bool,
        max_interval: u64,
        has_retry_timeout: bool,
        retry_timeout: u64,
        has_timeout: bool,
        timeout: u64,
        has_heartbeat_timeout: bool,
        heartbeat_timeout: u64,
    ) Handle;
    pub extern "reweft:workflow/context@0.1.0" fn @"call-workflow"(
        name: [*]const u8,
        name_len: usize,
        input: [*]const u8,
        input_len: usize,
        has_instance_id: bool,
        instance_id: [*]const u8,
        instance_id_len: usize,
        has_retry: bool,
        max_attempts: u32,
        first_interval: u64,
        backoff_coefficient: f64,
        has_max_interval: bool,
        max_interval: u64,
        has_retry_timeout: bool,
        retry_timeout: u64,
        detached: bool,
    ) Handle;
    pub extern "reweft:workflow/context@0.1.0" fn @"raise-event"(
        instance_id: [*]const u8,
        instance_id_len: usize,
        name: [*]const u8,
        name_len: usize,
        payload: [*]const u8,
        payload_len: usize,
    ) void;
    pub extern "reweft:workflow/context@0.1.0" fn @"start-timer"(delay: u64) Handle;
    pub extern "reweft:workflow/context@0.1.0" fn @"wait-event"(name: [*]const u8, len: usize) Handle;
    pub extern "reweft:workflow/context@0.1.0" fn select(tasks: [*]const Handle, len: usize) u32;
    pub extern "reweft:workflow/context@0.1.0" fn @"select-any"() u32;
    pub extern "reweft:workflow/context@0.1.0" fn @"[method]task.outcome"(Handle, *OptionalResult) void;
    pub extern "reweft:workflow/context@0.1.0" fn @"[method]task.number"(Handle) u32;
    pub extern "reweft:workflow/context@0.1.0" fn @"[method]task.cancel"(Handle) void;
    pub extern "reweft:workflow/context@0.1.0" fn @"[resource-drop]task"(Handle) void;
    pub extern "reweft:workflow/context@0.1.0" fn now() u64;
    pub extern "reweft:workflow/context@0.1.0" fn @"random-u64"() u64;
    pub extern "reweft:workflow/context@0.1.0" fn @"new-uuid"(*Text) void;
    pub extern "reweft:workflow/context@0.1.0" fn @"set-custom-status"(status: [*]const u8, len: usize) void;
    pub extern "reweft:workflow/context@0.1.0" fn @"continue-as-new"(
        input: [*]const u8,
        len: usize,
        keep_unread_events: bool,
    ) void;
    pub extern "reweft:workflow/context@0.1.0" fn @"is-patched"(patch: [*]const u8, len: usize) bool;
    pub extern "reweft:workflow/context@0.1.0" fn log(level: u32, message: [*]const u8, len: usize) void;
    pub extern "reweft:workflow/context@0.1.0" fn fail(
        error_type: [*]const u8,
        error_type_len: usize,
        message: [*]const u8,
        message_len: usize,
        has_stack_trace: bool,
        stack_trace: [*]const u8,
        stack_trace_len: usize,
        non_retriable: bool,
    ) void;
};

/// What an activity imports.
pub const activity_context = struct {
    pub extern "reweft:workflow/activity-context@0.1.0" fn info(*ActivityInfo) void;
    pub extern "reweft:workflow/activity-context@0.1.0" fn heartbeat(progress: [*]const u8, len: usize) bool;
    pub extern "reweft:workflow/activity-context@0.1.0" fn @"last-progress"(*OptionalText) void;
    pub extern "reweft:workflow/activity-context@0.1.0" fn log(level: u32, message: [*]const u8, len: usize) void;
    pub extern "reweft:workflow/activity-context@0.1.0" fn fail(
        error_type: [*]const u8,
        error_type_len: usize,
        message: [*]const u8,
        message_len: usize,
        has_stack_trace: bool,
        stack_trace: [*]const u8,
        stack_trace_len: usize,
        non_retriable: bool,
    ) void;
};

comptime {
    if (@sizeOf(usize) == 4) {
        std.debug.assert(@sizeOf(OptionalResult) == 40);
        std.debug.assert(@sizeOf(InstanceInfo) == 56);
        std.debug.assert(@sizeOf(ActivityInfo) == 40);
    }
}
