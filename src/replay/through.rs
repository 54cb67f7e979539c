//! A tower service as a carrier: it gets the whole request, with the token in its body and what it asks for in its extensions.

use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::body::ReplayBody;
use crate::carrier::{Carrier, Waybill, is_answer};
use crate::error::Error;

/// Carries requests through a service.
#[derive(Debug)]
pub(super) struct Through<S>(pub(super) S);

pin_project! {
    /// An attempt by a service.
    pub(super) struct ByService<F, R, E> {
        #[pin]
        future: Option<F>,
        ended: Option<Box<Result<Response<R>, E>>>,
    }
}

impl<F, R, E> Default for ByService<F, R, E> {
    #[inline]
    fn default() -> Self {
        Self {
            future: None,
            ended: None,
        }
    }
}

impl<S, B, R> Carrier<B> for Through<S>
where
    S: Service<Request<ReplayBody<B>>, Response = Response<R>>,
{
    type Body = R;
    type Error = S::Error;
    type Attempt = ByService<S::Future, R, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(cx)
    }

    #[inline]
    fn begin(
        &mut self,
        waybill: &mut Waybill,
        mut body: ReplayBody<B>,
        attempt: Pin<&mut Self::Attempt>,
    ) {
        if let Some(token) = waybill.token.take() {
            body.mark(token);
        }
        let (fresh, recent) = (waybill.fresh, waybill.recent);
        let mut request = Request::new(body);
        waybill.give_head(&mut request);
        if let Some(fresh) = fresh {
            request.extensions_mut().insert(fresh);
        }
        if let Some(recent) = recent {
            request.extensions_mut().insert(recent);
        }
        attempt.project().future.set(Some(self.0.call(request)));
    }

    #[inline]
    fn poll(
        &self,
        _: &mut Waybill,
        attempt: Pin<&mut Self::Attempt>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Response<R>, Error>> {
        let mut this = attempt.project();
        let future = this.future.as_mut().as_pin_mut();
        match future.expect("an attempt was begun").poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(response)) if is_answer(&response) => {
                this.future.set(None);
                Poll::Ready(Ok(response))
            }
            Poll::Ready(ended) => {
                this.future.set(None);
                *this.ended = Some(Box::new(ended));
                Poll::Pending
            }
        }
    }

    #[inline]
    fn ended(&self, attempt: Pin<&mut Self::Attempt>) -> Option<Result<Response<R>, S::Error>> {
        attempt.project().ended.take().map(|ended| *ended)
    }
}
