//! What keeps a value alive: the shortest path to it from a root.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use super::Heap;
use super::cell::{Bound, Class, Collection, Container, Function, Kind, Object, bits};
use super::event::slot_name;
use super::value::Value;

impl Heap {
    /// The shortest way along counted references from a root to `target`: the number of the root, and a step for each reference after it, as a script would write it
    /// (`.key`, `[3]`), or a word in parentheses. Of ways of one length, the one from the first root. `captured` names the variables that a closure
    /// captured. `None` if no root reaches it. O(live).
    pub fn path_to(
        &mut self,
        roots: &[Value],
        target: Value,
        captured: &dyn Fn(Value) -> Vec<String>,
    ) -> Option<(usize, Vec<String>)> {
        if let Some(root) = roots.iter().position(|root| *root == target) {
            return Some((root, Vec::new()));
        }
        // Where each container was reached from; a root from null.
        let mut from: FxHashMap<*mut Container, *mut Container> = FxHashMap::default();
        let mut queue: VecDeque<*mut Container> = VecDeque::new();
        for root in roots.iter().filter(|root| root.is_container()) {
            from.entry(root.container()).or_insert_with(|| {
                queue.push_back(root.container());
                std::ptr::null_mut()
            });
        }
        let mut last = None;
        while let Some(p) = queue.pop_front() {
            // SAFETY: roots are live, and so is what live containers refer to.
            unsafe {
                self.for_each_child(p, |_, child| {
                    if child == target {
                        last.get_or_insert(p);
                    }
                    if child.is_container() {
                        from.entry(child.container()).or_insert_with(|| {
                            queue.push_back(child.container());
                            p
                        });
                    }
                });
            }
            if last.is_some() {
                break;
            }
        }
        let (mut steps, mut child, mut p) = (Vec::new(), target, last?);
        while !p.is_null() {
            // SAFETY: as above.
            steps.extend(unsafe { self.step(p, child, captured) });
            child = Value::from_container(p);
            p = from[&p];
        }
        steps.reverse();
        let root = roots.iter().position(|root| *root == child)?;
        Some((root, steps))
    }

    /// The live containers that refer to a value, oldest first, what the first reference of each is called (see [`Heap::path_to`]), and how many it has. O(live).
    pub fn referrers(
        &mut self,
        target: Value,
        captured: &dyn Fn(Value) -> Vec<String>,
    ) -> Vec<(Value, Option<String>, usize)> {
        let mut found = Vec::new();
        for value in self.survivors() {
            let p = value.container();
            let mut times = 0;
            // SAFETY: a survivor is live, and so is what it refers to.
            unsafe {
                self.for_each_child(p, |_, child| times += usize::from(child == target));
                if times > 0 {
                    found.push((value, self.step(p, target, captured), times));
                }
            }
        }
        found
    }

    /// What the reference from a container to one of its children is called; `None` for the value of a captured variable, which goes by the variable's name.
    unsafe fn step(
        &mut self,
        p: *mut Container,
        child: Value,
        captured: &dyn Fn(Value) -> Vec<String>,
    ) -> Option<String> {
        let value = Value::from_container(p);
        // SAFETY: the caller's: `p` is live and whole.
        unsafe {
            if self.finalizer_function(p) == Some(child) {
                return Some("(finalizer)".to_string());
            }
            let mut inside = false;
            self.for_each_child_inside(p, |_, other| inside |= other == child);
            if !inside {
                return Some("(weak value)".to_string());
            }
            let word = match (*p).cell.kind {
                Kind::Variable => return None,
                Kind::Object => {
                    let shape = (*(p as *mut Object)).shape;
                    let slot = (0..(*shape).slots as usize).find(|slot| self.slot(value, *slot) == child);
                    match slot.and_then(|slot| (*shape).key_at(slot)) {
                        Some((key, _)) => return Some(slot_name(key.text())),
                        None => "(class)",
                    }
                }
                Kind::Array => match self.elements(value).iter().position(|element| *element == child) {
                    Some(index) => return Some(format!("[{index}]")),
                    None => "(properties)",
                },
                Kind::Map | Kind::Set => return Some(self.table_step(value, child)),
                Kind::Function => {
                    let function = p as *mut Function;
                    let variables =
                        std::slice::from_raw_parts(function.add(1) as *const Value, (*function).captures as usize);
                    match variables.iter().position(|variable| *variable == child) {
                        Some(index) => {
                            let name = captured(value).into_iter().nth(index).unwrap_or_default();
                            return Some(format!("(captured {name})"));
                        }
                        None if (*function).home == child => "(class)",
                        None => "(properties)",
                    }
                }
                Kind::Class => {
                    let (data, props) = ((*(p as *mut Class)).data, (*(p as *mut Class)).props);
                    let members = (*data).methods.iter().chain((*data).statics.iter());
                    match members.into_iter().find(|(_, member)| **member == child) {
                        Some((key, _)) => return Some(slot_name(key.text())),
                        None if (*data).parent == child => "(parent)",
                        None if props == child => "(properties)",
                        None => "(member)",
                    }
                }
                Kind::Bound => match (*(p as *mut Bound)).props == child {
                    true => "(properties)",
                    false => "(bound)",
                },
                Kind::Iterator => "(target)",
                _ => "(properties)",
            };
            Some(word.to_string())
        }
    }

    fn table_step(&self, table: Value, child: Value) -> String {
        debug_assert!(table.is(Kind::Map) || table.is(Kind::Set));
        // SAFETY: a live collection (I2).
        if unsafe { (*(table.container() as *mut Collection)).props } == child {
            return "(properties)".to_string();
        }
        for entry in self.table(table).iter() {
            if entry.key == child {
                return "(key)".to_string();
            }
            if entry.value == child {
                return match entry.key {
                    key if key.is_string() => format!(".get({:?})", self.text(key).as_str()),
                    key => match key.plain_number() {
                        Some(number) => format!(".get({number})"),
                        None => "(value)".to_string(),
                    },
                };
            }
        }
        "(value)".to_string()
    }

    /// Live containers that are not built in, oldest first. O(live).
    pub fn survivors(&self) -> Vec<Value> {
        let mut found: Vec<*mut Container> = (0..self.scopes.len()).flat_map(|level| self.list(level)).collect();
        found.extend(self.unlinked(0));
        // SAFETY: what is on a list or has an entry is live (I3, I4).
        found.retain(|p| unsafe { (**p).cell.bits & bits::BUILTIN == 0 });
        found.sort_by_key(|p| unsafe { (**p).id() });
        found.into_iter().map(Value::from_container).collect()
    }
}
