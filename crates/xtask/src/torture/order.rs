//! Whether versions of a table are the statements of several writers, one after the other.

use std::collections::BTreeSet;

use super::model::{Change, Rows};

/// What a writer was given, and how far it came.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) changes: Vec<Change>,
    /// The first so many were acknowledged.
    pub(super) acknowledged: usize,
    /// It was killed, so that the next one may have been done as well.
    pub(super) was_killed: bool,
}

/// Finds an order: each version is the one before it after the next statement of one of the writers; each writer's
/// statements are there in their order, those that were acknowledged all, of one that was killed one more at most. A
/// statement that changes nothing may have a version or none.
///
/// Gives how many statements were done that nobody acknowledged, or `None` where there is no such order.
pub(super) fn find_order(versions: &[Rows], writers: &[Done]) -> Option<usize> {
    let start = Place { version: 0, done: vec![0; writers.len()] };
    let mut waiting = vec![start];
    let mut seen = BTreeSet::new();
    while let Some(place) = waiting.pop() {
        if !seen.insert(place.clone()) {
            continue;
        }
        let is_last = place.version + 1 == versions.len();
        if is_last && place.done.iter().zip(writers).all(|(done, writer)| *done >= writer.acknowledged) {
            return Some(
                place.done.iter().zip(writers).map(|(done, writer)| done - writer.acknowledged).sum(),
            );
        }
        for (number, writer) in writers.iter().enumerate() {
            waiting.extend(steps(&place, number, writer, versions));
        }
    }
    None
}

/// How far versions and writers are explained.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    version: usize,
    done: Vec<usize>,
}

/// What can be reached by the next statement of one writer.
fn steps(place: &Place, number: usize, writer: &Done, versions: &[Rows]) -> Vec<Place> {
    let Some(done) = place.done.get(number).copied() else { return Vec::new() };
    let (Some(change), Some(before)) = (writer.changes.get(done), versions.get(place.version)) else {
        return Vec::new();
    };
    if done >= writer.acknowledged + usize::from(writer.was_killed) {
        return Vec::new();
    }
    let mut after = before.clone();
    change.apply(&mut after);
    let mut next = place.clone();
    if let Some(done) = next.done.get_mut(number) {
        *done += 1;
    }
    let mut steps = Vec::new();
    if versions.get(place.version + 1) == Some(&after) {
        steps.push(Place { version: place.version + 1, ..next.clone() });
    }
    if after == *before {
        steps.push(next);
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(changes: &[Change], acknowledged: usize, was_killed: bool) -> Done {
        Done { changes: changes.to_vec(), acknowledged, was_killed }
    }

    /// The rows after each of these, from nothing on.
    fn versions(changes: &[Change]) -> Vec<Rows> {
        let mut all = vec![Rows::new()];
        for change in changes {
            let mut rows = all.last().cloned().unwrap_or_default();
            change.apply(&mut rows);
            all.push(rows);
        }
        all
    }

    #[test]
    fn an_order_is_found_if_there_is_one() {
        let (one, two, three) =
            (Change::Insert { batch: 1 }, Change::Insert { batch: 2 }, Change::Insert { batch: 3 });
        let update = Change::Update { batch: 2 };
        let both =
            || [done(&[one.clone(), update.clone()], 2, false), done(std::slice::from_ref(&two), 1, false)];
        let check = |changes: &[&Change], writers: &[Done], expect: Option<usize>| {
            let changes: Vec<Change> = changes.iter().map(|change| (*change).clone()).collect();
            assert_eq!(find_order(&versions(&changes), writers), expect, "{changes:?}");
        };
        check(&[&one, &two, &update], &both(), Some(0));
        check(&[&two, &one, &update], &both(), Some(0));
        // The update came first and changed nothing, with a version of its own or without one.
        check(&[&one, &two], &both(), Some(0));
        check(&[&one, &update, &two], &both(), Some(0));
        // Lost, done twice, done by nobody.
        check(&[&one], &both(), None);
        check(&[&one, &two, &update, &update], &both(), None);
        check(&[&one, &two, &three], &both(), None);
        // A writer's own statements have an order.
        check(&[&two, &update, &one], &both(), None);
        // What was on its way at the kill.
        let killed = |was_killed| {
            [done(&[one.clone(), three.clone()], 1, was_killed), done(std::slice::from_ref(&two), 1, false)]
        };
        check(&[&two, &one], &killed(true), Some(0));
        check(&[&one, &three, &two], &killed(true), Some(1));
        check(&[&one, &three, &two], &killed(false), None);
    }
}
