//! One workflow with many activities at once.

use std::time::{Duration, Instant};

use super::{Setting, run, steps};
use crate::figures::Figures;

pub(super) fn measure(setting: &Setting, figures: &mut Figures) -> anyhow::Result<()> {
    let host = setting.host();
    let step = steps::time(&host, 1_000)?;
    let mut smaller = None;
    for count in [1_000_u32, 10_000] {
        let mut best = Duration::MAX;
        for round in 0..3 {
            let (client, id) = (host.client(), format!("fan-out-{count}-{round}"));
            let began = Instant::now();
            run(&client, "FanOutFanIn", &id, &count.to_string());
            best = best.min(began.elapsed() / count);
        }
        let each = best.as_secs_f64() * 1e6;
        let beside = (format!("a step of a chain ({:.0} µs)", step * 1e6), step * 1e6);
        figures.add_beside(format!("an activity of {count} at once"), each, "µs", beside);
        if let Some(smaller) = smaller.replace(each) {
            figures.add_beside("the same", each, "µs", ("that of the smaller", smaller));
        }
    }
    Ok(())
}
