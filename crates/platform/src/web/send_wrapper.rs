//! The one wrapper that makes what belongs to JavaScript `Send`, and futures over it wake the drivers.

use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use futures::Stream;

use super::driver::kick_drivers;

#[cfg(target_feature = "atomics")]
compile_error!("SendWrapper is sound only while wasm has one thread: this build has atomics");

/// Makes a value of JavaScript, or a future that holds one, `Send` and `Sync`.
///
/// `object_store` and DataFusion ask for `Send` everywhere, and nothing that touches JavaScript is. In wasm without
/// atomics there is only one thread, so nothing can ever be sent to another.
#[derive(Debug)]
pub struct SendWrapper<T>(T);

#[expect(unsafe_code, reason = "JavaScript's values must pass through traits that ask for Send")]
// SAFETY: a wasm program without atomics has exactly one thread (each Web Worker has an instance and a memory of its
// own), so a value can never be reached from a second one. With atomics this file does not compile.
unsafe impl<T> Send for SendWrapper<T> {}

#[expect(unsafe_code, reason = "JavaScript's values must pass through traits that ask for Sync")]
// SAFETY: as for Send above: there is no second thread that could share the value.
unsafe impl<T> Sync for SendWrapper<T> {}

impl<T> SendWrapper<T> {
    /// Wraps a value.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// Gives the value back.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for SendWrapper<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for SendWrapper<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<F: Future> Future for SendWrapper<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        project(self).poll(cx)
    }
}

/// Makes a future over JavaScript fit for [`drive`](super::drive): `Send`, and every driver hears when it is woken.
///
/// A promise wakes its future outside of any runtime, and a tokio task that is woken there lies in a queue until its
/// runtime happens to run again. Every future of this workspace that waits for JavaScript goes through here. The
/// whole use of JavaScript's values belongs inside, so that none of them lives across an await outside:
/// `js(async { … }).await`.
pub fn js<F: Future>(future: F) -> Js<SendWrapper<F>> {
    Js { inner: Box::pin(SendWrapper::new(future)), wakers: None }
}

/// The same for a stream.
pub(crate) fn js_stream<S: Stream>(stream: S) -> Js<SendWrapper<S>> {
    Js { inner: Box::pin(SendWrapper::new(stream)), wakers: None }
}

/// What [`js`] returns.
pub struct Js<W> {
    inner: Pin<Box<W>>,
    wakers: Option<(Waker, Waker)>,
}

impl<W> Js<W> {
    /// The waker to poll with; remembered, since one future is mostly polled with the same waker again.
    fn waker(&mut self, cx: &Context<'_>) -> Waker {
        match &self.wakers {
            Some((theirs, ours)) if theirs.will_wake(cx.waker()) => ours.clone(),
            _ => {
                let ours = Waker::from(Arc::new(KickingWaker(cx.waker().clone())));
                self.wakers = Some((cx.waker().clone(), ours.clone()));
                ours
            }
        }
    }
}

impl<F: Future> Future for Js<SendWrapper<F>> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let waker = self.waker(cx);
        project(self.inner.as_mut()).poll(&mut Context::from_waker(&waker))
    }
}

impl<S: Stream> Stream for Js<SendWrapper<S>> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let waker = self.waker(cx);
        project(self.inner.as_mut()).poll_next(&mut Context::from_waker(&waker))
    }
}

#[expect(unsafe_code, reason = "a pin cannot be projected into a wrapper without it")]
fn project<T>(wrapper: Pin<&mut SendWrapper<T>>) -> Pin<&mut T> {
    // SAFETY: the only field is structurally pinned: it is not moved out of a pinned wrapper (`into_inner` takes the
    // wrapper by value, `deref_mut` needs an unpinned one), and the wrapper implements neither Drop nor Unpin by hand.
    unsafe { wrapper.map_unchecked_mut(|wrapper| &mut wrapper.0) }
}

struct KickingWaker(Waker);

impl Wake for KickingWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.wake_by_ref();
        kick_drivers();
    }
}
