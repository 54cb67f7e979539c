//! The axis of idle ages, for charts of both kinds.
//!
//! Apart so that both have the same. Invariant: the ticks are round numbers, and everything that was observed lies on it.

use crate::findings::Findings;

/// From 0 to `end` seconds, with a tick each `step`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Axis {
    pub(super) end: f64,
    pub(super) step: f64,
}

impl Axis {
    pub(super) fn of(findings: &Findings) -> Self {
        let oldest = findings.observations.last();
        Self::to(oldest.map_or(1.0, |oldest| oldest.age.as_secs_f64()))
    }

    /// A little longer than `seconds`, with four to ten ticks.
    fn to(seconds: f64) -> Self {
        let end = seconds.max(0.01) * 1.12;
        let power = 10_f64.powf((end / 10.0).log10().ceil());
        let steps = [power / 5.0, power / 2.0, power];
        let wide = |step: &&f64| end / **step <= 9.0;
        let step = steps.iter().find(wide).copied().unwrap_or(power);
        Self { end, step }
    }

    /// The ticks, each with its text.
    pub(super) fn ticks(self) -> impl Iterator<Item = (f64, String)> {
        let decimals = if self.step >= 1.0 {
            0
        } else {
            1 + usize::from(self.step < 0.1)
        };
        (0..)
            .map(move |n| f64::from(n) * self.step)
            .take_while(move |at| *at <= self.end)
            .map(move |at| (at, format!("{at:.decimals$}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_some_ticks_and_not_too_many() {
        for tenths in 1..5000_u32 {
            let axis = Axis::to(f64::from(tenths) / 10.0);
            let ticks: Vec<_> = axis.ticks().collect();
            assert!((4..=10).contains(&ticks.len()), "{axis:?}: {ticks:?}");
            assert_ne!(ticks[0].1, ticks[1].1);
        }
    }
}
