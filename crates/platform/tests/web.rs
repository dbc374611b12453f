//! The home in wasm, in a dedicated worker of a real browser.
#![cfg(target_arch = "wasm32")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests: what fails shall panic"
)]

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::{Either, join, select};
use tarn_platform::http::{FetchError, collect, send};
use tarn_platform::{
    Instant, drive, macrotask, random_u64, sleep, slice_is_over, spawn, unix_millis, yield_now,
};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// Spins for some time without yielding, as a heavy poll of a query does.
fn burn(duration: Duration) {
    let start = Instant::now();
    while start.elapsed() < duration {}
}

#[wasm_bindgen_test]
async fn spawned_tasks_run_and_spawn_more() {
    let sum = drive(async {
        let mut tasks = JoinSet::new();
        for number in 0..100_u64 {
            tasks.spawn(async move {
                let inner = tokio::task::spawn(async move {
                    tokio::task::yield_now().await;
                    number
                });
                inner.await.unwrap() + 1
            });
        }
        let mut sum = 0;
        while let Some(result) = tasks.join_next().await {
            sum += result.unwrap();
        }
        sum
    })
    .await;
    assert_eq!(sum, 99 * 100 / 2 + 100);
}

#[wasm_bindgen_test]
async fn tasks_talk_through_bounded_channels() {
    let received = drive(async {
        let (sender, mut middle) = mpsc::channel::<u32>(1);
        let (forward, mut last) = mpsc::channel::<u32>(1);
        tokio::task::spawn(async move {
            for number in 0..10_000 {
                sender.send(number).await.unwrap();
            }
        });
        tokio::task::spawn(async move {
            while let Some(number) = middle.recv().await {
                forward.send(number).await.unwrap();
            }
        });
        let mut received = 0;
        while last.recv().await.is_some() {
            received += 1;
        }
        received
    })
    .await;
    assert_eq!(received, 10_000);
}

/// How often a timer of no delay fires while `work` is driven.
async fn turns(work: impl Future<Output = ()>) -> u32 {
    let is_done = Rc::new(Cell::new(false));
    let turns = Rc::new(Cell::new(0));
    let (done, counted) = (is_done.clone(), turns.clone());
    wasm_bindgen_futures::spawn_local(async move {
        while !done.get() {
            // Not `sleep`, which would kick the driver.
            gap_timer().await;
            counted.set(counted.get() + 1);
        }
    });
    macrotask().await;
    drive(work).await;
    is_done.set(true);
    turns.get()
}

async fn gap_timer() {
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        let set_timeout: js_sys::Function =
            js_sys::Reflect::get(&js_sys::global(), &"setTimeout".into()).unwrap().into();
        set_timeout.call2(&js_sys::global(), &resolve, &0.into()).unwrap();
    });
    wasm_bindgen_futures::JsFuture::from(promise).await.unwrap();
}

#[wasm_bindgen_test]
async fn timers_fire_while_many_tasks_are_busy() {
    let turns = turns(async {
        let mut tasks = JoinSet::new();
        for _ in 0..8 {
            tasks.spawn(async {
                for _ in 0..200 {
                    burn(Duration::from_micros(500));
                    if slice_is_over() {
                        yield_now().await;
                    }
                }
            });
        }
        while tasks.join_next().await.is_some() {}
    })
    .await;
    // 800 ms of work are 66 slices; a busy machine gives the timer fewer turns, but never next to none.
    assert!(turns >= 16, "{turns} turns");
}

#[wasm_bindgen_test]
async fn timers_fire_while_the_main_future_is_busy() {
    let turns = turns(async {
        for _ in 0..600 {
            burn(Duration::from_micros(500));
            if slice_is_over() {
                yield_now().await;
            }
        }
    })
    .await;
    assert!(turns >= 6, "{turns} turns");
}

#[wasm_bindgen_test]
async fn timers_fire_while_two_tasks_chat_without_looking_at_the_clock() {
    let turns = turns(async {
        let (sender, mut receiver) = mpsc::channel::<u32>(1);
        let writer = tokio::task::spawn(async move {
            for number in 0..3000 {
                burn(Duration::from_micros(100));
                sender.send(number).await.unwrap();
            }
        });
        tokio::task::spawn(async move { while receiver.recv().await.is_some() {} });
        writer.await.unwrap();
    })
    .await;
    assert!(turns >= 6, "{turns} turns");
}

#[wasm_bindgen_test]
async fn sleeping_inside_wakes_spawned_tasks_soon() {
    let start = Instant::now();
    drive(async {
        tokio::task::spawn(async {
            for _ in 0..20 {
                sleep(Duration::from_millis(2)).await;
            }
        })
        .await
        .unwrap();
    })
    .await;
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(40), "{took:?}");
    // The watchdog alone would need 20 × 15 ms.
    assert!(took < Duration::from_millis(250), "{took:?}");
}

#[wasm_bindgen_test]
async fn a_wake_from_foreign_code_is_found() {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    wasm_bindgen_futures::spawn_local(async move {
        gap_timer().await;
        gap_timer().await;
        sender.send(7).unwrap();
    });
    let got = drive(async { tokio::task::spawn(receiver).await.unwrap().unwrap() }).await;
    assert_eq!(got, 7);
}

