//! What is not a failing call: a row that cannot be read, a lock that is held, an answer that never ends, a text that is
//! longer or stranger than anybody thought of. After each, another person's access on the same cluster, one on another
//! cluster and one expiry go their way.
//!
//! [`columns`]: each column that a look reads, told by the database's catalog. [`locks`]: each row and lock that a look
//! waits for. [`answers`]: what API servers and AWS may answer. [`texts`]: what people and clusters may say.

mod answers;
mod columns;
mod locks;
mod scene;
mod texts;
