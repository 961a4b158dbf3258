//! Trouble other than a failing call: a row that cannot be read, a lock that is held, an answer that never ends, a text
//! that is longer or stranger than expected. After each, another person's access on the same cluster is set up and
//! expires, and so does one on another cluster.
//!
//! [`columns`]: each column that a look reads, as the database's catalog lists them. [`locks`]: each row and lock that
//! a look waits for. [`answers`]: what API servers and AWS may answer. [`texts`]: what people and clusters may say.

mod answers;
mod columns;
mod locks;
mod scene;
mod texts;
