//! Connections opened by a connector of the caller's own, with its type forgotten.

use std::fmt;
use std::sync::Arc;

use http::Uri;
use hyper::rt::{Read, Write};
use hyper_util::client::legacy::connect::Connection;
use tower_service::Service;

use super::{BoxError, connect};
use crate::client::pooled::{Handshake, Protocols};
use crate::pool::{Dialing, Member, Route};

/// A connector of the caller's own.
#[derive(Clone)]
pub(crate) struct Custom(Arc<dyn Open>);

trait Open: Send + Sync {
    fn open(&self, route: Arc<Route>, protocols: Arc<Protocols>, member: Arc<Member>) -> Dialing;
}

struct By<C>(C);

impl Custom {
    pub(crate) fn new<C>(connector: C) -> Self
    where
        C: Service<Uri> + Clone + Send + Sync + 'static,
        C::Response: Connection + Read + Write + Unpin + Send + 'static,
        C::Error: Into<BoxError>,
        C::Future: Send + 'static,
    {
        Self(Arc::new(By(connector)))
    }

    pub(super) fn open(
        &self,
        route: &Arc<Route>,
        protocols: Arc<Protocols>,
        member: Arc<Member>,
    ) -> Dialing {
        self.0.open(Arc::clone(route), protocols, member)
    }
}

impl<C> Open for By<C>
where
    C: Service<Uri> + Clone + Send + Sync + 'static,
    C::Response: Connection + Read + Write + Unpin + Send + 'static,
    C::Error: Into<BoxError>,
    C::Future: Send + 'static,
{
    fn open(&self, route: Arc<Route>, protocols: Arc<Protocols>, member: Arc<Member>) -> Dialing {
        let mut connector = self.0.clone();
        Box::pin(async move {
            let io = connect(&mut connector, route.uri.clone()).await?;
            let handshake = Handshake {
                protocols: &protocols,
                speaks: route.speaks,
                member,
            };
            handshake.on(io).await
        })
    }
}

impl fmt::Debug for Custom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Custom")
    }
}
