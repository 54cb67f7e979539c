//! The task of one connection: it opens it, hands it to the pool, and drives it to its end.

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
    let task = runtime.spawn(run(Weak::clone(&pool.this), order, member, connecting));
    pool.state().set_task(id, task.abort_handle());
    sweeper::ensure(pool, &runtime);
}

async fn run(pool: Weak<Pool>, order: Order, member: Arc<Member>, connecting: Connecting) {
    let Some(dialing) = pool
        .upgrade()
        .map(|pool| pool.dialer.dial(&order.route, Arc::clone(&member)))
    else {
        return;
    };
    let dialed = connecting.within(dialing).await;
    let Some(strong) = pool.upgrade() else {
        return;
    };
    let mut fx = Effects::default();
    let driver = match dialed {
        Ok(dialed) => {
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
    // A pool is gone with its clients, not with its connections.
    drop(strong);
    if let Some(driver) = driver {
        driver.await;
    }
    drop(member);
}
