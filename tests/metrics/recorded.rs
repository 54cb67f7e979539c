//! A recorder for one test, and what it was told.

use std::cell::RefCell;
use std::collections::BTreeMap;

use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use tokio::runtime::Builder;

/// What a recorder was told. A snapshot takes what came since the one before: it is added up here.
pub struct Recorded {
    snapshotter: Snapshotter,
    told: RefCell<BTreeMap<String, f64>>,
}

impl Recorded {
    /// Plays with a recorder that hears of this thread alone, where all runs.
    pub fn during(play: impl AsyncFnOnce(&Self)) {
        let debugging = DebuggingRecorder::new();
        let recorded = Self {
            snapshotter: debugging.snapshotter(),
            told: RefCell::default(),
        };
        let _here = metrics::set_default_local_recorder(&debugging);
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(play(&recorded));
    }

    /// Everything, by the name and what stands in its label.
    pub fn all(&self) -> BTreeMap<String, f64> {
        let mut told = self.told.borrow_mut();
        for (key, _, _, value) in self.snapshotter.snapshot().into_vec() {
            let (name, labels) = key.key().clone().into_parts();
            let mut what = name.as_str().to_owned();
            for label in labels {
                what = format!("{what} {}={}", label.key(), label.value());
            }
            *told.entry(what).or_default() += match value {
                DebugValue::Counter(count) => u32::try_from(count).unwrap().into(),
                DebugValue::Gauge(value) => value.into_inner(),
                other @ DebugValue::Histogram(_) => panic!("{other:?}"),
            };
        }
        told.clone()
    }

    /// Asserts what a metric without labels is.
    #[track_caller]
    pub fn is(&self, name: &str, value: u32) {
        self.assert(name, value);
    }

    /// Asserts what a metric with a label is.
    #[track_caller]
    pub fn of(&self, name: &str, (label, named): (&str, &str), value: u32) {
        self.assert(&format!("{name} {label}={named}"), value);
    }

    #[track_caller]
    fn assert(&self, what: &str, expected: u32) {
        let all = self.all();
        let found = all.get(what).copied().unwrap_or_default();
        let is_so = (found - f64::from(expected)).abs() < 1e-9;
        assert!(is_so, "{what} is {found}, not {expected}: {all:#?}");
    }
}
