//! Owns how an engine that has loaded a program is written down as a module: the same code, with its memory
//! as it is, and without what the program has no use for.

use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    CodeSection, ConstExpr, DataSection, ExportSection, Function, FunctionSection, ImportSection,
    MemorySection, MemoryType, Module,
};
use wasmparser::{
    CodeSectionReader, DataSectionReader, ExportSectionReader, FunctionSectionReader,
    ImportSectionReader, MemorySectionReader, Parser, TypeRef,
};

/// What a program holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts {
    pub(super) workflows: bool,
    pub(super) activities: bool,
}

/// What only a build calls.
const FOR_BUILDS: [&str; 2] = ["_initialize", "load"];

/// A stretch of zeros is left out if it is longer than what it takes to say where the next data is.
const ZEROS_MIN: usize = 32;

const PAGE_BYTES: usize = 1 << 16;

/// Writes down an engine whose memory is this.
pub(super) fn snapshot(engine: &[u8], memory: &[u8], parts: Parts) -> anyhow::Result<Vec<u8>> {
    let mut module = Module::new();
    let mut writing = Writing { memory, parts, stubs: Vec::new(), renumbered: Vec::new() };
    writing.parse_core_module(&mut module, Parser::new(0), engine)?;
    Ok(module.finish())
}

struct Writing<'a> {
    memory: &'a [u8],
    parts: Parts,
    /// The types of functions that are not imported any more, but replaced.
    stubs: Vec<u32>,
    /// The new numbers of the functions that were imported.
    renumbered: Vec<u32>,
}

impl Writing<'_> {
    fn is_wanted(&self, name: &str) -> bool {
        let interface = name.split(['@', '#']).next().unwrap_or(name);
        match interface {
            "reweft:workflow/workflows" | "reweft:workflow/context" => self.parts.workflows,
            "reweft:workflow/activities" | "reweft:workflow/activity-context" => {
                self.parts.activities
            }
            // Preview 1 is another name.
            _ if name.starts_with("wasi:") => self.parts.activities,
            _ => !FOR_BUILDS.contains(&name),
        }
    }
}

type Result = std::result::Result<(), Error>;

impl Reencode for Writing<'_> {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, function: u32) -> std::result::Result<u32, Error> {
        Ok(self.renumbered.get(function as usize).copied().unwrap_or(function))
    }

    /// What was imported and isn't wanted becomes the first functions of the module itself, so that all
    /// others keep their numbers.
    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: ImportSectionReader<'_>,
    ) -> Result {
        let mut kept = Vec::new();
        for import in section.into_imports() {
            let import = import?;
            let wanted = self.is_wanted(import.module);
            match import.ty {
                TypeRef::Func(of_type) if !wanted => self.stubs.push(of_type),
                _ => utils::parse_import(self, imports, import)?,
            }
            kept.push(wanted);
        }
        let mut next = [kept.iter().filter(|wanted| **wanted).count() as u32, 0];
        for wanted in kept {
            let next = &mut next[usize::from(wanted)];
            self.renumbered.push(*next);
            *next += 1;
        }
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result {
        for &of_type in &self.stubs {
            functions.function(of_type);
        }
        utils::parse_function_section(self, functions, section)
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result {
        for _ in &self.stubs {
            let mut body = Function::new([]);
            body.instructions().unreachable().end();
            code.function(&body);
        }
        utils::parse_code_section(self, code, section)
    }

    fn parse_export_section(
        &mut self,
        exports: &mut ExportSection,
        section: ExportSectionReader<'_>,
    ) -> Result {
        for export in section {
            let export = export?;
            if self.is_wanted(export.name) {
                utils::parse_export(self, exports, export)?;
            }
        }
        Ok(())
    }

    fn parse_memory_section(
        &mut self,
        memories: &mut MemorySection,
        section: MemorySectionReader<'_>,
    ) -> Result {
        for memory in section {
            let old = utils::memory_type(self, memory?);
            let minimum = self.memory.len().div_ceil(PAGE_BYTES) as u64;
            memories.memory(MemoryType { minimum, ..old });
        }
        Ok(())
    }

    fn parse_data_section(&mut self, data: &mut DataSection, _: DataSectionReader<'_>) -> Result {
        for (place, bytes) in stretches(self.memory) {
            data.active(0, &ConstExpr::i32_const(place as i32), bytes.iter().copied());
        }
        Ok(())
    }

    fn data_count(&mut self, _: u32) -> std::result::Result<u32, Error> {
        Ok(stretches(self.memory).len() as u32)
    }
}

/// Returns what is not zero, and where.
fn stretches(memory: &[u8]) -> Vec<(usize, &[u8])> {
    let mut found = Vec::new();
    let mut place = 0;
    while let Some(zeros) = memory[place..].iter().position(|byte| *byte != 0) {
        let begin = place + zeros;
        let rest = &memory[begin..];
        let is_end = |window: &[u8]| window.iter().all(|byte| *byte == 0);
        let length = rest.windows(ZEROS_MIN).position(is_end).unwrap_or(rest.len());
        found.push((begin, &rest[..length]));
        place = begin + length;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_written_down_without_its_zeros() {
        let mut memory = vec![0; 500];
        memory[3] = 1;
        memory[20] = 2;
        memory[100] = 3;
        memory[499] = 4;
        let found = stretches(&memory);
        let places: Vec<_> = found.iter().map(|(place, bytes)| (*place, bytes.len())).collect();
        assert_eq!(places, [(3, 18), (100, 1), (499, 1)]);
        assert!(stretches(&[0; 100]).is_empty());
        assert!(stretches(&[]).is_empty());
    }
}
