//! What a server says by itself: the field `Keep-Alive` of a response (RFC 2068 section 19.7.1, as servers send it today).
//!
//! Read as far as it makes sense. What is no number is passed over, as is every parameter of another name; of several that
//! contradict each other the strictest counts.

use std::time::Duration;

/// What a response says of its connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hint {
    /// `timeout`: for how long the server keeps it when it is idle.
    pub(crate) timeout: Option<Duration>,
    /// `max`: how many exchanges it may carry yet.
    pub(crate) max: Option<u64>,
}

impl Hint {
    /// Reads all fields of the name.
    pub(crate) fn parse<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hint = Self::default();
        for value in values {
            for parameter in value.split(|byte| matches!(byte, b',' | b';')) {
                hint.add(parameter);
            }
        }
        hint
    }

    fn add(&mut self, parameter: &[u8]) {
        let Some(at) = parameter.iter().position(|byte| *byte == b'=') else {
            return;
        };
        let (name, value) = parameter.split_at(at);
        let Some(number) = value.get(1..).and_then(number) else {
            return;
        };
        let name = name.trim_ascii();
        if name.eq_ignore_ascii_case(b"timeout") {
            let timeout = Duration::from_secs(number.min(u32::MAX.into()));
            self.timeout = Some(self.timeout.map_or(timeout, |known| known.min(timeout)));
        } else if name.eq_ignore_ascii_case(b"max") {
            self.max = Some(self.max.map_or(number, |known| known.min(number)));
        }
    }
}

/// A number of digits alone, in quotes or not; one that is too large counts as the largest there is.
fn number(text: &[u8]) -> Option<u64> {
    let text = text.trim_ascii();
    let text = text
        .strip_prefix(b"\"")
        .and_then(|text| text.strip_suffix(b"\""))
        .unwrap_or(text);
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let add = |sum: u64, digit: &u8| {
        sum.saturating_mul(10)
            .saturating_add(u64::from(digit - b'0'))
    };
    Some(text.iter().fold(0, add))
}
