//! A set that mostly has one member, and can have a great many.

use std::hash::Hash;

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;
use smallvec::SmallVec;

/// So many members are looked through one by one.
const FEW: usize = 8;

/// The members are in the order of insertion, as far as none was removed.
pub(super) enum Crowd<T> {
    Few(SmallVec<[T; 1]>),
    Many(IndexSet<T, FxBuildHasher>),
}

impl<T> Default for Crowd<T> {
    fn default() -> Self {
        Crowd::Few(SmallVec::new())
    }
}

impl<T: Copy + Eq + Hash> Crowd<T> {
    pub(super) fn len(&self) -> usize {
        match self {
            Crowd::Few(members) => members.len(),
            Crowd::Many(members) => members.len(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn contains(&self, member: T) -> bool {
        match self {
            Crowd::Few(members) => members.contains(&member),
            Crowd::Many(members) => members.contains(&member),
        }
    }

    /// Adds one that is not there. O(1).
    pub(super) fn insert(&mut self, member: T) {
        match self {
            Crowd::Few(members) if members.len() < FEW => members.push(member),
            Crowd::Few(members) => {
                let mut many: IndexSet<T, FxBuildHasher> = members.drain(..).collect();
                many.insert(member);
                *self = Crowd::Many(many);
            }
            Crowd::Many(members) => drop(members.insert(member)),
        }
    }

    /// Removes one; the last takes its place. O(1).
    pub(super) fn remove(&mut self, member: T) {
        match self {
            Crowd::Few(members) => {
                if let Some(index) = members.iter().position(|other| *other == member) {
                    members.swap_remove(index);
                }
            }
            Crowd::Many(members) => drop(members.swap_remove(&member)),
        }
    }

    pub(super) fn get(&self, index: usize) -> Option<T> {
        match self {
            Crowd::Few(members) => members.get(index).copied(),
            Crowd::Many(members) => members.get_index(index).copied(),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = T> {
        (0..self.len()).filter_map(|index| self.get(index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_behave_alike() {
        for count in [1, FEW, FEW + 1, 100] {
            let mut crowd = Crowd::default();
            (0..count).for_each(|n| crowd.insert(n));
            assert_eq!(crowd.iter().collect::<Vec<_>>(), (0..count).collect::<Vec<_>>());
            crowd.remove(0);
            crowd.remove(count);
            assert!(!crowd.contains(0) && crowd.len() == count - 1);
            assert_eq!(crowd.get(0), (count > 1).then(|| count - 1));
            (0..count).for_each(|n| crowd.remove(n));
            assert!(crowd.is_empty());
        }
    }
}
