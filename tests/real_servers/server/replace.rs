//! Others take the place of the processes that serve, while a client has connections to them.
//!
//! Apart from the server itself because it looks at the client: a request that loses two connections in a row is allowed to
//! fail, so the next ones are not replaced before every connection from before has ended.

use std::collections::HashSet;
use std::time::Duration;

use tokio::time::{sleep, timeout};
use unstale::{Client, Connection};

use super::{PATIENCE, Server};

/// How often it is looked at whether all has ended.
const STEP: Duration = Duration::from_millis(10);

/// How long a server may take before it is told again: Apache loses a signal that comes while it is at the one before.
const HEARD: Duration = Duration::from_secs(5);

/// And how often it is told at most.
const TOLD: usize = 4;

impl Server {
    /// Reloads, and waits until every connection of the client from before has ended.
    ///
    /// # Panics
    ///
    /// If one outlives the reload.
    pub(crate) async fn replace(&self, client: &Client) {
        let numbers = || {
            client
                .connections()
                .iter()
                .map(Connection::number)
                .collect()
        };
        let before: HashSet<u64> = numbers();
        for _ in 0..TOLD {
            self.reload();
            let all_have_ended = async {
                while !before.is_disjoint(&numbers()) {
                    sleep(STEP).await;
                }
            };
            if timeout(HEARD, all_have_ended).await.is_ok() {
                return;
            }
        }
        panic!(
            "a connection outlives the reloads: {}",
            client.connections()
        );
    }

    /// Stops gracefully, is gone for that long, and starts again with what it was started with.
    #[allow(dead_code, reason = "for `tests/proxy`, which shares this file")]
    pub(crate) async fn restart(&mut self, gone: Duration) {
        self.stop().await;
        sleep(gone).await;
        self.child = self.program.run(&self.site);
        let accepts = self.wait_until_it_accepts();
        timeout(PATIENCE, accepts).await.expect("it starts again");
    }
}
