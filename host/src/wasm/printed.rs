//! Owns what becomes of what a guest prints: lines of its log, and of the last of them the explanation
//! of a failure that tells little by itself.

use std::collections::VecDeque;

use crate::workflow::failure::{Failure, error_type};

/// A longer line is broken up.
const LINE_BYTES_MAX: usize = 8 * 1024;

/// How many lines of standard error are kept to explain a failure.
const LAST_WORDS_MAX: usize = 40;

/// Where a guest prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Output {
    Standard,
    Error,
}

/// What a guest has printed.
#[derive(Debug, Default)]
pub(super) struct Printed {
    standard: Lines,
    error: Lines,
    /// The last lines of standard error, where many a language says why it gives up.
    last_words: VecDeque<String>,
}

impl Printed {
    /// Takes what is printed, and gives each line that it finishes to `emit`.
    pub(super) fn append(&mut self, output: Output, bytes: &[u8], mut emit: impl FnMut(&str)) {
        match output {
            Output::Standard => self.standard.append(bytes, emit),
            Output::Error => self.error.append(bytes, |line| {
                emit(line);
                remember(&mut self.last_words, line);
            }),
        }
    }

    /// Gives what is left to `emit`: nothing will be printed any more.
    pub(super) fn finish(&mut self, mut emit: impl FnMut(&str)) {
        self.standard.finish(&mut emit);
        self.error.finish(|line| {
            emit(line);
            remember(&mut self.last_words, line);
        });
    }

    /// Adds the last words of a guest to the failure that it ended with, unless that was its own.
    pub(super) fn explain(&self, failure: &mut Failure) {
        let is_bare = [error_type::TRAP, error_type::EXIT].contains(&failure.error_type.as_str());
        if !is_bare || self.last_words.is_empty() {
            return;
        }
        let mut stack: Vec<&str> = self.last_words.iter().map(String::as_str).collect();
        stack.extend(failure.stack_trace.as_deref());
        failure.stack_trace = Some(stack.join("\n"));
    }
}

fn remember(last_words: &mut VecDeque<String>, line: &str) {
    if last_words.len() == LAST_WORDS_MAX {
        last_words.pop_front();
    }
    last_words.push_back(line.to_owned());
}

/// What has been printed of a line that is not finished.
#[derive(Debug, Default)]
struct Lines {
    unfinished: Vec<u8>,
}

impl Lines {
    fn append(&mut self, bytes: &[u8], mut emit: impl FnMut(&str)) {
        for &byte in bytes {
            if byte == b'\n' || self.unfinished.len() == LINE_BYTES_MAX {
                emit(&String::from_utf8_lossy(&self.unfinished));
                self.unfinished.clear();
            }
            if byte != b'\n' {
                self.unfinished.push(byte);
            }
        }
    }

    fn finish(&mut self, emit: impl FnOnce(&str)) {
        if !self.unfinished.is_empty() {
            emit(&String::from_utf8_lossy(&self.unfinished));
            self.unfinished.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_becomes_lines() {
        let (mut lines, mut seen) = (Lines::default(), Vec::new());
        for part in ["a\nb", "c\n\nd", ""] {
            lines.append(part.as_bytes(), |line| seen.push(line.to_owned()));
        }
        lines.finish(|line| seen.push(line.to_owned()));
        lines.finish(|_| panic!("all has been given"));
        assert_eq!(seen, ["a", "bc", "", "d"]);
    }

    #[test]
    fn a_line_that_never_ends_is_broken_up_and_one_that_is_no_text_is_mended() {
        let (mut lines, mut seen) = (Lines::default(), Vec::new());
        lines.append(&[b'x'; 2 * LINE_BYTES_MAX + 1], |line| seen.push(line.len()));
        lines.append(&[0xff, b'\n'], |line| assert_eq!(line, "x\u{fffd}"));
        assert_eq!(seen, [LINE_BYTES_MAX, LINE_BYTES_MAX]);
    }

    #[test]
    fn last_words_explain_what_tells_little() {
        let mut printed = Printed::default();
        printed.append(Output::Standard, b"working\n", |_| {});
        for number in 0..=LAST_WORDS_MAX {
            printed.append(Output::Error, format!("cause {number}\n").as_bytes(), |_| {});
        }
        printed.append(Output::Error, b"at last", |_| {});
        printed.finish(|line| assert_eq!(line, "at last"));
        let mut trapped = Failure::new(error_type::TRAP, "unreachable");
        trapped.stack_trace = Some("the stack".to_owned());
        printed.explain(&mut trapped);
        let stack = trapped.stack_trace.unwrap();
        assert!(stack.starts_with("cause 2\n") && stack.ends_with("at last\nthe stack"), "{stack}");

        let mut own = Failure::new("declined", "no money");
        printed.explain(&mut own);
        assert_eq!(own.stack_trace, None);
    }
}