#[wasm_bindgen_test]
async fn spawn_reaches_tasks_of_a_driver() {
    let (sender, mut receiver) = mpsc::channel(1);
    spawn(async move {
        for number in 0..10 {
            macrotask().await;
            sender.send(number).await.unwrap();
        }
    });
    let sum = drive(async move {
        tokio::task::spawn(async move {
            let mut sum = 0;
            while let Some(number) = receiver.recv().await {
                sum += number;
            }
            sum
        })
        .await
        .unwrap()
    })
    .await;
    assert_eq!(sum, 45);
}

#[wasm_bindgen_test]
async fn dropping_cancels_what_was_spawned() {
    struct OnDrop(mpsc::UnboundedSender<&'static str>);
    impl Drop for OnDrop {
        fn drop(&mut self) {
            self.0.send("dropped").unwrap();
        }
    }
    let (events, mut seen) = mpsc::unbounded_channel();
    let guard = OnDrop(events.clone());
    let endless = drive(async move {
        tokio::task::spawn(async move {
            let _guard = guard;
            events.send("started").unwrap();
            loop {
                sleep(Duration::from_millis(1)).await;
            }
        });
        std::future::pending::<()>().await;
    });
    let endless = Box::pin(endless);
    let Either::Right(((), endless)) = select(endless, Box::pin(sleep(Duration::from_millis(30)))).await
    else {
        panic!("what never ends has ended");
    };
    assert_eq!(seen.try_recv(), Ok("started"));
    assert!(seen.try_recv().is_err());
    drop(endless);
    assert_eq!(seen.try_recv(), Ok("dropped"));
}

#[wasm_bindgen_test]
async fn two_drives_take_turns() {
    let log = Rc::new(RefCell::new(Vec::new()));
    let work = |name: &'static str| {
        let log = log.clone();
        drive(async move {
            for _ in 0..10 {
                burn(Duration::from_millis(5));
                log.borrow_mut().push(name);
                yield_now().await;
            }
        })
    };
    join(work("a"), work("b")).await;
    let log = log.borrow().join("");
    assert_eq!(log.len(), 20);
    assert!(!log.contains("aaaaaa") && !log.contains("bbbbbb"), "{log}");
}

#[wasm_bindgen_test]
async fn a_drive_inside_a_drive_just_awaits() {
    let answer = drive(async {
        let spawned = tokio::task::spawn(drive(async { 1 }));
        drive(async { 41 }).await + spawned.await.unwrap()
    })
    .await;
    assert_eq!(answer, 42);
}

#[wasm_bindgen_test]
async fn an_idle_drive_does_not_spin() {
    let polls = Rc::new(Cell::new(0));
    let counted = polls.clone();
    let idle = drive(async move {
        let mut sleep = std::pin::pin!(sleep(Duration::from_millis(200)));
        std::future::poll_fn(|cx| {
            counted.set(counted.get() + 1);
            sleep.as_mut().poll(cx)
        })
        .await;
    });
    idle.await;
    assert!(polls.get() <= 3, "polled {} times", polls.get());
}

#[wasm_bindgen_test]
fn clock_and_randomness() {
    assert!(!slice_is_over());
    assert!(unix_millis() > 1_700_000_000_000);
    assert_ne!(random_u64(), random_u64());
}

async fn get(url: &str) -> Result<(u16, Bytes), FetchError> {
    let response = send(http::Request::get(url).body(Bytes::new()).unwrap()).await?;
    Ok((response.status().as_u16(), collect(response.into_body()).await?))
}

fn origin() -> String {
    let location = js_sys::Reflect::get(&js_sys::global(), &"location".into()).unwrap();
    js_sys::Reflect::get(&location, &"origin".into()).unwrap().as_string().unwrap()
}

#[wasm_bindgen_test]
async fn http_reads_from_its_own_origin_inside_spawned_tasks() {
    let url = format!("{}/", origin());
    let (status, bytes) =
        drive(async { tokio::task::spawn(async move { get(&url).await }).await.unwrap() }).await.unwrap();
    assert_eq!(status, 200);
    assert!(String::from_utf8_lossy(&bytes).contains("<html"), "{bytes:?}");
    let (status, _) = get(&format!("{}/no-such-file", origin())).await.unwrap();
    assert_eq!(status, 404);
}

#[wasm_bindgen_test]
async fn http_names_the_host_that_is_blocked() {
    let error = get("http://127.0.0.1:9/file?secret=hunter2").await.unwrap_err();
    assert!(matches!(error, FetchError::Blocked { .. }), "{error:?}");
    let message = error.to_string();
    assert!(
        message.contains("127.0.0.1:9") && message.contains("CORS") && !message.contains("hunter2"),
        "{message}"
    );
    assert!(!error.is_retryable());
}

#[wasm_bindgen_test]
async fn dropping_a_body_midway_is_fine() {
    let response = send(http::Request::get(origin()).body(Bytes::new()).unwrap()).await.unwrap();
    drop(response);
    macrotask().await;
}
