//! A link to somewhere far away, to play with: delay, loss and black holes, as typed. Linux, as root.
//!
//! ```text
//! cargo run --example wan -- 20 python3 -m http.server --bind {address} 8000
//! ```
//!
//! makes a link with a round trip of 20 ms, starts the command at its other end, with the address there in the place of
//! `{address}`, and says what the address is; without a command it starts nothing. Then any program of this machine can
//! connect to that address, while lines typed here change the link:
//!
//! ```text
//! delay 100         each way takes 100 ms          loss 1 0      1 % are lost on the way in, 0 % on the way out
//! jitter 5          and up to 5 ms more            reorder 10 5  10 % are held back for 5 ms
//! blackhole         swallow everything             cut in        swallow one way alone (`in` or `out`)
//! heal              let everything pass again      stats         the packets so far
//! record            keep what is sent from now on  packets       and show it
//! quit              end, and the command with it
//! ```

#[cfg(target_os = "linux")]
#[allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    unused_imports,
    reason = "shared with tests, and used in part"
)]
#[path = "../tests/wan/lab/mod.rs"]
mod lab;

#[cfg(target_os = "linux")]
fn main() {
    play::run();
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("network namespaces and TUN devices are Linux's");
}

#[cfg(target_os = "linux")]
mod play {
    //! The command line.

    use std::io::BufRead;
    use std::process::{Child, Command};
    use std::str::FromStr;
    use std::time::Duration;

    use crate::lab::{Conditions, Link, Way};

    pub(crate) fn run() {
        let mut arguments = std::env::args().skip(1);
        let round_trip = arguments.next().map_or(Ok(20.0), |first| first.parse());
        let Ok(round_trip) = round_trip else {
            return eprintln!("usage: wan [ROUND_TRIP_IN_MS [COMMAND…]]");
        };
        let conditions = Conditions::round_trip(millis(round_trip));
        let link = Link::start(conditions);
        println!(
            "this side {}, the other side {}",
            link.here(),
            link.address()
        );
        let _command = Running(start(&link, arguments.collect()));
        let mut each_way = [conditions; 2];
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                [] => {}
                ["quit"] => break,
                words => {
                    if obey(&link, &mut each_way, words).is_none() {
                        println!(
                            "not understood; the commands stand at the top of examples/wan.rs"
                        );
                    }
                }
            }
        }
    }

    /// Starts the command inside, if there is one.
    fn start(link: &Link, words: Vec<String>) -> Option<Child> {
        let address = link.address().to_string();
        let mut words = words
            .into_iter()
            .map(|word| word.replace("{address}", &address));
        let program = words.next()?;
        let mut command = Command::new(&program);
        command.args(words).stdin(std::process::Stdio::null());
        match link.inside(|| command.spawn()) {
            Ok(child) => Some(child),
            Err(error) => {
                println!("{program} could not be started: {error}");
                None
            }
        }
    }

    /// The command inside, which ends with the link.
    struct Running(Option<Child>);

    impl Drop for Running {
        fn drop(&mut self) {
            if let Some(child) = &mut self.0 {
                // Killed outright, many servers would leave their workers behind.
                let _ = Command::new("kill").arg(child.id().to_string()).status();
                let _ = child.wait();
            }
        }
    }

    fn obey(link: &Link, each_way: &mut [Conditions; 2], words: &[&str]) -> Option<()> {
        let mut change = |change: &dyn Fn(Conditions, usize) -> Conditions| {
            for (n, way) in Way::BOTH.into_iter().enumerate() {
                if let Some(conditions) = each_way.get_mut(n) {
                    *conditions = change(*conditions, n);
                    link.set(way, *conditions);
                }
            }
        };
        match words {
            ["delay", time] => {
                let time = millis(number(time)?);
                change(&|conditions, _| conditions.with_delay(time));
            }
            ["jitter", time] => {
                let time = millis(number(time)?);
                change(&|conditions, _| conditions.with_jitter(time));
            }
            ["loss", inward, outward] => {
                let shares = [number(inward)? / 100.0, number(outward)? / 100.0];
                change(&|conditions, n| {
                    conditions.with_loss(shares.into_iter().nth(n).unwrap_or_default())
                });
            }
            ["reorder", percent, time] => {
                let (share, time) = (number(percent)? / 100.0, millis(number(time)?));
                change(&|conditions, _| conditions.with_reordering(share, time));
            }
            ["blackhole"] => link.black_hole(),
            ["cut", "in"] => link.cut(Way::In),
            ["cut", "out"] => link.cut(Way::Out),
            ["heal"] => link.heal(),
            ["stats"] => {
                for way in Way::BOTH {
                    println!("{way:?}: {:?}", link.counters(way));
                }
            }
            ["record"] => link.record(),
            ["packets"] => link
                .recorded()
                .iter()
                .for_each(|packet| println!("{packet}")),
            _ => return None,
        }
        Some(())
    }

    /// A number that is not negative.
    fn number(word: &str) -> Option<f64> {
        f64::from_str(word)
            .ok()
            .filter(|number| (0.0..1e6).contains(number))
    }

    fn millis(number: f64) -> Duration {
        Duration::from_secs_f64(number / 1000.0)
    }
}
