//! The task of one connection: it opens it, hands it to the pool, and drives it to its end.

use std::pin::Pin;
use std::sync::{Arc, Weak};

use tokio::runtime::Handle;
use tokio::time::Instant;

use super::error::ConnectError;
use super::member::Member;
use super::state::{Effects, Order};
use super::telemetry::Connecting;
use super::{Pool, sweeper};

/// Opens a connection in a task of its own.
pub(super) fn spawn(pool: &Pool, order: Order) {
    let id = order.connection;
    let member = Arc::new(Member::new(Weak::clone(&pool.this), id));
    // Ordered from the poll of a request, and so within a runtime; if not, the member's end tells the request.
    let Ok(runtime) = Handle::try_current() else {
        return;
    };
    pool.state().set_member(id, Arc::downgrade(&member));
    let connecting = Connecting::begin(&order.route);
    let weak = Weak::clone(&pool.this);
    let opening = Box::pin(open(weak, order, Arc::clone(&member), connecting));
    let task = runtime.spawn(run(opening, member));
    pool.state().set_task(id, task.abort_handle());
    sweeper::ensure(pool, &runtime);
}

/// Opens a connection and drives it. The opening is boxed, as nothing of it is wanted for the rest of the connection's life.
async fn run<D>(opening: Pin<Box<impl Future<Output = Option<D>>>>, member: Arc<Member>)
where
    D: Future<Output = ()>,
{
    if let Some(driver) = opening.await {
        driver.await;
    }
    drop(member);
}

/// Opens a connection and hands it to the pool; what is returned drives it.
async fn open(
    pool: Weak<Pool>,
    order: Order,
    member: Arc<Member>,
    connecting: Connecting,
) -> Option<impl Future<Output = ()>> {
    let dialing = pool
        .upgrade()
        .map(|pool| pool.dialer.dial(&order.route, member))?;
    let dialed = connecting.within(dialing).await;
    let strong = pool.upgrade()?;
    let mut fx = Effects::default();
    let driver = match dialed {
        Ok(dialed) => {
            dialed.ledger.set_trust(order.route.trust.clone());
            let watch = connecting.opened(&order.route, &dialed);
            let now = Instant::now();
            let mut state = strong.state();
            let opened = (dialed.sender, dialed.ledger);
            state.set_watch(order.connection, watch.clone());
            state.opened(order.connection, opened, now, &mut fx);
            Some(watch.within(dialed.driver))
        }
        Err(error) => {
            connecting.failed(&*error);
            let error = ConnectError::failed(error);
            strong
                .state()
                .connect_failed(order.connection, &error, &mut fx);
            None
        }
    };
    strong.apply(fx);
    // The pool is not kept by its connections: it is gone with its clients.
    driver
}
