//! The verifier's part: L.

use rustc_hash::FxHashMap;

use super::{Heap, Link, LinkKind};
use crate::heap::cell::{Container, bits, more};

/// By kind and age.
fn place_of(link: &Link) -> (usize, usize, usize) {
    (link.kind as usize, link.age as usize, link.place)
}

impl Heap {
    /// Checks L over all live containers. Errors: a sentence.
    pub(in crate::heap) fn verify_links(&self, containers: &[*mut Container]) -> Result<(), String> {
        let mut found = 0;
        let mut linked: FxHashMap<u32, u32> = FxHashMap::default();
        for &p in containers {
            // SAFETY: the containers are live; a link's counts keep its object.
            unsafe {
                let (id, flags) = ((*p).id(), (*p).cell.more & more::LINKS);
                let expected = match self.links.of.get(&p).map(|link| link.kind) {
                    None => 0,
                    Some(LinkKind::Value) => more::VALUE_LINK,
                    Some(LinkKind::Foreign) => more::FOREIGN_LINK,
                };
                if flags != expected {
                    return Err(format!("L: #{id} is marked wrongly as linked"));
                }
                let Some(link) = self.links.of.get(&p) else { continue };
                found += 1;
                let (kind, age, place) = place_of(link);
                if self.links.lists[kind][age].get(place) != Some(&p) {
                    return Err(format!("L: #{id} is not in its place in the list of its links"));
                }
                if link.object.as_ref().link() != p as usize {
                    return Err(format!("L: the object f{} does not point back to #{id}", link.number));
                }
                let count = link.object.as_ref().refcount();
                if count < link.weight.share() {
                    return Err(format!("L: the object f{} has only {count} counts", link.number));
                }
                if (*p).cell.bits & bits::BUILTIN != 0 {
                    return Err(format!("L: #{id} is built in and linked"));
                }
                if link.held && (link.kind == LinkKind::Foreign || (*p).level() != 1) {
                    return Err(format!("L: #{id} of level {} is held by f{}", (*p).level(), link.number));
                }
                if link.kind == LinkKind::Value {
                    *linked.entry((*p).level()).or_default() += 1;
                }
            }
        }
        let listed: usize = self.links.lists.iter().flatten().map(Vec::len).sum();
        if (found, found) != (self.links.of.len(), listed) {
            return Err("L: a dead container is still linked".to_string());
        }
        for (level, scope) in self.scopes.iter().enumerate() {
            let found = linked.get(&(level as u32)).copied().unwrap_or(0);
            if scope.linked != found {
                return Err(format!("L: level {level} says {} value-links and has {found}", scope.linked));
            }
        }
        Ok(())
    }
}
