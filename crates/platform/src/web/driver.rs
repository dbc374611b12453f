//! Runs a future on a tokio runtime that never parks, in slices of the event loop.
//!
//! DataFusion spawns on tokio, and a page must not block. So each [`drive`] owns a current-thread runtime and enters it
//! for a few milliseconds at a time. Inside, a *main* future polls the caller's future and ends the slice when its time
//! is up; between slices the event loop gets a turn.
//!
//! A runtime must also be left when it has nothing to do, or it would park, which a page cannot. tokio does not tell
//! when its queue runs empty while the main future keeps waking itself (to see the clock), so a *sentinel* task counts:
//! it always wakes itself, and the runtime polls the main future after every [`TASKS_A_ROUND`] tasks. If all of those
//! were the sentinel, nothing else is ready.
//!
//! An idle driver waits for a *kick*: every future over JavaScript ([`js`](super::js)) kicks when it is woken, and so
//! does the waker of the caller's future. Tasks that something foreign woke are found by a watchdog.

use std::cell::{Cell, RefCell};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures::future::select;
use futures::task::AtomicWaker;
use tokio::runtime::{Builder, Handle, Runtime};

use super::macrotask::macrotask;
use super::send_wrapper::SendWrapper;
use super::timer::Timer;
use crate::Instant;

/// How long a slice runs. Messages wait for the end of a slice, and want an answer within 50 ms; a turn of the event
/// loop costs some ten microseconds, so shorter ones would do as well.
const SLICE_TIME: Duration = Duration::from_millis(12);

/// How often an idle runtime is looked at for tasks that something foreign woke.
const WATCHDOG: Duration = Duration::from_millis(15);

/// How many tasks run before the main future looks at the clock. Small, since one poll of a task can take long.
const TASKS_A_ROUND: u32 = 4;

/// Ends slices where clocks stand still while code runs (workerd's defence against timing attacks): so many looks at a
/// clock that has not moved. Between two looks lies a batch, or next to nothing.
const LOOKS_A_SLICE: u32 = 512;

/// Runs a future, and all that it spawns on tokio, to its end, giving the event loop its turns.
///
/// When it returns or is dropped, tasks that are still running are cancelled. Inside another `drive` it just awaits.
pub async fn drive<F: Future>(future: F) -> F::Output {
    if Handle::try_current().is_ok() {
        return future.await;
    }
    let main = Arc::new(MainWaker {
        is_woken: AtomicBool::new(true),
        runtime: AtomicWaker::new(),
        kick: Arc::new(Kick::default()),
    });
    let Some(driver) = Driver::new(main) else {
        return future.await;
    };
    let mut future = pin!(future);
    loop {
        match driver.slice(future.as_mut()) {
            SliceEnd::Done(output) => return output,
            SliceEnd::TimeIsUp => macrotask().await,
            SliceEnd::Idle => driver.wait().await,
        }
    }
}

/// Whether the current slice has used up its time, so long work should wake itself and return `Pending`. Always false
/// outside of [`drive`].
pub fn slice_is_over() -> bool {
    SLICE.get().is_some_and(|slice| {
        let now = Instant::now();
        if now > slice.start {
            return now.duration_since(slice.start) >= SLICE_TIME;
        }
        let looks = slice.looks + 1;
        SLICE.set(Some(Slice { looks, ..slice }));
        looks >= LOOKS_A_SLICE
    })
}

/// Tells a slice of work like that of so many batches, which a clock that stands still would not show.
pub fn count_work(batches: u32) {
    if let Some(slice) = SLICE.get() {
        SLICE.set(Some(Slice { looks: slice.looks.saturating_add(batches), ..slice }));
    }
}

/// Makes every idle [`drive`] look at its tasks again: for code that wakes them from a callback of JavaScript.
pub fn kick_drivers() {
    // A copy, since waking runs code of others, which may start or end a driver.
    let kicks = DRIVERS.with_borrow(Clone::clone);
    kicks.iter().for_each(|kick| kick.kick());
}

pub(super) fn is_in_slice() -> bool {
    SLICE.get().is_some()
}

/// A stretch of work between two turns of the event loop.
#[derive(Clone, Copy)]
struct Slice {
    start: Instant,
    /// Looks at the clock that found it where it was at the start.
    looks: u32,
}

