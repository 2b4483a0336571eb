//! Moments as the service stores them.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// Seconds since 1970 in UTC, with a fraction: the service's `REAL` columns, kept to the last bit.
#[derive(Clone, Copy, Debug)]
pub struct Timestamp(f64);

impl Timestamp {
    /// Takes any finite number of seconds; `None` for what is no moment (NaN, infinities).
    #[must_use]
    pub fn new(seconds: f64) -> Option<Self> {
        // Adding zero turns -0.0 into 0.0, which prints and compares as one value.
        seconds.is_finite().then_some(Self(seconds + 0.0))
    }

    /// Seconds since 1970 in UTC.
    #[must_use]
    pub fn seconds(self) -> f64 {
        self.0
    }
}

impl PartialEq for Timestamp {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Timestamp {}

impl PartialOrd for Timestamp {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timestamp {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl fmt::Display for Timestamp {
    /// The shortest decimal text that reads back as the same number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromStr for Timestamp {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        text.parse().ok().and_then(Self::new).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_reads_the_same_from_json_as_from_text_and_from_the_database() {
        // serde_json's usual way to read a number may be off by the last digit, which would look like a change.
        for step in 0..10_000 {
            let moment = Timestamp::new(1.7e9 + f64::from(step) * 1.000_123_456_789).unwrap();
            let text = moment.to_string();
            assert_eq!(text.parse(), Ok(moment));
            assert_eq!(serde_json::from_str(&text).ok().and_then(Timestamp::new), Some(moment), "{text}");
        }
    }

    #[test]
    fn a_moment_is_any_finite_number_and_zero_is_one_value() {
        for seconds in [0.0, -1.5, 1_712_345_678.25, f64::MAX] {
            assert_eq!(Timestamp::new(seconds).unwrap().seconds().to_bits(), seconds.to_bits());
        }
        for none in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(Timestamp::new(none), None);
        }
        let moment = |seconds| Timestamp::new(seconds).unwrap();
        assert_eq!(moment(-0.0), moment(0.0));
        assert_eq!(moment(-0.0).to_string(), "0");
        assert!(moment(-2.0) < moment(-1.0) && moment(-1.0) < moment(0.5) && moment(1.0) != moment(1.5));
        assert_eq!("soon".parse::<Timestamp>(), Err(()));
        assert_eq!("NaN".parse::<Timestamp>(), Err(()));
    }
}
