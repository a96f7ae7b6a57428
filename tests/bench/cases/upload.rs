//! How soon something new runs: the first workflow after an upload, and after a restart of a host that has
//! the compiled code.

use std::time::Instant;

use support::{Host, HostOptions};

use super::{Setting, run};
use crate::figures::Figures;

/// Modules, and a workflow of each that ends by itself. The second is JavaScript in an engine of 12 MB.
const MODULES: [(&str, &str, &str); 2] =
    [("patterns", "LongTimer", "0"), ("guest-starlingmonkey", "starlingmonkey.echo", "1")];

pub(super) fn measure(setting: &Setting, figures: &mut Figures) -> anyhow::Result<()> {
    for (module, workflow, input) in MODULES {
        if support::reason_to_skip(module.trim_start_matches("guest-")).is_some() {
            continue;
        }
        let options =
            HostOptions { binary: Some(setting.binary.clone()), ..HostOptions::default() };
        let mut host = Host::start_with(options);
        let bytes = support::module(module);
        let time = |host: &Host, id: &str| {
            let (client, began) = (host.client(), Instant::now());
            run(&client, workflow, id, input);
            began.elapsed().as_secs_f64() * 1e3
        };
        let began = Instant::now();
        let known = host.client().upload(module, &bytes);
        let uploaded = began.elapsed().as_secs_f64() * 1e3;
        let size = format!("{module} ({:.1} MB)", bytes.len() as f64 / 1e6);
        figures.add(format!("{size}: uploaded"), uploaded, "ms");
        figures.add("  and the first run", uploaded + time(&host, "first"), "ms");
        // That it runs says nothing of the code that is kept.
        host.wait_until_compiled(known["digest"].as_str().expect("a module has a digest"));
        figures.add("  and compiled well", began.elapsed().as_secs_f64() * 1e3, "ms");
        host.stop();
        let began = Instant::now();
        host.restart();
        figures.add("  a restart", began.elapsed().as_secs_f64() * 1e3, "ms");
        figures.add("  the first run after it", time(&host, "second"), "ms");
        figures.add("  and the next", time(&host, "third"), "ms");
    }
    Ok(())
}
