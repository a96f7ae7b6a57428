//! What the tests need to work a real host from outside: start it, talk to it, kill it.

mod client;
pub mod guest;
pub mod host;
pub mod stream;
pub mod wire;

use std::path::PathBuf;
use std::time::{Duration, Instant};

pub use client::{Answer, Client, Failure};
pub use host::{Host, HostOptions, binary};

/// How long anything may take before a test gives up on it. Generous: it only bounds a failure.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until something is so, looking again and again.
///
/// # Panics
/// It does not come about.
pub fn eventually<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    within(PATIENCE, what, look)
}

/// The same for what takes a compiler its time.
///
/// # Panics
/// It does not come about.
pub fn eventually_within_minutes<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    within(10 * PATIENCE, what, look)
}

fn within<T>(patience: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "in vain for {patience:?}: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Returns the bytes of an example module, as `make modules` built it.
///
/// # Panics
/// It has not been built.
pub fn module(name: &str) -> Vec<u8> {
    let path = modules_folder().join(format!("{name}.wasm"));
    std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; run `make modules` first", path.display()))
}

/// Returns why there are no modules of a language, if its tools could not be installed here.
///
/// # Panics
/// In CI, where nothing may be skipped.
pub fn reason_to_skip(language: &str) -> Option<String> {
    let path = modules_folder().join("skipped").join(language);
    let reason = std::fs::read_to_string(path).ok()?.trim().to_owned();
    let in_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    assert!(!in_ci, "in CI nothing may be skipped, but {language} was: {reason}");
    Some(reason)
}

fn modules_folder() -> PathBuf {
    std::env::var_os("REWEFT_MODULES")
        .map_or_else(|| target_folder().join("modules"), PathBuf::from)
}

/// Returns where compiled modules are kept from test to test.
///
/// # Panics
/// It can't be made.
pub fn compiled_folder() -> PathBuf {
    let folder = target_folder().join("compiled-for-tests");
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    folder.canonicalize().expect("it is there")
}

/// Returns whether a file of this name holds compiled code, other than what was compiled in haste.
pub fn is_compiled_well(name: &str) -> bool {
    name.ends_with(".cwasm") && !name.ends_with(".hasty.cwasm")
}

/// Returns where everything that is built lies.
pub fn target_folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target"))
}

/// Returns the seed of a randomised test, and prints it: the environment's, or a new one.
pub fn seed() -> u64 {
    let given = std::env::var("REWEFT_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| {
        let since_epoch = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        since_epoch.as_nanos() as u64
    });
    println!("REWEFT_TEST_SEED={seed}");
    seed
}
