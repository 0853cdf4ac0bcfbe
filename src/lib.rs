//! Probate: JSON that runs, on a heap whose memory is owned by scopes, deterministic and visible.

#[cfg(feature = "capi")]
pub mod capi;
#[cfg(feature = "cli")]
pub mod cli;
pub mod compile;
pub mod embed;
pub mod events;
pub mod heap;
pub mod stdlib;
pub mod syntax;
pub mod vm;

/// The blocks of docs/embedding.md, which run as tests.
#[cfg(doctest)]
#[doc = include_str!("../docs/embedding.md")]
pub struct EmbeddingGuide;
