//! A host in a process of its own.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use serde_json::Value;
use tempfile::TempDir;

use crate::Client;

/// How to start a host.
#[derive(Clone, Debug, Default)]
pub struct HostOptions {
    /// Say where to listen, and all else that is always said, by variables and not by flags.
    pub by_environment: bool,
    /// The binary; none: the one that is tested.
    pub binary: Option<PathBuf>,
    /// What to say instead of `serve`: another command that runs a host.
    pub command: Vec<String>,
    /// Further arguments.
    pub arguments: Vec<String>,
    /// Variables of its environment.
    pub environment: Vec<(String, String)>,
}

/// A host in a process of its own, with a data directory of its own. Both go with it.
pub struct Host {
    directory: TempDir,
    options: HostOptions,
    process: Option<Process>,
    shares_compiled_modules: bool,
}

struct Process {
    child: Child,
    client: Client,
    log: Arc<Mutex<Vec<String>>>,
    reader: JoinHandle<()>,
}

/// Returns a command that runs the binary.
pub fn binary() -> Command {
    let built = || crate::target_folder().join("debug/reweft");
    let path = std::env::var_os("REWEFT_BINARY").map_or_else(built, PathBuf::from);
    Command::new(path)
}

impl Host {
    /// Starts a host on an empty data directory.
    ///
    /// # Panics
    /// It does not come up.
    pub fn start() -> Self {
        Self::start_with(HostOptions::default())
    }

    /// Starts a host on an empty data directory.
    ///
    /// # Panics
    /// It does not come up.
    pub fn start_with(options: HostOptions) -> Self {
        Self::new(options).started()
    }

    fn new(options: HostOptions) -> Self {
        // Beside the build, so that data lies on a disk and not in memory.
        let directory = TempDir::new_in(crate::target_folder()).expect("a directory can be made");
        Self { directory, options, process: None, shares_compiled_modules: false }
    }

    fn started(mut self) -> Self {
        self.restart();
        self
    }

    /// Starts a host on an empty data directory, with these arguments besides.
    ///
    /// # Panics
    /// It does not come up.
    pub fn start_with_arguments(arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        Self::start_with(HostOptions { arguments, ..HostOptions::default() })
    }

    /// Starts a host on an empty data directory, but with modules that other tests have had compiled. What
    /// it compiles is there for others when it has ended.
    ///
    /// # Panics
    /// It does not come up.
    pub fn sharing_compiled_modules(arguments: &[&str]) -> Self {
        let mut host = Self::new(HostOptions {
            arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
            ..HostOptions::default()
        });
        host.shares_compiled_modules = true;
        std::fs::create_dir(host.compiled()).expect("a directory can be made");
        link_compiled(&crate::compiled_folder(), &host.compiled());
        host.started()
    }

    /// Starts a host on an empty data directory, with these arguments besides, and uploads the module
    /// with the patterns.
    ///
    /// # Panics
    /// It does not come up, or refuses the module.
    pub fn with_patterns(arguments: &[&str]) -> Self {
        let host = Self::start_with_arguments(arguments);
        host.client().upload("patterns", &crate::module("patterns"));
        host
    }

    fn compiled(&self) -> PathBuf {
        self.data_dir().join("compiled")
    }

    /// Waits until a module has been compiled well: until then its guests are slower.
    ///
    /// # Panics
    /// That takes too long.
    pub fn wait_until_compiled(&self, digest: &str) {
        let compiled = self.compiled();
        crate::eventually_within_minutes("it is compiled", || {
            let mut files = std::fs::read_dir(&compiled).into_iter().flatten().flatten();
            let is_it = |name: &str| name.starts_with(digest) && crate::is_compiled_well(name);
            files.any(|file| is_it(&file.file_name().to_string_lossy())).then_some(())
        });
    }

