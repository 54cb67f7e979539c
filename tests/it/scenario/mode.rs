//! The columns that every row is played in: the client, the wire and the runtime.

use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use crate::client::Stack;
use crate::peer::Tls;

/// Which of tokio's runtimes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    CurrentThread,
    MultiThread,
}

/// One column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode {
    pub stack: Stack,
    pub tls: Tls,
    pub flavour: Flavour,
}

const WIRES: [Tls; 3] = [
    Tls::Off,
    Tls::V13 { close_notify: true },
    Tls::V13 {
        close_notify: false,
    },
];

const TLS12: [Tls; 2] = [
    Tls::V12 { close_notify: true },
    Tls::V12 {
        close_notify: false,
    },
];

/// Far longer than any play takes.
const LONGEST: Duration = Duration::from_secs(120);

impl Mode {
    /// Cleartext, TLS 1.3 with and without `close_notify`; on either runtime.
    pub fn all() -> Vec<Self> {
        Self::on_both(&WIRES)
    }

    /// This runtime; of the rest nothing is asked.
    pub fn of(flavour: Flavour) -> Self {
        Self {
            stack: Stack::BOTH[1],
            tls: Tls::Off,
            flavour,
        }
    }

    /// TLS 1.2, for a sample of the rows.
    pub fn tls12() -> Vec<Self> {
        Self::on_both(&TLS12)
    }

    /// These wires, on either runtime.
    pub fn on_both(wires: &[Tls]) -> Vec<Self> {
        let flavours = [Flavour::CurrentThread, Flavour::MultiThread];
        let each = |stack, tls| {
            flavours.map(|flavour| Self {
                stack,
                tls,
                flavour,
            })
        };
        Stack::BOTH
            .iter()
            .flat_map(|&stack| wires.iter().flat_map(move |&tls| each(stack, tls)))
            .collect()
    }

    /// Runs this for each of the modes, side by side: most of what a play does is wait.
    pub fn each(modes: &[Self], run: impl Fn(Self) + Sync) {
        let run = &run;
        std::thread::scope(|threads| {
            let started: Vec<_> = modes
                .iter()
                .map(|&mode| threads.spawn(move || run(mode)))
                .collect();
            for thread in started {
                if let Err(failed) = thread.join() {
                    std::panic::resume_unwind(failed);
                }
            }
        });
    }

    /// Runs a play as a task of a runtime of this kind, and drops the runtime.
    ///
    /// `unpolled`: one worker only, which looks for what the sockets have to say when it has nothing else to do, and never
    /// before. So a play that blocks it and goes on at once is sure that nothing was polled in between.
    pub fn run<T: Send + 'static>(
        self,
        unpolled: bool,
        play: impl Future<Output = T> + Send + 'static,
    ) -> T {
        let runtime = self.runtime(unpolled);
        let task = runtime.spawn(play);
        // A hang is a failure with a name, not a test run that never ends.
        let ended = runtime.block_on(async { tokio::time::timeout(LONGEST, task).await });
        match ended.unwrap_or_else(|_| panic!("{self:?} hangs")) {
            Ok(output) => output,
            Err(failed) => std::panic::resume_unwind(failed.into_panic()),
        }
    }

    fn runtime(self, unpolled: bool) -> Runtime {
        let mut builder = match self.flavour {
            Flavour::CurrentThread => Builder::new_current_thread(),
            Flavour::MultiThread => Builder::new_multi_thread(),
        };
        builder.worker_threads(if unpolled { 1 } else { 2 });
        if unpolled {
            builder.event_interval(u32::MAX);
        }
        builder.enable_all().build().unwrap()
    }
}
