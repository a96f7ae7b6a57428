//! Owns how core modules become components. Many toolchains make nothing else, and their authors need
//! no other tool for it: what a module is for is seen from its exports.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::hash::Hash;

use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME as PREVIEW_1,
    WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER as ADAPTER,
};
use wasmparser::{Parser, Payload};
use wasmtime::Module;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{Resolve, SourceMap, WorldId};

use super::component::Unfit;
use super::engine::WasmEngine;
use super::linking::{ACTIVITIES, ACTIVITY_CONTEXT, CONTEXT, WORKFLOWS};

/// The files of the contract: their names, and what is in them.
pub const CONTRACT_FILES: [(&str, &str); 4] = [
    ("activity-context.wit", include_str!("../../../wit/activity-context.wit")),
    ("context.wit", include_str!("../../../wit/context.wit")),
    ("types.wit", include_str!("../../../wit/types.wit")),
    ("world.wit", include_str!("../../../wit/world.wit")),
];

/// What of WASI is known by its names. Preview 1 has an adapter that knows itself.
const WASI: &str = include_str!("wasi.wit");

/// Returns what a component depends on besides the core module that it is made of.
pub(super) fn recipe() -> impl Hash {
    // While a release is in the making, its number says little.
    let here = (env!("CARGO_PKG_VERSION"), include_str!("core_module.rs"));
    (here, CONTRACT_FILES, WASI, ADAPTER)
}

/// Returns the bytes of a component: the ones given, or made from the core module they are.
///
/// # Errors
/// The bytes are no WebAssembly, or a core module that can't be made into a component.
pub fn componentize<'a>(engine: &WasmEngine, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>, Unfit> {
    let Some((magic, rest)) = bytes.split_at_checked(4) else { return Err(Unfit::NotWasm) };
    if magic != b"\0asm" {
        return Err(Unfit::NotWasm);
    }
    // The layer is a 16-bit number behind the 16-bit version: 0 for a core module.
    match rest.get(2..4) {
        Some([0, 0]) => {
            let valid = Module::validate(engine.engine(), bytes);
            valid.map_err(|error| Unfit::Invalid(format!("{error:#}")))?;
            let made = encode(bytes).map_err(|error| Unfit::CoreModule(format!("{error:#}")))?;
            Ok(Cow::Owned(made))
        }
        Some(_) => Ok(Cow::Borrowed(bytes)),
        None => Err(Unfit::Invalid("it ends within its header".to_owned())),
    }
}

fn encode(bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
    let (stripped, _) = wit_component::metadata::decode(bytes)?;
    let surface = Surface::read(bytes)?;
    let mut module = bytes.to_owned();
    if stripped.is_none() {
        let (resolve, world) = surface.describe()?;
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false)?;
    }
    let mut encoder = ComponentEncoder::default();
    // The engine validates what comes of it.
    encoder.validate(false).module(&module)?;
    if surface.imports.contains(PREVIEW_1) {
        // It gets its memory from the module: one that grew it instead would land where a language
        // takes all that is new for its own, as Go does.
        encoder.adapter(PREVIEW_1, ADAPTER)?;
    }
    encoder.encode()
}

/// What a core module shows of itself.
struct Surface<'a> {
    /// The modules that it imports from.
    imports: BTreeSet<&'a str>,
    exports: Vec<&'a str>,
}

impl<'a> Surface<'a> {
    fn read(bytes: &'a [u8]) -> anyhow::Result<Self> {
        let (mut imports, mut exports) = (BTreeSet::new(), Vec::new());
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        imports.insert(import?.module);
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        exports.push(export?.name);
                    }
                }
                _ => {}
            }
        }
        Ok(Self { imports, exports })
    }

    /// Returns the world that a module without a description is for, as far as its names tell.
    fn describe(&self) -> anyhow::Result<(Resolve, WorldId)> {
        let exports_of = |interface: &str| {
            let names = &self.exports;
            names.iter().any(|name| name.split_once('#').is_some_and(|(of, _)| of == interface))
        };
        let imports = self.imports.iter().filter(|interface| {
            [CONTEXT, ACTIVITY_CONTEXT].contains(interface) || interface.starts_with("wasi:")
        });
        let exports =
            [WORKFLOWS, ACTIVITIES].into_iter().filter(|&interface| exports_of(interface));
        let mut lines: Vec<_> = exports.map(|interface| format!("export {interface};")).collect();
        anyhow::ensure!(!lines.is_empty(), "it exports no function of either");
        lines.extend(imports.map(|interface| format!("import {interface};")));
        let world = format!("package reweft:guest; world guest {{ {} }} {WASI}", lines.concat());

        let mut contract = SourceMap::default();
        for (name, text) in CONTRACT_FILES {
            contract.push_str(name, text);
        }
        let mut resolve = Resolve::default();
        let contract = contract.parse().map_err(|(_, error)| error)?;
        resolve.push_group(contract)?;
        let package = resolve.push_source("guest.wit", &world)?;
        let world = resolve.select_world(&[package], None)?;
        Ok((resolve, world))
    }
}