    /// Starts a host again that was stopped or killed.
    ///
    /// # Panics
    /// It does not come up.
    pub fn restart(&mut self) {
        let mut command = self.options.binary.as_ref().map_or_else(binary, Command::new);
        match self.options.command.as_slice() {
            [] => command.arg("serve"),
            other => command.args(other),
        };
        let settings: [(&str, &OsStr); 3] = [
            ("listen", OsStr::new("127.0.0.1:0")),
            ("data-dir", self.data_dir().as_os_str()),
            ("log-format", OsStr::new("json")),
        ];
        for (name, value) in settings {
            match self.options.by_environment {
                true => command.env(variable(name), value),
                false => command.arg(format!("--{name}")).arg(value),
            };
        }
        command.args(&self.options.arguments).envs(self.options.environment.iter().cloned());
        let mut child = command.stderr(Stdio::piped()).spawn().expect("the binary can be started");
        let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        let log = Arc::new(Mutex::new(Vec::new()));
        let address = loop {
            let Some(Ok(line)) = lines.next() else {
                let log = log.lock().expect("nobody panics with it");
                panic!("the host did not come up: {log:#?}");
            };
            let address = listening_address(&line);
            log.lock().expect("nobody panics with it").push(line);
            if let Some(address) = address {
                break address;
            }
        };
        let kept = log.clone();
        let reader = std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                kept.lock().expect("nobody panics with it").push(line);
            }
        });
        let client = Client::new(&address);
        self.process = Some(Process { child, client, log, reader });
    }

    /// Starts a host again, with other arguments.
    ///
    /// # Panics
    /// It does not come up.
    pub fn restart_with(&mut self, arguments: &[&str]) {
        self.options.arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        self.restart();
    }

    /// Returns where it keeps everything.
    pub fn data_dir(&self) -> &Path {
        self.directory.path()
    }

    fn process(&mut self) -> &mut Process {
        self.process.as_mut().expect("the host is running")
    }

    /// Returns a client of the host as it runs now.
    ///
    /// # Panics
    /// It does not run.
    pub fn client(&self) -> Client {
        self.process.as_ref().expect("the host is running").client.clone()
    }

    /// Returns the number of its process.
    ///
    /// # Panics
    /// It does not run.
    pub fn process_id(&self) -> u32 {
        self.process.as_ref().expect("the host is running").child.id()
    }

    /// Kills the host without warning.
    ///
    /// # Panics
    /// It does not run.
    pub fn kill(&mut self) {
        self.process().child.kill().expect("it is running");
        self.wait();
    }

    /// Tells the host to stop, and returns how it ended and what it logged.
    ///
    /// # Panics
    /// It does not run.
    pub fn stop(&mut self) -> (ExitStatus, Vec<String>) {
        self.signal("TERM");
        self.wait()
    }

    /// Sends the host a signal.
    ///
    /// # Panics
    /// It does not run.
    pub fn signal(&self, name: &str) {
        let id = self.process_id().to_string();
        let told = Command::new("kill").args(["-s", name, &id]).status().expect("there is a kill");
        assert!(told.success());
    }

    /// Waits for the host to end, and returns how it did and what it logged.
    ///
    /// # Panics
    /// It does not run.
    pub fn wait(&mut self) -> (ExitStatus, Vec<String>) {
        let mut process = self.process.take().expect("the host is running");
        let status = process.child.wait().expect("it can be waited for");
        process.reader.join().expect("it does not panic");
        let log = process.log.lock().expect("nobody panics with it").clone();
        (status, log)
    }

    /// Returns the lines it has logged so far.
    ///
    /// # Panics
    /// It does not run.
    pub fn log(&self) -> Vec<String> {
        let process = self.process.as_ref().expect("the host is running");
        process.log.lock().expect("nobody panics with it").clone()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            // It may have ended by itself.
            let _ = process.child.kill();
            let _ = process.child.wait();
        }
        if self.shares_compiled_modules {
            link_compiled(&self.compiled(), &crate::compiled_folder());
        }
    }
}

/// Has a second folder hold the modules that one holds compiled well. A host changes no such file, but it
/// removes what it finds unfinished, so no folder is for two.
fn link_compiled(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).into_iter().flatten().flatten() {
        if crate::is_compiled_well(&entry.file_name().to_string_lossy()) {
            // It may be there; and where it can't be linked, it is compiled again.
            let _ = std::fs::hard_link(entry.path(), to.join(entry.file_name()));
        }
    }
}

fn variable(flag: &str) -> String {
    format!("REWEFT_{}", flag.to_uppercase().replace('-', "_"))
}

fn listening_address(line: &str) -> Option<String> {
    let line: Value = serde_json::from_str(line).ok()?;
    let fields = &line["fields"];
    (fields["message"] == "listening").then(|| fields["address"].as_str().map(str::to_owned))?
}
