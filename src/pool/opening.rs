//! The task that opens one connection, and hands it to the pool and to the task that drives it to its end.

use std::sync::{Arc, Weak};

use tokio::runtime::Handle;
use tokio::time::Instant;

use super::error::ConnectError;
use super::member::Member;
use super::state::{Effects, Order};
use super::telemetry::Connecting;
use super::{Pool, sweeper, telemetry};

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
    let task = runtime.spawn(open(Weak::clone(&pool.this), order, member, connecting));
    // On another thread it may be open by now, and have a task that drives it.
    pool.state().set_opening_task(id, task.abort_handle());
    sweeper::ensure(pool, &runtime);
}

/// Opens a connection and hands it to the pool, and to a task that drives it: of what opens it, nothing is kept.
async fn open(pool: Weak<Pool>, order: Order, member: Arc<Member>, connecting: Connecting) {
    let dialing = pool
        .upgrade()
        .map(|pool| pool.dialer.dial(&order.route, Arc::clone(&member)));
    let Some(dialing) = dialing else {
        return;
    };
    let dialed = connecting.within(dialing).await;
    // The pool is not kept by its connections: it is gone with its clients.
    let Some(pool) = pool.upgrade() else {
        return;
    };
    let mut fx = Effects::default();
    match dialed {
        Ok(dialed) => {
            dialed.ledger.set_trust(order.route.trust.clone());
            let watch = connecting.opened(&order.route, &dialed);
            let task = dialed.driver.spawn(watch.clone(), &Handle::current());
            let now = Instant::now();
            let mut state = pool.state();
            state.set_watch(order.connection, watch);
            state.set_task(order.connection, task);
            let opened = (dialed.sender, dialed.ledger);
            state.opened(order.connection, opened, now, &mut fx);
        }
        Err(error) => {
            telemetry::failed(connecting, &*error);
            let error = ConnectError::failed(error);
            pool.state()
                .connect_failed(order.connection, &error, &mut fx);
        }
    }
    pool.apply(fx);
    drop(member);
}
