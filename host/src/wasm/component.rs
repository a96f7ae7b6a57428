//! Owns what becomes of a component: whether it can be a module, what kind, and the form in which
//! guests are made from it.

use std::sync::Arc;

use thiserror::Error;
use tracing::debug;
use wasmtime::Engine;
use wasmtime::component::Component;

use super::activity_guest::{self, ActivityHost, ActivityInfo, Pulse, Surroundings};
use super::bindings::activity::ActivityModulePre;
use super::bindings::workflow::WorkflowModulePre;
use super::core_module::componentize;
use super::durable_wasi;
use super::engine::{Effort, GuestLimits, WasmEngine};
use super::linking::{
    ACTIVITIES, CONTRACT, CONTRACT_VERSION, WORKFLOWS, link_activities, link_observed_workflows,
    link_workflows,
};
use super::places::{self, Places, Room};
use super::workflow_guest::{TurnLimits, WorkflowGuest, WorkflowHost, WorkflowInfo};
use crate::workflow::failure::{Failure, error_type};
use crate::workflow::replay::Replay;

const NAME_CHARACTERS_MAX: usize = 200;

/// Why bytes can't be a module.
#[derive(Debug, Error)]
pub enum Unfit {
    /// They are something else.
    #[error(
        "the body is not WebAssembly: it does not begin with the bytes 00 61 73 6D; upload the .wasm file itself, not an archive or a text form of it"
    )]
    NotWasm,
    /// They begin well, but can't be read or compiled.
    #[error("the WebAssembly is not valid: {0}; was the file uploaded whole?")]
    Invalid(String),
    /// A core module that can't be made into a component.
    #[error(
        "the core module can't be made into a component: {0}; export the functions of {WORKFLOWS}, of {ACTIVITIES} or of both, or upload a component"
    )]
    CoreModule(String),
    /// It exports neither workflows nor activities.
    #[error(
        "the module exports neither {WORKFLOWS} nor {ACTIVITIES}, so there is nothing to run in it; its exports are: {0}"
    )]
    MissingExports(String),
    /// It imports what is not offered.
    #[error(
        "the module imports what the host does not offer: {0}; it offers reweft:workflow@0.1.0 and WASI 0.2 (cli, clocks, filesystem, http, io, random, sockets)"
    )]
    UnknownImports(String),
    /// An import or export has another type than the contract says.
    #[error("the module does not fit the contract reweft:workflow@0.1.0: {0}")]
    WrongTypes(String),
    /// It could not say what it holds.
    #[error("asked for its names, the module failed: {} ({})", .0.message, .0.error_type)]
    Names(Failure),
    /// It took too long to say what it holds, in seconds.
    #[error("asked for its names, the module did not answer within {0} s: return them at once")]
    NamesTimeout(u64),
    /// A name it gave can't be used.
    #[error("the module holds a {kind} named \"{name}\": {reason}")]
    Name {
        /// `workflow` or `activity`.
        kind: &'static str,
        /// The name.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// A module, ready to make guests from.
pub struct LoadedModule {
    component: Component,
    workflows: Option<WorkflowModulePre<WorkflowHost>>,
    activities: Option<ActivityModulePre<ActivityHost>>,
    is_hasty: bool,
    places: Places,
    /// How many of them a guest takes.
    need: u32,
}

/// What a module says it holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Its workflows.
    pub workflows: Vec<String>,
    /// Its activities.
    pub activities: Vec<String>,
}

impl LoadedModule {
    /// Makes a module of what would be uploaded, compiled well, and keeps that nowhere.
    ///
    /// # Errors
    /// The bytes can't be a module.
    pub fn of_upload(engine: &WasmEngine, bytes: &[u8]) -> Result<Self, Unfit> {
        Self::compile(engine, Effort::Full, &componentize(engine, bytes)?)
    }

    /// Makes a module of what would be uploaded for so little use that it is not worth more than to be
    /// compiled in haste, where that is possible.
    ///
    /// # Errors
    /// The bytes can't be a module.
    pub fn for_once(engine: &WasmEngine, bytes: &[u8]) -> Result<Self, Unfit> {
        let component = componentize(engine, bytes)?;
        Self::soon(|effort| Self::compile(engine, effort, &component))
    }

    /// Compiles in haste, or well where that can't be done with this component or on this processor.
    ///
    /// # Errors
    /// What was compiled can't be a module, or it can't even be compiled well.
    pub fn soon(compile: impl Fn(Effort) -> Result<Self, Unfit>) -> Result<Self, Unfit> {
        match compile(Effort::Haste) {
            Err(Unfit::Invalid(reason)) => {
                debug!("a module is not compiled in haste: {reason}");
                compile(Effort::Full)
            }
            compiled => compiled,
        }
    }

    fn compile(engine: &WasmEngine, effort: Effort, component: &[u8]) -> Result<Self, Unfit> {
        let compiled = engine.with(effort).and_then(|it| Ok(Component::new(it, component)?));
        Self::link(engine, &compiled.map_err(|error| Unfit::Invalid(format!("{error:#}")))?)
    }

