//! Whoever listens to spans and events may use the client: nothing is told under a lock of the pool's.

use std::sync::{Mutex, OnceLock, mpsc};
use std::time::Duration;

use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use unstale::Client;

use crate::peer::{Peer, Script};
use crate::wire;

/// Asks the client for its counters and connections, which takes the pool's lock, whenever it is told anything.
#[derive(Default)]
struct Curious {
    client: OnceLock<Client>,
    told: Mutex<u64>,
}

impl Curious {
    fn ask(&self) {
        if let Some(client) = self.client.get() {
            let _seen = (client.counters(), client.connections());
            *self.told.lock().unwrap() += 1;
        }
    }
}

impl<S: Subscriber> Layer<S> for &'static Curious {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        if metadata.target() == "unstale" {
            self.ask();
        }
        true
    }

    fn register_callsite(&self, _: &'static Metadata<'static>) -> tracing::subscriber::Interest {
        // So that it is asked every time.
        tracing::subscriber::Interest::sometimes()
    }

    fn on_new_span(&self, _: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        self.ask();
    }

    fn on_record(&self, _: &Id, _: &Record<'_>, _: Context<'_, S>) {
        self.ask();
    }

    fn on_follows_from(&self, _: &Id, _: &Id, _: Context<'_, S>) {
        self.ask();
    }

    fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {
        self.ask();
    }

    fn on_enter(&self, _: &Id, _: Context<'_, S>) {
        self.ask();
    }

    fn on_exit(&self, _: &Id, _: Context<'_, S>) {
        self.ask();
    }

    fn on_close(&self, _: Id, _: Context<'_, S>) {
        self.ask();
    }

    fn on_id_change(&self, _: &Id, _: &Id, _: Context<'_, S>) {
        self.ask();
    }
}

/// Every kind of thing there is to tell of: opened, reused, lost and sent again, found dead, not to be opened, closed.
async fn live(curious: &'static Curious) {
    let peer = Peer::start(crate::peer::Tls::Off, |n| match n {
        0 => Script::new().serve().serve().read_all().execute().rst(),
        1 => Script::new()
            .serve()
            .wait("go")
            .fin()
            .signal("fin")
            .discard(),
        _ => Script::serve_forever(),
    });
    let client = Client::builder().no_proxy().max_connections_per_host(1);
    let client = curious.client.get_or_init(|| client.build().unwrap());
    let get = async || {
        let response = client.get(peer.url("/")).await.unwrap();
        response.into_body().bytes().await.unwrap();
        wire::settle().await;
    };
    for _ in 0..3 {
        get().await;
    }
    peer.go("go");
    peer.reached("fin");
    tokio::join!(get(), get(), get());
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nowhere = format!("http://{}/", closed.local_addr().unwrap());
    drop(closed);
    client.get(nowhere).await.unwrap_err();
    client.close().await;
    wire::settle().await;
}

#[test]
fn whoever_listens_may_ask_the_client_about_itself() {
    let (done, ended) = mpsc::channel();
    std::thread::spawn(move || {
        let curious: &'static Curious = Box::leak(Box::default());
        let subscriber = tracing_subscriber::registry().with(curious);
        tracing::subscriber::with_default(subscriber, || {
            let runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = { runtime }.enable_all().build().unwrap();
            runtime.block_on(live(curious));
        });
        done.send(*curious.told.lock().unwrap()).unwrap();
    });
    let told = ended.recv_timeout(Duration::from_secs(30));
    assert!(told.expect("it waits for itself") > 50, "{told:?}");
}
