//! Owns what an author does at a desk: a new project, its module, and trying it while it is written. It
//! must not know how modules are run.

mod build;
mod create;
mod develop;
mod manifest;

pub use self::build::build;
pub use self::create::create;
pub use self::develop::develop;
