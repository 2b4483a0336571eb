//! The table: one line for each comparison.

use crate::Bench;

/// What several runs came to.
#[derive(Clone, Debug)]
pub struct Sample {
    values: Vec<f64>,
    unit: Unit,
}

/// What a value counts.
#[derive(Clone, Copy, Debug)]
pub enum Unit {
    Seconds,
    Bytes,
    PerSecond,
}

impl Sample {
    /// No runs yet.
    pub fn of(unit: Unit) -> Self {
        Self { values: Vec::new(), unit }
    }

    /// One run.
    pub fn single(unit: Unit, value: f64) -> Self {
        Self { values: vec![value], unit }
    }

    /// Takes the value of one more run.
    pub fn push(&mut self, value: f64) {
        self.values.push(value);
    }

    /// The value that as many runs are below as above.
    pub fn median(&self) -> f64 {
        let mut values = self.values.clone();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    }

    /// The mean, for what comes in steps.
    pub fn mean(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "there are few runs")]
        let count = self.values.len() as f64;
        self.values.iter().sum::<f64>() / count
    }

    /// `1.23 s (1.20..1.31)`: the median, the least and the most.
    fn shown(&self) -> String {
        let (factor, unit) = scale(self.unit, self.median());
        let number = |value: f64| significant(value / factor);
        let least = self.values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = self.values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let median = format!("{} {unit}", number(self.median()));
        if self.values.len() < 2 {
            return median;
        }
        format!("{median} ({}..{})", number(least), number(most))
    }
}

/// What a unit is shown in, and how much that is.
fn scale(unit: Unit, value: f64) -> (f64, &'static str) {
    match unit {
        Unit::Seconds if value < 1.0 => (1e-3, "ms"),
        Unit::Seconds => (1.0, "s"),
        Unit::Bytes if value >= 1e6 => (1e6, "MB"),
        Unit::Bytes => (1e3, "kB"),
        Unit::PerSecond => (1.0, "/s"),
    }
}

/// Three digits that mean something.
fn significant(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

/// What a line shall reach.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    /// memsync's median divided by its peer's.
    AtMost(f64),
    /// The same, where more is better.
    AtLeast(f64),
    /// memsync's median by itself.
    Below(f64),
    /// None: the line explains another one.
    None,
}

/// The lines that were measured so far.
pub struct Table {
    lines: Vec<[String; 7]>,
    notes: Vec<String>,
}

impl Table {
    pub fn new() -> Self {
        let head = ["work", "beside", "memsync (spread)", "peer (spread)", "ratio", "goal", ""];
        Self { lines: vec![head.map(str::to_owned)], notes: Vec::new() }
    }

    /// Adds a line, if it is wanted, and shows it at once on the way to the whole table.
    pub fn add(
        &mut self,
        bench: &Bench,
        [work, beside]: [&str; 2],
        a: &Sample,
        b: Option<&Sample>,
        goal: Goal,
    ) {
        if !bench.wants(&[work]) {
            return;
        }
        let ratio = b.map(|b| a.median() / b.median());
        let (goal, is_met) = match goal {
            Goal::AtMost(most) => (format!("<= {most}"), ratio.map(|ratio| ratio <= most)),
            Goal::AtLeast(least) => (format!(">= {least}"), ratio.map(|ratio| ratio >= least)),
            Goal::Below(limit) => (format!("< {:.0} MB", limit / 1e6), Some(a.median() < limit)),
            Goal::None => (String::new(), None),
        };
        let verdict = is_met.map_or("", |is_met| if is_met { "met" } else { "MISSED" });
        let line = [
            work.to_owned(),
            beside.to_owned(),
            a.shown(),
            b.map(Sample::shown).unwrap_or_default(),
            ratio.map(|ratio| format!("{ratio:.3}")).unwrap_or_default(),
            goal,
            verdict.to_owned(),
        ];
        println!("{}", line.join(" | "));
        self.lines.push(line);
    }

    /// Says something below the table.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// Says that lines are missing, and why.
    pub fn skip(&mut self, lines: &str, why: &str) {
        println!("SKIPPED: {lines}: {why}");
        self.note(format!("SKIPPED: {lines}: {why}"));
    }

    /// Prints all lines in columns.
    pub fn print(&self) {
        let width = |column: usize| self.lines.iter().map(|line| line[column].chars().count()).max();
        let widths: Vec<usize> = (0..7).map(|column| width(column).unwrap_or_default()).collect();
        println!();
        for line in &self.lines {
            let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            println!("{}", cells.collect::<Vec<_>>().join("  ").trim_end());
        }
        println!();
        self.notes.iter().for_each(|note| println!("{note}"));
    }
}
