//! Responses that a client does not read: a write that makes no progress for a time fails, so that its connection ends.

use axum::{
    body::{Body, Bytes, HttpBody},
    http::Response,
};
use hyper::body::{Frame, SizeHint};
use std::{
    collections::HashMap,
    future::Future as _,
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep, sleep_until},
};

/// A stream whose writes fail if they make no progress for `within`.
#[derive(Debug)]
pub(super) struct Impatient<S> {
    stream: S,
    within: Duration,
    /// The timer of a write that waits for the client.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl<S> Impatient<S> {
    pub fn new(stream: S, within: Duration) -> Self {
        Self { stream, within, waiting: None }
    }

    /// The result of a write, or an error if it has waited for too long.
    fn judge<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waiting = None;
            return written;
        }
        let within = self.within;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(within)));
        ready!(waiting.as_mut().poll(cx));
        // A caller that polls again waits as long again.
        waiting.as_mut().reset(Instant::now() + within);
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the other side reads nothing")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Impatient<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Impatient<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.judge(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.judge(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.judge(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.judge(cx, shut)
    }
}

/// The responses of one connection of which the client has yet to take a part. Over HTTP/2, a response without a
/// flow-control window has no writes that could time out, while pings keep the connection alive.
#[derive(Debug, Clone, Default)]
pub(super) struct Untaken(Arc<Mutex<Offers>>);

#[derive(Debug, Default)]
struct Offers {
    next: u64,
    since: HashMap<u64, Instant>,
}

impl Untaken {
    /// The same response; its body is watched until it is taken.
    pub fn watch(&self, response: Response<Body>) -> Response<Body> {
        response.map(|body| {
            if body.is_end_stream() {
                return body;
            }
            let mut offers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            offers.next += 1;
            let id = offers.next;
            offers.since.insert(id, Instant::now());
            drop(offers);
            Body::new(Offered { body, id, untaken: self.clone() })
        })
    }

    /// Waits until a part of a response has been offered for this long without being taken.
    pub async fn waits(&self, within: Duration) {
        loop {
            let first = self.0.lock().unwrap_or_else(PoisonError::into_inner).since.values().min().copied();
            match first.map(|since| since + within) {
                Some(end) if end <= Instant::now() => return,
                Some(end) => sleep_until(end).await,
                None => sleep(within).await,
            }
        }
    }

    fn set(&self, id: u64, offered: bool) {
        let mut offers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if offered {
            offers.since.insert(id, Instant::now());
        } else {
            offers.since.remove(&id);
        }
    }
}

/// A body that records when a part of it was offered, and when the next part was asked for.
#[derive(Debug)]
struct Offered {
    body: Body,
    id: u64,
    untaken: Untaken,
}

impl HttpBody for Offered {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        // Time that the server needs to produce a part does not count. The last part counts as taken only once the body
        // is dropped.
        self.untaken.set(self.id, matches!(polled, Poll::Ready(Some(Ok(_)))));
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Offered {
    fn drop(&mut self) {
        self.untaken.set(self.id, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    #[tokio::test]
    async fn a_write_that_nobody_reads_fails_in_time_and_one_that_is_read_slowly_does_not() {
        let within = Duration::from_secs(1);
        let (ours, mut theirs) = duplex(8);
        let mut ours = Impatient::new(ours, within);
        let begun = Instant::now();
        let reading = tokio::spawn(async move {
            let mut taken = [0; 1];
            for _ in 0..24 {
                sleep(within / 16).await;
                theirs.read_exact(&mut taken).await.unwrap();
            }
            theirs
        });
        ours.write_all(&[1; 32]).await.unwrap();
        assert!(begun.elapsed() > within, "it was read a byte at a time");
        let _theirs = reading.await.unwrap();
        let stuck = Instant::now();
        let error = ours.write_all(&[1; 32]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(stuck.elapsed() >= within, "{:?}", stuck.elapsed());
    }

    #[tokio::test]
    async fn a_body_that_is_not_taken_is_noticed_and_one_that_we_are_slow_to_make_is_not() {
        let within = Duration::from_millis(200);
        let untaken = Untaken::default();
        let mut taken = untaken.watch(Response::new(Body::from("whole"))).into_body();
        let whole = std::future::poll_fn(|cx| Pin::new(&mut taken).poll_frame(cx)).await;
        assert!(whole.is_some());
        drop(taken);
        let slow = futures::stream::pending::<Result<Bytes, io::Error>>();
        let mut slow = untaken.watch(Response::new(Body::from_stream(slow))).into_body();
        let polled = std::future::poll_fn(|cx| Poll::Ready(Pin::new(&mut slow).poll_frame(cx).is_pending())).await;
        assert!(polled);
        assert!(tokio::time::timeout(within * 3, untaken.waits(within)).await.is_err(), "nothing is offered");
        let _never = untaken.watch(Response::new(Body::from("never asked for")));
        let begun = Instant::now();
        untaken.waits(within).await;
        assert!(begun.elapsed() >= within, "{:?}", begun.elapsed());
    }
}
