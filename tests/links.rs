//! Links to foreign counted objects, through the public interface: the cases that PyPy's rawrefcount has to get right, long chains, and random operations
//! against a model.

#[path = "links/cases.rs"]
mod cases;
#[path = "links/chains.rs"]
mod chains;
#[path = "links/finalizers.rs"]
mod finalizers;
#[path = "links/matrix.rs"]
mod matrix;
#[path = "links/model.rs"]
mod model;
#[path = "links/raw.rs"]
mod raw;
#[path = "links/typed.rs"]
mod typed;
