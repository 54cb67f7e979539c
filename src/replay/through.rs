//! A tower service as a carrier: it gets the whole request, with the token in its body and what it asks for in its extensions.

use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::request::Parts;
use http::{Request, Response};
use tower_service::Service;

use crate::body::ReplayBody;
use crate::carrier::{Carrier, Load};

/// Carries requests through a service.
#[derive(Debug)]
pub(super) struct Through<S>(pub(super) S);

impl<S, B, R> Carrier<B> for Through<S>
where
    S: Service<Request<ReplayBody<B>>, Response = Response<R>>,
{
    type Body = R;
    type Error = S::Error;
    type Attempt = Option<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(cx)
    }

    #[inline]
    fn begin(&mut self, head: &mut Parts, load: Load<B>, mut attempt: Pin<&mut Self::Attempt>) {
        let Load {
            mut body,
            token,
            fresh,
            recent,
            is_kept,
        } = load;
        if let Some(token) = token {
            body.mark(token);
        }
        let mut request = if is_kept {
            Request::from_parts(head.clone(), body)
        } else {
            give_away(head, body)
        };
        if let Some(fresh) = fresh {
            request.extensions_mut().insert(fresh);
        }
        if let Some(recent) = recent {
            request.extensions_mut().insert(recent);
        }
        attempt.set(Some(self.0.call(request)));
    }

    #[inline]
    fn poll(
        &self,
        attempt: Pin<&mut Self::Attempt>,
        _: &Parts,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Response<R>, S::Error>> {
        let attempt = attempt.as_pin_mut();
        attempt.expect("an attempt was begun").poll(cx)
    }
}

/// The request itself, and no copy of it.
fn give_away<B>(head: &mut Parts, body: ReplayBody<B>) -> Request<ReplayBody<B>> {
    let mut request = Request::new(body);
    *request.method_mut() = head.method.clone();
    *request.uri_mut() = mem::take(&mut head.uri);
    *request.version_mut() = head.version;
    *request.headers_mut() = mem::take(&mut head.headers);
    *request.extensions_mut() = mem::take(&mut head.extensions);
    request
}
