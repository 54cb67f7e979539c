//! Bodies of unknown length, for the rows that are played with them.

use std::sync::Arc;

use bytes::Bytes;

use super::play::Stage;
use crate::client::{Body, stream};
use crate::kernel;

/// A chunked body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upload {
    /// Ten bytes; the second five only when another connection is opened.
    Halves,
    /// 1 MiB, sixteen times what the default policy keeps.
    Large,
}

pub const FRAME: usize = 16 * 1024;
pub const FRAMES: usize = 64;

impl Upload {
    pub fn begin(self, stage: &Stage) -> Body {
        let (sender, body) = stream();
        match self {
            Self::Halves => {
                let peer = Arc::clone(&stage.peer);
                let connections = peer.connections();
                tokio::spawn(async move {
                    // The receiver is gone if the request is over: then nobody wants the rest.
                    let _ = sender.send(Bytes::from_static(b"hello"));
                    let another = || peer.connections() > connections;
                    kernel::until("a replay, or the end of the runtime", another).await;
                    let _ = sender.send(Bytes::from_static(b"world"));
                });
            }
            Self::Large => {
                for _ in 0..FRAMES {
                    sender.send(Bytes::from_static(&[b'x'; FRAME])).unwrap();
                }
            }
        }
        body
    }

    pub fn bytes(self) -> Vec<u8> {
        match self {
            Self::Halves => b"helloworld".to_vec(),
            Self::Large => vec![b'x'; FRAME * FRAMES],
        }
    }
}
