//! Owns what was measured, and how it is shown: a table for people, JSON for machines, and two builds side
//! by side.

use serde_json::{Value, json};

use crate::machine::Machine;

/// One figure.
#[derive(Clone, Debug)]
struct Figure {
    what: String,
    value: f64,
    unit: &'static str,
    /// What to hold it against, measured in the same run: a physical limit, or a smaller case.
    beside: Option<(String, f64)>,
}

/// What a case has measured.
#[derive(Debug, Default)]
pub(crate) struct Figures(Vec<Figure>);

impl Figures {
    pub(crate) fn add(&mut self, what: impl Into<String>, value: f64, unit: &'static str) {
        self.0.push(Figure { what: what.into(), value, unit, beside: None });
    }

    /// Adds a figure and how it compares with something: as a ratio, which is what a target speaks of.
    pub(crate) fn add_beside(
        &mut self,
        what: impl Into<String>,
        value: f64,
        unit: &'static str,
        beside: (impl Into<String>, f64),
    ) {
        let beside = Some((beside.0.into(), value / beside.1));
        self.0.push(Figure { what: what.into(), value, unit, beside });
    }
}

/// All cases of all builds.
pub(crate) struct Report {
    machine: Machine,
    builds: usize,
    /// Case, build, and the figures of one round.
    rounds: Vec<(String, usize, Figures)>,
}

impl Report {
    pub(crate) fn new(machine: Machine, builds: usize) -> Self {
        Self { machine, builds, rounds: Vec::new() }
    }

    pub(crate) fn add(&mut self, build: usize, case: &str, figures: Figures) {
        self.rounds.push((case.to_owned(), build, figures));
    }

    /// Returns the figures of a case: each with its value in the middle round, for each build.
    fn middle(&self, case: &str) -> Vec<(Figure, Vec<f64>)> {
        let of = |build| {
            let rounds = self.rounds.iter().filter(move |(of, by, _)| of == case && *by == build);
            rounds.map(|(.., figures)| &figures.0).collect::<Vec<_>>()
        };
        let Some(first) = of(0).first().copied() else { return Vec::new() };
        let value = |build, position: usize| {
            let rounds = of(build);
            let mut values: Vec<_> =
                rounds.iter().filter_map(|figures| Some(figures.get(position)?.value)).collect();
            values.sort_by(f64::total_cmp);
            values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
        };
        let figures = first.iter().enumerate().map(|(position, figure)| {
            let values = (0..self.builds).map(|build| value(build, position)).collect();
            (figure.clone(), values)
        });
        figures.collect()
    }

    /// Prints the table of a case.
    pub(crate) fn print(&self, case: &str) {
        println!("\n{case}");
        for (figure, values) in self.middle(case) {
            let Figure { what, unit, beside, .. } = figure;
            let mut line = format!("  {what:<52} {:>12} {unit:<10}", rounded(values[0]));
            if let [new, old] = values[..] {
                line += &format!(" baseline {:>12} ({:.2} ×)", rounded(old), new / old);
            }
            if let Some((beside, ratio)) = beside {
                line += &format!(" {ratio:.3} × {beside}");
            }
            println!("{}", line.trim_end());
        }
    }

    /// Returns everything as one JSON document.
    pub(crate) fn json(&self) -> String {
        let mut cases: Vec<&str> = self.rounds.iter().map(|(case, ..)| case.as_str()).collect();
        cases.dedup();
        let figures = |case: &str| -> Vec<Value> {
            let figures = self.middle(case).into_iter().map(|(figure, values)| {
                json!({
                    "what": figure.what,
                    "unit": figure.unit,
                    "value": values[0],
                    "baseline": values.get(1),
                    "beside": figure.beside.map(|(what, ratio)| json!({ "what": what, "ratio": ratio })),
                })
            });
            figures.collect()
        };
        let cases: serde_json::Map<_, _> =
            cases.into_iter().map(|case| (case.to_owned(), Value::from(figures(case)))).collect();
        format!("{:#}\n", json!({ "machine": self.machine.json(), "cases": cases }))
    }
}

/// Writes a number with three digits that count, or all before the point.
fn rounded(value: f64) -> String {
    let digits = match value.abs() {
        value if value >= 100.0 || value == 0.0 => 0,
        value if value >= 10.0 => 1,
        value if value >= 1.0 => 2,
        _ => 4,
    };
    format!("{value:.digits$}")
}
