//! Moments as text, as the service writes them beside its `REAL` columns.

use jiff::tz::TimeZone;

use crate::object::Timestamp;

const MICROSECONDS: f64 = 1_000_000.0;

/// The text that Python's `datetime.utcfromtimestamp(seconds).isoformat() + "Z"` gives: microseconds, rounded
/// half to even and left out where there are none. `None` outside the years 1 to 9999, where Python has no
/// text either.
pub(crate) fn format(moment: Timestamp) -> Option<String> {
    let whole = moment.seconds().floor();
    let mut micros = ((moment.seconds() - whole) * MICROSECONDS).round_ties_even();
    let mut seconds = whole;
    if micros >= MICROSECONDS {
        (seconds, micros) = (seconds + 1.0, 0.0);
    }
    #[expect(clippy::cast_possible_truncation, reason = "a saturated number is out of range and refused")]
    let moment = jiff::Timestamp::new(seconds as i64, micros as i32 * 1000).ok()?;
    let civil = TimeZone::UTC.to_datetime(moment);
    let text = civil.strftime(if micros > 0.0 { "%Y-%m-%dT%H:%M:%S.%6fZ" } else { "%Y-%m-%dT%H:%M:%SZ" });
    (civil.year() >= 1).then(|| text.to_string())
}

/// The same to the second, what is left over cut off: how the service writes moments into its event log and
/// into memories that came through it.
pub(super) fn format_seconds(moment: Timestamp) -> Option<String> {
    format(Timestamp::new(moment.seconds().floor()).expect("a floor is as finite"))
}

/// Reads a moment that names its distance from UTC; without one it could be any zone's.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let moment: jiff::Timestamp = text.parse().ok()?;
    Timestamp::new(moment.as_duration().as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_read_as_python_writes_them() {
        let text = |seconds| format(Timestamp::new(seconds).unwrap()).unwrap_or_default();
        let all = [
            1_795_363_997.345_302,
            1_795_363_999.584_974_5,
            1_712_345_678.0,
            0.999_999_7,
            -0.000_001,
            -62_135_596_800.0,
            -62_135_596_801.0,
            253_402_300_800.0,
            1e300,
        ];
        insta::assert_debug_snapshot!(all.map(text), @r#"
        [
            "2026-11-22T16:13:17.345302Z",
            "2026-11-22T16:13:19.584975Z",
            "2024-04-05T19:34:38Z",
            "1970-01-01T00:00:01Z",
            "1969-12-31T23:59:59.999999Z",
            "0001-01-01T00:00:00Z",
            "",
            "",
            "",
        ]
        "#);
    }

    #[test]
    fn only_a_moment_with_its_zone_is_read() {
        assert_eq!(parse("2024-04-05T19:34:38.25Z"), Timestamp::new(1_712_345_678.25));
        assert_eq!(parse("2024-04-05T21:34:38.25+02:00"), Timestamp::new(1_712_345_678.25));
        assert_eq!(parse("2024-04-05T19:34:38"), None);
        assert_eq!(parse("yesterday"), None);
    }
}
