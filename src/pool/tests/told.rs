//! What an observer is told, and that its own faults stay its own.

use super::*;

/// Says whatever it is told, and panics if it is to.
#[derive(Debug, Default)]
struct Listener {
    heard: Arc<Mutex<Vec<String>>>,
    panics: bool,
}

impl Listener {
    fn hear(&self, what: String) {
        self.heard.lock().push(what);
        assert!(!self.panics, "on purpose: an observer fails");
    }
}

impl Observer for Listener {
    fn opened(&self, origin: &str, _: u64) {
        self.hear(format!("opened {origin}"));
    }

    fn reused(&self, origin: &str, _: u64) {
        self.hear(format!("reused {origin}"));
    }

    fn discarded(&self, origin: &str, _: u64, reason: DiscardReason) {
        self.hear(format!("discarded {origin} {reason:?}"));
    }

    fn closed(&self, origin: &str, _: u64) {
        self.hear(format!("closed {origin}"));
    }
}

fn observed(panics: bool) -> (Arc<Pool>, Arc<Mutex<Vec<String>>>) {
    let listener = Listener {
        panics,
        ..Listener::default()
    };
    let heard = Arc::clone(&listener.heard);
    let pool = Pool::new(
        Settings::default(),
        Box::new(InMemory),
        None,
        Some(Arc::new(listener)),
    );
    (pool, heard)
}

/// What is told of one connection that is used twice and then given up in a panic.
const A_LIFE: [&str; 4] = [
    "opened http://a",
    "reused http://a",
    "discarded http://a Canceled",
    "closed http://a",
];

async fn live(pool: &Arc<Pool>) {
    let first = lease(pool, "a").await;
    settle().await;
    give_back(first);
    settle().await;
    let second = lease(pool, "a").await;
    let task = tokio::spawn(async move {
        let _second = second;
        panic!("on purpose: the consumer of a response fails");
    });
    assert!(task.await.unwrap_err().is_panic());
    settle().await;
}

#[tokio::test]
async fn an_observer_is_told_of_a_connections_life_in_order() {
    let (pool, heard) = observed(false);
    live(&pool).await;
    assert_eq!(*heard.lock(), A_LIFE);
}

#[tokio::test]
async fn an_observer_that_panics_even_during_a_panic_harms_nobody() {
    let (pool, heard) = observed(true);
    live(&pool).await;
    let heard = heard.lock().clone();
    assert_eq!(heard, A_LIFE);
    assert!(!lease(&pool, "a").await.is_reused, "the pool goes on");
}