thread_local! {
    static SLICE: Cell<Option<Slice>> = const { Cell::new(None) };
    static DRIVERS: RefCell<Vec<Arc<Kick>>> = const { RefCell::new(Vec::new()) };
}

enum SliceEnd<T> {
    Done(T),
    TimeIsUp,
    Idle,
}

struct Driver {
    /// Only `None` while it is dropped.
    runtime: Option<Runtime>,
    main: Arc<MainWaker>,
    main_waker: Waker,
    sentinel_polls: Arc<AtomicU32>,
}

impl Driver {
    fn new(main: Arc<MainWaker>) -> Option<Self> {
        let main_waker = Waker::from(main.clone());
        let parking = main.clone();
        let runtime = Builder::new_current_thread()
            .event_interval(TASKS_A_ROUND)
            // Tasks woken between slices wait in the global queue: look there in every round.
            .global_queue_interval(TASKS_A_ROUND / 2)
            // Never reached while the sentinel is ready; if it ever is, the runtime must not block.
            .on_thread_park(move || parking.runtime.wake())
            .build()
            .ok()?;
        let sentinel_polls = Arc::new(AtomicU32::new(0));
        let polls = sentinel_polls.clone();
        runtime.spawn(std::future::poll_fn(move |cx| {
            polls.fetch_add(1, Relaxed);
            cx.waker().wake_by_ref();
            Poll::<()>::Pending
        }));
        DRIVERS.with_borrow_mut(|drivers| drivers.push(main.kick.clone()));
        Some(Self { runtime: Some(runtime), main, main_waker, sentinel_polls })
    }

    fn slice<F: Future>(&self, mut future: Pin<&mut F>) -> SliceEnd<F::Output> {
        let Some(runtime) = &self.runtime else {
            return SliceEnd::Idle;
        };
        let _clock = SliceClock::start();
        let mut cx = Context::from_waker(&self.main_waker);
        self.sentinel_polls.store(0, Relaxed);
        runtime.block_on(std::future::poll_fn(|runtime_cx| {
            self.main.runtime.register(runtime_cx.waker());
            let sentinel_polls = self.sentinel_polls.swap(0, Relaxed);
            if self.main.is_woken.swap(false, Relaxed) {
                if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
                    return Poll::Ready(SliceEnd::Done(output));
                }
            } else if sentinel_polls == TASKS_A_ROUND {
                // All that was woken inside this slice has run, so only later kicks count.
                self.main.kick.is_kicked.store(false, Relaxed);
                return Poll::Ready(SliceEnd::Idle);
            }
            if slice_is_over() {
                return Poll::Ready(SliceEnd::TimeIsUp);
            }
            runtime_cx.waker().wake_by_ref();
            Poll::Pending
        }))
    }

    /// Waits for a kick, or for the watchdog.
    async fn wait(&self) {
        let kicked = std::future::poll_fn(|cx| self.main.kick.poll(cx));
        select(kicked, SendWrapper::new(Timer::new(WATCHDOG))).await;
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        DRIVERS.with_borrow_mut(|drivers| drivers.retain(|kick| !Arc::ptr_eq(kick, &self.main.kick)));
        if let Some(runtime) = self.runtime.take() {
            // Cancels the tasks. A plain drop would wait for threads, which wasm must not.
            runtime.shutdown_background();
        }
    }
}

/// Sets the slice for [`slice_is_over`], and unsets it.
struct SliceClock;

impl SliceClock {
    fn start() -> Self {
        SLICE.set(Some(Slice { start: Instant::now(), looks: 0 }));
        Self
    }
}

impl Drop for SliceClock {
    fn drop(&mut self) {
        SLICE.set(None);
    }
}

/// Wakes the caller's future: inside a slice and, by a kick, between slices.
struct MainWaker {
    is_woken: AtomicBool,
    runtime: AtomicWaker,
    kick: Arc<Kick>,
}

impl Wake for MainWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_woken.store(true, Relaxed);
        self.runtime.wake();
        self.kick.kick();
    }
}

/// Ends the wait of an idle driver.
#[derive(Default)]
struct Kick {
    is_kicked: AtomicBool,
    waker: AtomicWaker,
}

impl Kick {
    fn kick(&self) {
        self.is_kicked.store(true, Relaxed);
        self.waker.wake();
    }

    fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.waker.register(cx.waker());
        match self.is_kicked.swap(false, Relaxed) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}
