//! Everything that is done with one URL, in order.
//!
//! Apart from the parts, which it puts together. Invariant: what is done is what was announced: so many connections at once
//! and in all, so many requests, so much time.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::arguments::{Options, Speak};
use crate::connection::Protocol;
use crate::failure::Failure;
use crate::findings::Findings;
use crate::line::{Dialer, Roots};
use crate::plan::Bounds;
use crate::progress::Screen;
use crate::quota::{Asking, Spoken};
use crate::survey::Survey;
use crate::target::Target;

/// Connections in all, for each that is open at once.
const IN_ALL: usize = 5;

/// Ctrl-C.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt(watch::Receiver<bool>);

impl Interrupt {
    /// From now on Ctrl-C ends nothing but the probe; a second one ends the process.
    pub(crate) fn listen() -> Self {
        let (sender, receiver) = watch::channel(false);
        tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                let _ = sender.send(true);
                if tokio::signal::ctrl_c().await.is_ok() {
                    std::process::exit(130);
                }
            }
            // Nobody listens, and nobody comes.
            std::future::pending::<()>().await;
        });
        Self(receiver)
    }

    pub(crate) fn has_come(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits for it.
    pub(crate) async fn come(&self) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|come| *come).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// What is known of a server, by each protocol that it speaks.
pub(crate) type Probed = Result<Vec<Findings>, Failure>;

/// Probes one URL.
pub(crate) async fn run(url: &str, options: &Options, interrupt: &Interrupt) -> Probed {
    let target = Target::parse(url)?;
    let roots = Roots::with(options.cacert.as_deref())?;
    let screen = Screen::new(options.quiet);
    let finding = async {
        let dialer = Dialer::find(target, options.patience, roots).await?;
        let spoken = spoken(&dialer, options.protocol).await?;
        Ok((Arc::new(dialer), spoken))
    };
    let (dialer, (one, other)) = tokio::select! {
        found = finding => found?,
        () = interrupt.come() => return Err(Failure::Interrupted),
    };
    let protocols = [Some(one.0), other.as_ref().map(|other| other.0)];
    screen.say(&announcement(url, &dialer, protocols, options));
    let probe = |at_once| Probe {
        dialer: Arc::clone(&dialer),
        at_once,
        options,
        screen: &screen,
        interrupt,
    };
    let Some(other) = other else {
        return Ok(vec![probe(options.connections).run(one).await?]);
    };
    // HTTP/1 gets the greater part, as there is more to be found out.
    let few = (options.connections * 3 / 8).max(2);
    let most = probe(options.connections - few);
    match tokio::join!(most.run(one), probe(few).run(other)) {
        (Ok(one), Ok(other)) => Ok(vec![one, other]),
        (Ok(only), Err(failure)) | (Err(failure), Ok(only)) => {
            screen.say(&failure.to_string());
            Ok(vec![only])
        }
        (Err(failure), Err(_)) => Err(failure),
    }
}

/// What the server speaks, of what was asked for, with a connection for each.
async fn spoken(dialer: &Dialer, speak: Speak) -> Result<(Spoken, Option<Spoken>), Failure> {
    let only = match speak {
        Speak::Auto if dialer.target.is_tls => None,
        Speak::Auto | Speak::Http1 => Some(Protocol::Http1),
        Speak::Http2 => Some(Protocol::Http2),
    };
    if let Some(protocol) = only {
        return Ok(((protocol, dialer.open(&[protocol]).await?), None));
    }
    let line = dialer.open(&[Protocol::Http2, Protocol::Http1]).await?;
    if line.chosen != Some(Protocol::Http2) {
        return Ok(((Protocol::Http1, line), None));
    }
    let by_http2 = (Protocol::Http2, line);
    // Without HTTP/1 in common the handshake fails, or nothing is chosen.
    match dialer.open(&[Protocol::Http1]).await {
        Ok(line) if line.chosen.is_some() => Ok(((Protocol::Http1, line), Some(by_http2))),
        _ => Ok((by_http2, None)),
    }
}

fn announcement(
    url: &str,
    dialer: &Dialer,
    protocols: [Option<Protocol>; 2],
    options: &Options,
) -> String {
    let spoken = protocols.iter().flatten().map(ToString::to_string);
    let spoken: Vec<_> = spoken.collect();
    let bounds = Bounds {
        longest: options.longest,
        at_once: options.connections,
        in_all: options.connections * IN_ALL,
        patience: options.patience,
    };
    format!(
        "{url} ({}), {}: up to {} connections at once and {} in all, each idle for up to {}; up to {} requests over one of them. \
         This takes as long as the server keeps connections, {} as a rule and {} at most. Ctrl-C shows what is known by then.",
        dialer.addr(),
        spoken.join(" and "),
        bounds.at_once,
        bounds.in_all,
        seconds(bounds.longest),
        options.requests,
        seconds(bounds.longest + Duration::from_secs(1)),
        seconds(bounds.end()),
    )
}

fn seconds(time: Duration) -> String {
    format!("{:.0} s", time.as_secs_f64())
}

/// A server by one protocol.
struct Probe<'a> {
    dialer: Arc<Dialer>,
    at_once: usize,
    options: &'a Options,
    screen: &'a Screen,
    interrupt: &'a Interrupt,
}

impl Probe<'_> {
    async fn run(self, spoken: Spoken) -> Result<Findings, Failure> {
        let begun = Instant::now();
        let protocol = spoken.0;
        let (asking, first) = tokio::select! {
            begun = Asking::begin(&self.dialer, spoken, self.options.head) => begun?,
            () = self.interrupt.come() => return Err(Failure::Interrupted),
        };
        let ask = first.ask;
        let progress = self.screen.begin(protocol, self.options.longest);
        let survey = Survey {
            dialer: Arc::clone(&self.dialer),
            protocol,
            ask,
            bounds: Bounds {
                longest: self.options.longest,
                at_once: self.at_once - 1,
                in_all: self.at_once * IN_ALL - 1,
                patience: self.options.patience,
            },
            progress: &progress,
        };
        let until = begun + self.options.longest;
        let asking = async {
            tokio::select! {
                quota = asking.on(self.options.requests, until, ask) => Some(quota),
                () = self.interrupt.come() => None,
            }
        };
        let (quota, surveyed) = tokio::join!(asking, survey.run(self.interrupt));
        let about = (protocol, self.dialer.addr());
        let took = begun.elapsed();
        Ok(Findings::of(about, first, quota, surveyed, took))
    }
}
