//! Several tests at once, reported in order.

use std::collections::BTreeMap;
use std::io;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use crate::cli::STACK;

/// Does `work` for every item on at most `jobs` threads, and hands the results to `each` in the order of the items, as soon
/// as those before are there. When `each` breaks off, items that nobody has begun are left.
///
/// # Errors
/// The system has no thread for it.
pub fn in_order<T: Sync, R: Send>(
    items: &[T],
    jobs: usize,
    work: impl Fn(&T) -> R + Sync,
    mut each: impl FnMut(&T, R) -> ControlFlow<()>,
) -> io::Result<()> {
    let (next, stopped) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for number in 0..jobs.clamp(1, items.len().max(1)) {
            let (sender, work, next, stopped) = (sender.clone(), &work, &next, &stopped);
            let worker = move || {
                while !stopped.load(Ordering::Relaxed) {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { break };
                    if sender.send((index, work(item))).is_err() {
                        break;
                    }
                }
            };
            match thread::Builder::new().stack_size(STACK).spawn_scoped(scope, worker) {
                // Fewer than asked for do as well.
                Err(_) if number > 0 => break,
                started => started?,
            };
        }
        drop(sender);
        let (mut waiting, mut reported) = (BTreeMap::new(), 0);
        for (index, result) in &receiver {
            waiting.insert(index, result);
            while let Some(result) = waiting.remove(&reported) {
                if each(&items[reported], result).is_break() {
                    stopped.store(true, Ordering::Relaxed);
                    return Ok(());
                }
                reported += 1;
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order() {
        let items: Vec<usize> = (0..200).collect();
        for jobs in [1, 7, 1000] {
            let mut seen = Vec::new();
            let slow = |item: &usize| {
                thread::sleep(std::time::Duration::from_micros((item * 7919) as u64 % 300));
                item * 2
            };
            let done = in_order(&items, jobs, slow, |item, result| {
                seen.push((*item, result));
                ControlFlow::Continue(())
            });
            assert!(done.is_ok());
            assert_eq!(seen, items.iter().map(|item| (*item, item * 2)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn breaking_off_ends_at_once() {
        let items: Vec<usize> = (0..10_000).collect();
        let begun = AtomicUsize::new(0);
        let work = |_: &usize| {
            begun.fetch_add(1, Ordering::Relaxed);
            thread::sleep(std::time::Duration::from_millis(1));
        };
        let mut seen = 0;
        let done = in_order(&items, 4, work, |item, ()| {
            seen += 1;
            if *item == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert!(done.is_ok() && seen == 3);
        assert!(begun.load(Ordering::Relaxed) < items.len());
        assert!(in_order(&[0; 0], 4, |_| (), |_, ()| ControlFlow::Break(())).is_ok());
    }
}