    /// Links a component with what the host offers it.
    ///
    /// # Errors
    /// It exports or imports something else than the contract says.
    pub fn link(engine: &WasmEngine, component: &Component) -> Result<Self, Unfit> {
        let component_type = component.component_type();
        let exports: Vec<_> =
            component_type.exports(component.engine()).map(|(name, _)| name.to_owned()).collect();
        let has_workflows = exports.iter().any(|name| name == WORKFLOWS);
        let has_activities = exports.iter().any(|name| name == ACTIVITIES);
        if !has_workflows && !has_activities {
            return Err(Unfit::MissingExports(listed(&exports)));
        }
        let unknown: Vec<_> = component_type
            .imports(component.engine())
            .map(|(name, _)| name.to_owned())
            .filter(|name| !is_offered(name))
            .collect();
        if !unknown.is_empty() {
            return Err(Unfit::UnknownImports(listed(&unknown)));
        }
        let link = || -> wasmtime::Result<Self> {
            let workflows = has_workflows.then(|| link_workflows(component)).transpose()?;
            let activities = has_activities.then(|| link_activities(component)).transpose()?;
            let (places, need) = (engine.places().clone(), places::need(component));
            let is_hasty = !Engine::same(component.engine(), engine.engine());
            let component = component.clone();
            Ok(Self { component, workflows, activities, is_hasty, places, need })
        };
        link().map_err(|error| Unfit::WrongTypes(format!("{error:#}")))
    }

    /// Returns whether it was compiled in haste.
    pub fn is_hasty(&self) -> bool {
        self.is_hasty
    }

    /// Asks the module what it holds. Its activities may take for ever to answer: set a limit.
    ///
    /// # Errors
    /// It failed, or gave a name that can't be used.
    pub async fn names(&self, limits: &GuestLimits, ticks: u32) -> Result<Names, Unfit> {
        let mut names = Names::default();
        let _room = self.room().await;
        if let Some(module) = &self.workflows {
            let asked = WorkflowGuest::names(module, limits, ticks).await.map_err(Unfit::Names)?;
            names.workflows = checked("workflow", asked)?;
        }
        if let Some(module) = &self.activities {
            let asked = activity_guest::names(module, limits).await.map_err(Unfit::Names)?;
            names.activities = checked("activity", asked)?;
        }
        Ok(names)
    }

    /// Waits until there is room for a guest.
    pub async fn room(&self) -> Room {
        self.places.take(self.need).await
    }

    /// Makes a guest for a run of one of its workflows; none if the module has no workflows.
    pub fn workflow_guest(
        &self,
        room: Room,
        limits: &GuestLimits,
        turn: TurnLimits,
        info: WorkflowInfo,
        input: Arc<String>,
        replay: Replay,
    ) -> Option<WorkflowGuest> {
        let module = self.workflows.as_ref()?;
        Some(WorkflowGuest::new(module, room, limits, turn, info, input, replay))
    }

    /// Makes a guest as [`Self::workflow_guest`] does, but one that notes where it waits.
    ///
    /// # Errors
    /// It can't be linked, though it could be before.
    pub fn observed_guest(
        &self,
        room: Room,
        limits: &GuestLimits,
        turn: TurnLimits,
        info: WorkflowInfo,
        input: Arc<String>,
        replay: Replay,
    ) -> wasmtime::Result<Option<WorkflowGuest>> {
        if self.workflows.is_none() {
            return Ok(None);
        }
        let module = link_observed_workflows(&self.component)?;
        Ok(Some(WorkflowGuest::new(&module, room, limits, turn, info, input, replay)))
    }

    /// Makes one attempt of one of its activities in a fresh guest. Dropping the future stops it.
    ///
    /// # Errors
    /// The activity failed, or the guest trapped, or the module has no activities.
    pub async fn execute(
        &self,
        limits: &GuestLimits,
        info: ActivityInfo,
        surroundings: Surroundings,
        pulse: Arc<Pulse>,
        input: &String,
    ) -> Result<String, Failure> {
        match &self.activities {
            Some(module) => {
                let _room = self.room().await;
                activity_guest::execute(module, limits, info, surroundings, pulse, input).await
            }
            None => Err(Failure::permanent(
                error_type::ACTIVITY_NOT_FOUND,
                "the module has no activities",
            )),
        }
    }
}

fn is_offered(import: &str) -> bool {
    match import.strip_prefix(CONTRACT) {
        Some(interface) => interface.ends_with(CONTRACT_VERSION),
        None => durable_wasi::is_offered(import),
    }
}

fn checked(kind: &'static str, names: Vec<String>) -> Result<Vec<String>, Unfit> {
    for (position, name) in names.iter().enumerate() {
        let reason = if name.is_empty() {
            "a name must not be empty"
        } else if name.chars().count() > NAME_CHARACTERS_MAX {
            "a name has 200 characters at most"
        } else if name.contains('/') || name.chars().any(char::is_control) {
            "a name has neither '/' nor control characters"
        } else if names[..position].contains(name) {
            "the name is there twice"
        } else {
            continue;
        };
        return Err(Unfit::Name { kind, name: name.clone(), reason });
    }
    Ok(names)
}

/// Writes names one after the other.
pub fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_compiled_in_haste_is_compiled_well() {
        let engine = WasmEngine::start(1).unwrap();
        let module = |body: &str| {
            let text = format!(
                r#"(component
                    (core module $module (func $f (export "names") {body}))
                    (core instance $instance (instantiate $module))
                    (func $names (canon lift (core func $instance "names")))
                    (instance (export "{WORKFLOWS}") (export "names" (func $names))))"#
            );
            LoadedModule::for_once(&engine, &wat::parse_str(text).unwrap())
        };
        // It has no workflows that fit the contract: so far it gets only when it has been compiled.
        for body in ["return_call $f", "call $f"] {
            assert!(matches!(module(body), Err(Unfit::WrongTypes(_))), "{body}");
        }
        let invalid = LoadedModule::for_once(&engine, b"\0asm\x0d\0\x01\0no component");
        assert!(matches!(invalid, Err(Unfit::Invalid(_))));
    }
}
