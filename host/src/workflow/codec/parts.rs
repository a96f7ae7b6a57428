//! Owns the encoding of what events and messages have in common.

use super::bytes::{Error, Reader, Writer};
use crate::workflow::event::{Named, Origin, Parent, RunStarted};
use crate::workflow::failure::{Failure, RetryPolicy};
use crate::workflow::id::{Digest, InstanceId, InstanceNumber, RunId, TaskNumber, Timestamp};

pub(super) fn write_start(writer: &mut Writer, start: &RunStarted) {
    writer.raw(&start.run.0);
    writer.raw(&start.seed);
    writer.text(start.instance.as_str());
    writer.text(&start.workflow);
    writer.text(&start.module);
    writer.raw(&start.digest.0);
    writer.text(&start.input);
    writer.number(start.created_at.0);
    writer.option(start.start_at, |writer, start_at| writer.number(start_at.0));
    writer.number(start.generation.into());
    writer.number(start.depth.into());
    writer.option(start.parent.as_ref(), |writer, parent| {
        writer.number(parent.number.0);
        writer.text(parent.instance.as_str());
        writer.raw(&parent.run.0);
        write_task(writer, parent.task);
        writer.number(parent.attempt.into());
    });
    writer.number(start.named.attached.into());
    writer.number(start.named.detached.into());
    writer.option(start.origin.as_ref(), |writer, origin| {
        writer.text(origin.instance.as_str());
        writer.number(origin.event);
    });
}

pub(super) fn read_start(reader: &mut Reader<'_>) -> Result<RunStarted, Error> {
    Ok(RunStarted {
        run: RunId(reader.array()?),
        seed: reader.array()?,
        instance: read_instance(reader)?,
        workflow: reader.text()?,
        module: reader.text()?,
        digest: Digest(reader.array()?),
        input: reader.text()?,
        created_at: Timestamp(reader.number()?),
        start_at: reader.option(Reader::number)?.map(Timestamp),
        generation: reader.number_u32()?,
        depth: reader.number_u32()?,
        parent: reader.option(|reader| {
            Ok(Parent {
                number: InstanceNumber(reader.number()?),
                instance: read_instance(reader)?,
                run: RunId(reader.array()?),
                task: read_task(reader)?,
                attempt: reader.number_u32()?,
            })
        })?,
        named: Named { attached: reader.number_u32()?, detached: reader.number_u32()? },
        origin: reader.option(|reader| {
            Ok(Origin { instance: read_instance(reader)?, event: reader.number()? })
        })?,
    })
}

pub(super) fn read_instance(reader: &mut Reader<'_>) -> Result<InstanceId, Error> {
    Ok(InstanceId::unchecked(&reader.text()?))
}

pub(super) fn write_task(writer: &mut Writer, task: TaskNumber) {
    writer.number(task.0.into());
}

pub(super) fn read_task(reader: &mut Reader<'_>) -> Result<TaskNumber, Error> {
    reader.number_u32().map(TaskNumber)
}

pub(super) fn write_failure(writer: &mut Writer, failure: &Failure) {
    writer.text(&failure.error_type);
    writer.text(&failure.message);
    write_optional_text(writer, failure.stack_trace.as_deref());
    writer.byte(failure.non_retriable.into());
}

pub(super) fn read_failure(reader: &mut Reader<'_>) -> Result<Failure, Error> {
    Ok(Failure {
        error_type: reader.text()?,
        message: reader.text()?,
        stack_trace: reader.option(Reader::text)?,
        non_retriable: reader.flag()?,
    })
}

pub(super) fn write_optional_text(writer: &mut Writer, text: Option<&str>) {
    writer.option(text, Writer::text);
}

pub(super) fn write_retry(writer: &mut Writer, retry: &RetryPolicy) {
    writer.number(retry.max_attempts.into());
    writer.number(retry.first_interval_ms);
    writer.raw(&retry.backoff_coefficient.to_bits().to_le_bytes());
    writer.option(retry.max_interval_ms, Writer::number);
    writer.option(retry.timeout_ms, Writer::number);
}

pub(super) fn read_retry(reader: &mut Reader<'_>) -> Result<RetryPolicy, Error> {
    Ok(RetryPolicy {
        max_attempts: reader.number_u32()?,
        first_interval_ms: reader.number()?,
        backoff_coefficient: f64::from_bits(u64::from_le_bytes(reader.array()?)),
        max_interval_ms: reader.option(Reader::number)?,
        timeout_ms: reader.option(Reader::number)?,
    })
}
