//! Moments as Python writes and reads them.

/// `datetime.utcfromtimestamp(seconds).isoformat() + "Z"`: microseconds where there are any.
pub(crate) fn iso(seconds: f64) -> String {
    let timestamp = at(seconds);
    let whole = timestamp.subsec_nanosecond() == 0;
    timestamp.strftime(if whole { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%S.%6fZ" }).to_string()
}

/// `time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))`: whole seconds alone.
pub(super) fn iso_seconds(seconds: f64) -> String {
    at(seconds.floor()).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Reads what either of them wrote.
pub(super) fn seconds(iso: &str) -> Option<f64> {
    let moment: jiff::Timestamp = iso.parse().ok()?;
    Some(moment.as_duration().as_secs_f64())
}

/// The moment to the microsecond, as Python rounds it; far beyond any calendar it is the epoch.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a count of microseconds that fits is whole, and others are cut"
)]
fn at(seconds: f64) -> jiff::Timestamp {
    let (whole, part) = (seconds.trunc(), seconds.fract());
    let microseconds =
        (whole as i64).saturating_mul(1_000_000).saturating_add((part * 1e6).round_ties_even() as i64);
    jiff::Timestamp::from_microsecond(microseconds).unwrap_or_default()
}
